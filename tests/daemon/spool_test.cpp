#include "daemon/spool.hpp"
#include "tests/daemon/lab.hpp"

#include <catch2/catch.hpp>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <csignal>

using namespace troupe;
using namespace troupe::local;
using namespace troupe::test;

namespace {

link::started started(std::int64_t token) {
  return {ticket_id{"b1-1"}, token, "base", {}};
}

link::order order(std::string ticket, std::int64_t token) {
  link::order o;
  o.ticket = ticket_id{std::move(ticket)};
  o.token = token;
  o.repository = "tally";
  return o;
}

std::vector<std::uint64_t> kept(spool const& s) {
  std::vector<std::uint64_t> out;
  for (auto next = s.next(0); next; next = s.next(next->first))
    out.push_back(next->first);
  return out;
}

std::unique_ptr<spool> open(fs::path const& folder) {
  auto s = spool::open(folder);
  INFO((s ? std::string{} : s.error().message));
  REQUIRE(s.has_value());
  return std::move(*s);
}

} // namespace

TEST_CASE("spool: reports stay, with their numbers, until they are acknowledged", "[daemon]") {
  scratch const s;
  std::string stream;
  {
    auto const a = open(s.path());
    stream = a->stream();
    CHECK_FALSE(stream.empty());
    for (int i = 1; i <= 5; ++i)
      CHECK(a->append(started(i)).value() == static_cast<std::uint64_t>(i));
    CHECK(a->acknowledged(2).has_value());
  }
  auto const b = open(s.path());
  CHECK(b->stream() == stream);
  CHECK(kept(*b) == std::vector<std::uint64_t>{3, 4, 5});
  auto const third = link::decode_frame(b->next(2)->second).value();
  CHECK(third.seq == 3);
  CHECK(std::get<link::started>(third.body) == started(3));
  CHECK(b->acknowledged(99).has_value()); // more than was ever sent: no harm
  CHECK(b->append(started(6)).value() == 6);
  CHECK(kept(*b) == std::vector<std::uint64_t>{6});
}

TEST_CASE("spool: a tail torn at any byte costs only the torn record", "[daemon]") {
  scratch const s;
  {
    auto const a = open(s / "whole");
    for (int i = 1; i <= 3; ++i)
      REQUIRE(a->append(started(i)).has_value());
  }
  auto const text = read(s / "whole/spool.log");
  auto const last = text.rfind('\n', text.size() - 2) + 1;
  for (auto cut = last; cut < text.size(); ++cut) {
    auto const folder = s / ("cut-" + std::to_string(cut));
    write(folder / "spool.log", text.substr(0, cut));
    auto const b = open(folder);
    REQUIRE(kept(*b) == std::vector<std::uint64_t>{1, 2});
    REQUIRE(b->append(started(9)).value() == 3);
    auto const c = open(folder);
    REQUIRE(kept(*c) == std::vector<std::uint64_t>{1, 2, 3});
  }
  // Garbage instead of an end, as a disk may leave it.
  write(s / "garbage/spool.log", text + std::string(100, '\0'));
  CHECK(kept(*open(s / "garbage")).size() == 3);
}

TEST_CASE("spool: damage in the middle is said, not passed over", "[daemon]") {
  scratch const s;
  {
    auto const a = open(s.path());
    for (int i = 1; i <= 3; ++i)
      REQUIRE(a->append(started(i)).has_value());
  }
  auto text = read(s / "spool.log");
  text[text.find("base")] = 'B';
  write(s / "spool.log", text);
  auto const again = spool::open(s.path());
  REQUIRE(again.has_error());
  CHECK(again.error().code == errc::corrupt);
  CHECK(again.error().message.find("line 2") != std::string::npos);
}

TEST_CASE("spool: kill -9 in the middle of writing loses nothing that was said to be durable",
          "[daemon]") {
  scratch const s;
  std::uint64_t before = 0;
  for (int round = 0; round < 5; ++round) {
    auto out = make_pipe().value();
    spawn_options o;
    o.argv = {TROUPE_TEST_HOST, "fill-spool", s.path().string()};
    o.env = allowed_environment({"PATH"});
    o.descriptors = {{out.write.get(), 1}};
    auto const writer = spawn(o).value();
    out.write.reset();
    std::string said;
    auto const wanted = static_cast<std::size_t>(200 + 150 * round);
    std::array<char, 4096> buffer;
    while (said.size() < wanted) {
      auto const n = ::read(out.read.get(), buffer.data(), buffer.size());
      REQUIRE(n > 0);
      said.append(buffer.data(), static_cast<std::size_t>(n));
    }
    ::kill(writer, SIGKILL);
    for (ssize_t n = 0; (n = ::read(out.read.get(), buffer.data(), buffer.size())) > 0;)
      said.append(buffer.data(), static_cast<std::size_t>(n));
    ::waitpid(writer, nullptr, 0);
    auto const lines = local::lines_of(said);
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    std::from_chars(lines.front().data(), lines.front().data() + lines.front().size(), first);
    std::from_chars(lines.back().data(), lines.back().data() + lines.back().size(), last);
    // Numbers go on where they were: at most one report was written but not said.
    CHECK(first > before);
    CHECK(first <= before + 2);
    auto const a = open(s.path());
    auto const all = kept(*a);
    REQUIRE_FALSE(all.empty());
    CHECK(all.back() >= last);
    for (std::size_t i = 1; i < all.size(); ++i)
      REQUIRE(all[i] == all[i - 1] + 1);
    before = all.back();
  }
}

