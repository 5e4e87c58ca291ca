#include "tests/api/scrape.hpp"
#include "tests/api/watch_lines.hpp"
#include "tests/gateway/edge_lab.hpp"

#include <sys/resource.h>

using namespace troupe;
using namespace troupe::test;

namespace {

// Fewer than a server has that nobody configured, so that one process can fill them and go beyond.
constexpr std::size_t most_streams = 512;
constexpr std::size_t most_connections = 1024;

/// So many connections as this process may have open, three thousand at most.
std::size_t as_many_as_possible() {
  constexpr rlim_t wanted = 4096;
  rlimit files{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &files) == 0);
  if (files.rlim_cur < wanted) {
    files.rlim_cur = std::min(files.rlim_max, wanted);
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &files) == 0);
  }
  return std::min<std::size_t>(3000, files.rlim_cur - 500);
}

/// A client like any other, on a connection that it has had all the time.
class regular {
public:
  explicit regular(api_lab const& lab)
      : c_(static_cast<std::uint16_t>(lab.port())),
        headers_("Authorization: Bearer " + lab.token() + "\r\n") {
    ask();
  }
  void ask() { expect(200, edge_lab::get("/api/projects", headers_)); }
  /// Changes something, of which every watcher is told. Nothing new is made: that would stay.
  void work() {
    auto const body = R"({"test_command":"true )" + std::to_string(++worked_) + "\"}";
    auto request = edge_lab::post("/api/projects/duration", body, headers_);
    expect(200, request.replace(0, 4, "PATCH"));
  }
  [[nodiscard]] std::chrono::milliseconds slowest() const { return slowest_; }

private:
  void expect(int status, std::string const& request) {
    auto const begin = std::chrono::steady_clock::now();
    REQUIRE(c_.send(request));
    CHECK(c_.answer().status == status);
    slowest_ = std::max(slowest_, std::chrono::duration_cast<std::chrono::milliseconds>(
                                      std::chrono::steady_clock::now() - begin));
  }
  raw_connection c_;
  std::string const headers_;
  int worked_ = 0;
  std::chrono::milliseconds slowest_{};
};

/// Half of them want a stream and never read a byte, half never say what they want.
struct crowd {
  std::vector<std::unique_ptr<raw_connection>> readers;
  std::vector<std::unique_ptr<raw_connection>> mutes;

  crowd(api_lab const& lab, std::size_t size, regular& other) {
    auto const port = static_cast<std::uint16_t>(lab.port());
    auto const token = "Authorization: Bearer " + lab.token() + "\r\n";
    std::string const live = "/api/watch?rate=10000&limit=1000000&contents=true";
    std::string const upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                                "Sec-WebSocket-Version: 13\r\n"
                                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    std::array const wishes{edge_lab::get(live, token + upgrade), edge_lab::get(live, token),
                            edge_lab::get("/api/stream", token)};
    auto const half = wishes[1].substr(0, wishes[1].size() / 2);
    for (std::size_t i = 0; i < size; ++i) {
      bool const reads = i < size / 2;
      auto& to = reads ? readers : mutes;
      to.push_back(std::make_unique<raw_connection>(port, 2048));
      // What is closed at once, because there is no place, cannot be sent to.
      if (reads)
        (void)to.back()->send(wishes[i % wishes.size()]);
      else if (i % 2 == 0)
        (void)to.back()->send(half);
      if (i % 100 == 0)
        other.ask();
    }
  }
  /// How many of those that wanted a stream were given one; the others were told that they are too
  /// many, or there was not even room for that.
  [[nodiscard]] std::size_t served() {
    std::size_t in = 0;
    for (auto& c : readers) {
      auto const status = c->read_until("\r\n") ? c->pending().substr(9, 3) : std::string{};
      // A WebSocket is told on it that there is no place for it, else what was worked.
      bool const told = status == "101" && c->read_until("\"type\":");
      bool const turned_away = told && c->pending().find("\"closed\"") != std::string::npos;
      bool const is_in = status == "200" || (status == "101" && !turned_away);
      INFO(status);
      CHECK((is_in || turned_away || status == "429" || status == "503" || status.empty()));
      in += is_in ? 1 : 0;
    }
    return in;
  }
};

std::size_t watches_in_ledger(api_lab const& lab) {
  std::size_t n = 0;
  auto const tokens = lab.get("/api/tokens?limit=500");
  for (auto const& t : tokens.json.at("items").as_array())
    if (auto const* all = t.as_object().if_contains("watches"))
      n += all->as_array().size();
  return n;
}

/// The server's numbers, once it has so many connections: that of the regular client and the one of
/// this question are among them. While there is no place it is turned away, as everybody is.
scrape once_there_are(api_lab const& lab, std::size_t connections) {
  std::optional<scrape> out;
  REQUIRE(eventually([&] {
    try {
      out.emplace(scraped(lab));
    } catch (std::runtime_error const&) {
      return false;
    }
    return out->value("troupe_http_connections") == connections;
  }));
  return std::move(*out);
}

} // namespace

TEST_CASE("half-open: thousands of connections are bounded and refused, and leave nothing behind",
          "[api]") {
  auto const size = as_many_as_possible();
  api_lab lab{{"--set", "server.header_deadline_ms=3000", "--set",
               "server.max_streams=" + std::to_string(most_streams), "--set",
               "server.max_connections=" + std::to_string(most_connections)}};
  lab.project();
  regular other{lab};
  auto const open_files = [](scrape const& s) { return s.value("process_open_fds").value(); };
  auto const at_rest = open_files(scraped(lab));
  constexpr int rounds = 8;
  std::vector<double> files;
  std::vector<double> memory;
  for (int round = 0; round < rounds; ++round) {
    INFO("round " << round);
    {
      crowd all{lab, size, other};
      for (int i = 0; i < 60; ++i)
        other.work(); // more than those who do not read have room for
      auto const served = std::min(size / 2, most_streams);
      CHECK(all.served() == served);
      // Who never says what it wants is let go, and its place is another's; the streams stay.
      for (auto& c : all.mutes) {
        CHECK(c->read_to_end());
        CHECK((c->pending().empty() || c->pending().starts_with("HTTP/1.1 503")));
      }
      auto const now = once_there_are(lab, served + 2);
      CHECK(now.value("troupe_http_streams") == served);
      CHECK(open_files(now) < at_rest + static_cast<double>(most_connections) + 100);
      other.ask();
    }
    auto const after = once_there_are(lab, 2);
    CHECK(after.value("troupe_http_streams") == 0);
    files.push_back(open_files(after));
    memory.push_back(after.value("process_resident_memory_bytes").value());
    CHECK(files.back() <= files.front() + 4); // the store may open another one when it is asked
    CHECK(watches_in_ledger(lab) <= static_cast<std::size_t>(round) + 1); // one for all of a round
  }
  CHECK(files.front() <= at_rest + 8);
  CHECK(other.slowest() < std::chrono::seconds{5});                 // 0.2 s on two processors
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) // they keep what was freed
  // The allocator keeps what the greatest load needed, and that differs from time to time. What
  // each of the more than a thousand connections that a round lets in left behind would go on
  // growing: 4 KB of each are found.
  std::string all;
  for (double const m : memory)
    all += " " + std::to_string(static_cast<long>(m / 1e6));
  INFO("MB after each round:" << all);
  auto const early = *std::max_element(memory.begin(), memory.begin() + rounds / 2);
  auto const late = *std::min_element(memory.end() - 2, memory.end());
  CHECK(late < early + 8e6);
#endif
}
