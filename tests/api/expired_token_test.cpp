#include "tests/api/watch_lines.hpp"
#include "tests/gateway/edge_lab.hpp"

using namespace troupe;
using namespace troupe::test;

namespace {

/// What one open stream was told until its end.
struct told {
  std::vector<json::object> lines;
  unsigned close_code = 0; ///< of a WebSocket
  bool silent_after = false;
};

std::vector<json::object> data_in(std::string const& events) {
  std::vector<json::object> out;
  constexpr std::string_view mark = "\ndata: ";
  for (auto at = events.find(mark); at != std::string::npos; at = events.find(mark, at + 1)) {
    auto const begin = at + mark.size();
    out.push_back(
        json::parse(events.substr(begin, events.find('\n', begin) - begin)).value().as_object());
  }
  return out;
}

/// An open stream that is read to its end, with nothing between the test and the bytes. Each on a
/// thread of its own: one that waits for the others would be a slow reader.
class open_stream {
public:
  virtual ~open_stream() = default;
  void begin() {
    thread_ = std::thread{[this] {
      try {
        to_end(told_);
      } catch (std::exception const&) { // it never ended: then the last line is no end
      }
    }};
  }
  [[nodiscard]] told const& end() {
    join();
    return told_;
  }

protected:
  void join() {
    if (thread_.joinable())
      thread_.join();
  }

private:
  virtual void to_end(told& out) = 0;
  told told_;
  std::thread thread_;
};

class open_events : public open_stream {
public:
  open_events(api_lab const& lab, std::string const& path, std::string const& headers)
      : c_(static_cast<std::uint16_t>(lab.port())) {
    c_.send("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n");
    REQUIRE(c_.read_until("retry: "));
    REQUIRE(c_.pending().starts_with("HTTP/1.1 200"));
    begin();
  }
  ~open_events() override { join(); }

private:
  void to_end(told& out) override {
    out.lines = data_in(c_.answer().body);
    out.silent_after = c_.take(1).empty();
  }
  raw_connection c_;
};

class open_socket : public open_stream {
public:
  open_socket(api_lab const& lab, std::string const& path, std::string const& token,
              std::string const& headers = {})
      : c_(static_cast<std::uint16_t>(lab.port()), path, token, headers) {
    REQUIRE(c_.handshake().status == 101);
    begin();
  }
  ~open_socket() override { join(); }

private:
  void to_end(told& out) override {
    auto f = c_.read_message();
    for (; f.opcode == 1; f = c_.read_message())
      out.lines.push_back(json::parse(f.payload).value().as_object());
    out.close_code = f.close_code();
    c_.send(8, f.payload); // as RFC 6455, 5.5.1 has it: then the server closes at once
    out.silent_after = c_.connection().take(1).empty();
  }
  raw_socket c_;
};

/// When a line happened, in milliseconds since 1970; 0: it does not say.
std::int64_t moment_of(json::object const& line) {
  if (auto const* us = line.if_contains("at_us"))
    return us->to_number<std::int64_t>() / 1000;
  auto const* ms = line.if_contains("at");
  return ms != nullptr ? ms->to_number<std::int64_t>() : 0;
}

void check_end(told const& t, std::int64_t expires) {
  REQUIRE_FALSE(t.lines.empty());
  std::int64_t newest = 0;
  std::size_t ends = 0;
  for (auto const& line : t.lines) {
    newest = std::max(newest, moment_of(line));
    ends += text_at(line, "type") == "closed" ? 1 : 0;
  }
  // Its entity's alarm is for that moment; behind it each stream looks for itself once a second.
  CHECK(newest <= expires + 1000);
  CHECK(ends == 1);
  CHECK(text_at(t.lines.back(), "type") == "closed");
  CHECK(text_at(t.lines.back(), "reason") == "token_ended");
  CHECK(t.silent_after);
}

} // namespace

TEST_CASE("expired token: every kind of open stream ends with the reason, and is silent then",
          "[api]") {
  api_lab lab;
  bool const busy = GENERATE(true, false);
  INFO((busy ? "while much happens" : "while nothing happens"));
  auto const made =
      lab.post("/api/tokens", R"({"name":"job","roles":["observe","viewer"],"seconds":4})");
  REQUIRE(made.status == 201);
  auto const token = made.text("token");
  auto const expires = made.json.at("expires").to_number<std::int64_t>();
  auto const bearer = "Authorization: Bearer " + token + "\r\n";
  // A browser's session is the token in other clothes: it ends with it.
  raw_connection signing_in{static_cast<std::uint16_t>(lab.port())};
  signing_in.send("POST /api/session HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n" +
                  bearer + "Origin: http://localhost\r\n\r\n");
  auto const set = std::string{signing_in.answer().headers.get("Set-Cookie")};
  auto const cookie =
      "Cookie: " + set.substr(0, set.find(';')) + "\r\nOrigin: http://localhost\r\n";

  // Of a quiet server nothing is wanted: the end must not wait for a line.
  std::string const watch =
      busy ? "/api/watch?rate=10000&limit=1000000" : "/api/watch?filter=kind%3Dnever";
  open_events watching{lab, watch, bearer};
  open_events watching_past{lab, watch + "&since=1h", bearer};
  open_events from_browser{lab, watch, cookie};
  open_events events{lab, "/api/stream", bearer};
  open_socket socket{lab, watch, token};
  open_socket socket_past{lab, watch + "&since=1h", token};
  open_socket socket_of_browser{lab, watch, {}, cookie};

  std::array<open_stream*, 4> const streams{&watching, &watching_past, &from_browser, &events};
  std::array<open_stream*, 3> const sockets{&socket, &socket_past, &socket_of_browser};
  for (int i = 0; busy && i < 5000; ++i) {
    REQUIRE(lab.post("/api/projects",
                     R"({"id":"p)" + std::to_string(i) + R"(","config":{"repository":"none"}})")
                .status == 201);
    using std::chrono::system_clock;
    if (system_clock::now() > system_clock::time_point{std::chrono::milliseconds{expires + 1500}})
      break; // there was much to tell after the end
  }
  for (auto* s : streams) {
    auto const& t = s->end();
    check_end(t, expires);
    if (auto const* again = t.lines.back().if_contains("again"))
      CHECK_FALSE(again->as_bool());
    CHECK((!busy || t.lines.size() > 10));
  }
  for (auto* s : sockets) {
    auto const& t = s->end();
    check_end(t, expires);
    CHECK(t.close_code == 1008);
    CHECK((!busy || t.lines.size() > 10));
  }

  // It is good for nothing any more, however it comes.
  for (auto const* path : {"/api/watch", "/api/stream", "/api/session"})
    refused(lab.get(path, api_lab::as(token)), 401, "unauthorized");
  auto const port = static_cast<std::uint16_t>(lab.port());
  CHECK(raw_socket{port, "/api/watch", token}.handshake().status == 401);
  CHECK(raw_socket{port, "/api/watch", {}, cookie}.handshake().status == 401);
  // And the ledger says why each of its watches ended.
  lab.stop();
  lab.open();
  std::size_t ended = 0;
  auto const tokens = lab.get("/api/tokens?limit=500");
  for (auto const& t : tokens.json.at("items").as_array())
    if (auto const* all = t.as_object().if_contains("watches"))
      for (auto const& w : all->as_array())
        ended += text_at(w, "why") == "token_ended" ? 1 : 0;
  CHECK(ended == 1); // the same watch of the same token counts once
}