TEST_CASE("spool: the log does not grow with what is over", "[daemon]") {
  scratch const s;
  auto const a = open(s.path());
  link::said big;
  big.text = std::string(20000, 'x');
  for (int i = 1; i <= 200; ++i) {
    REQUIRE(a->append(big).has_value());
    REQUIRE(a->acknowledged(static_cast<std::uint64_t>(i)).has_value());
  }
  CHECK(fs::file_size(s / "spool.log") < 600 * 1024);
  REQUIRE(a->append(started(1)).value() == 201);
  auto const b = open(s.path());
  CHECK(kept(*b) == std::vector<std::uint64_t>{201});
  CHECK(b->acknowledged_up_to() == 200);
}

TEST_CASE("spool: an order is taken once, by ticket and token, over restarts of both sides",
          "[daemon]") {
  scratch const s;
  {
    auto const a = open(s.path());
    CHECK(a->follow("server-1").has_value());
    CHECK(a->take(1, order("b1-1", 1)).value() == taking::fresh);
    CHECK(a->take(1, order("b1-1", 1)).value() == taking::known);
    CHECK(a->take(3, order("b1-2", 1)).value() == taking::gap);
    CHECK(a->take(2, order("b1-2", 4)).value() == taking::fresh);
    CHECK(a->taken() == 2);
  }
  auto const b = open(s.path());
  CHECK(b->server_stream() == "server-1");
  CHECK(b->taken() == 2);
  CHECK(b->open_orders().size() == 2);
  // The server was restarted: it counts from 1 again and sends what is open.
  CHECK(b->follow("server-2").has_value());
  CHECK(b->taken() == 0);
  CHECK(b->take(1, order("b1-1", 1)).value() == taking::known);
  CHECK(b->take(2, order("b1-2", 3)).value() == taking::known); // older than one that was seen
  CHECK(b->take(3, order("b1-2", 5)).value() == taking::fresh);
  CHECK(b->taken() == 3);
}

TEST_CASE("spool: an order is open until its end is reported", "[daemon]") {
  scratch const s;
  auto const a = open(s.path());
  REQUIRE(a->follow("server-1").has_value());
  REQUIRE(a->take(1, order("b1-1", 1)).has_value());
  REQUIRE(a->take(2, order("b1-2", 1)).has_value());
  link::finished f;
  f.ticket = ticket_id{"b1-1"};
  f.token = 1;
  REQUIRE(a->append(f).has_value());
  REQUIRE(a->append(link::declined{ticket_id{"b1-2"}, 1, reason::none, {}}).has_value());
  CHECK(a->open_orders().empty());
  auto const b = open(s.path());
  CHECK(b->open_orders().empty());
  CHECK(b->take(3, order("b1-1", 1)).value() == taking::known);
  CHECK(b->repository_of(ticket_id{"b1-1"}) == "tally");
}

TEST_CASE("spool: a release is remembered until its worktrees are gone", "[daemon]") {
  scratch const s;
  {
    auto const a = open(s.path());
    REQUIRE(a->take(1, order("b1-1", 1)).has_value());
    REQUIRE(a->take(2, link::release{ticket_id{"b1-1"}, "DONE"}).has_value());
  }
  {
    auto const b = open(s.path());
    REQUIRE(b->open_releases().size() == 1);
    REQUIRE(b->released(ticket_id{"b1-1"}).has_value());
  }
  CHECK(open(s.path())->open_releases().empty());
}

TEST_CASE("spool: one daemon a folder", "[daemon]") {
  scratch const s;
  auto const first = lock_folder(s.path());
  REQUIRE(first.has_value());
  CHECK(lock_folder(s.path()).error().code == errc::conflict);
}

TEST_CASE("programs: a daemon begins when the programs of the one before have ended", "[daemon]") {
  scratch const s;
  pid_t child = 0;
  {
    auto const first = program_lineage::begin(s.path(), std::chrono::milliseconds{0});
    REQUIRE(first.has_value());
    spawn_options options;
    options.argv = {"sleep", "1000"};
    child = spawn(options).value();
  } // as a daemon that is killed: its descriptor is closed, its child runs on
  CHECK(program_lineage::begin(s.path(), std::chrono::milliseconds{50}).error().code ==
        errc::timeout);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  CHECK(program_lineage::begin(s.path(), std::chrono::seconds{10}).has_value());
}

TEST_CASE("identity: kept for its owner's eyes only", "[daemon]") {
  scratch const s;
  CHECK(load_identity(s.path()).error().code == errc::not_found);
  identity const who{daemon_id{"d-abc"}, "trp_secret", "https://troupe.example", "ada-laptop"};
  write(s / "identity.json", "old and open to everybody");
  fs::permissions(s / "identity.json", fs::perms::all);
  REQUIRE(save_identity(s.path(), who).has_value());
  struct stat st {};
  REQUIRE(::stat((s / "identity.json").c_str(), &st) == 0);
  CHECK((st.st_mode & 0777U) == 0600U);
  CHECK(load_identity(s.path()).value() == who);
  write(s / "identity.json", "{\"daemon\":");
  CHECK(load_identity(s.path()).error().code == errc::corrupt);
}
