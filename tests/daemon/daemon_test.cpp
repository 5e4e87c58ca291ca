#include "daemon/daemon_app.hpp"
#include "tests/daemon/lab.hpp"
#include "tests/daemon/link_server.hpp"

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <sys/wait.h>

#include <charconv>
#include <csignal>
#include <random>
#include <thread>

using namespace troupe;
using namespace troupe::local;
using namespace troupe::test;

namespace {

/// A whole daemon on a thread.
class running_daemon {
public:
  running_daemon(link_server const& server, fs::path data,
                 std::function<void(daemon_settings&)> const& change = {}) {
    identity const who{daemon_id{"d-test1234"}, "trp_test", server.url(), "ada-laptop"};
    REQUIRE(save_identity(data, who).has_value());
    settings_.data = std::move(data);
    settings_.guard = {TROUPE_TEST_HOST};
    settings_.handle_signals = false;
    settings_.grace = duration{300};
    settings_.drain = duration{200};
    settings_.first_backoff = duration{10};
    settings_.last_backoff = duration{50};
    if (change)
      change(settings_);
    thread_ = std::thread{[this] { code_ = run_daemon(settings_, stop_.get_token()); }};
  }
  ~running_daemon() {
    if (thread_.joinable())
      (void)end();
  }
  int end() {
    stop_.request_stop();
    thread_.join();
    return code_;
  }
  int wait() {
    thread_.join();
    return code_;
  }

private:
  daemon_settings settings_;
  std::stop_source stop_;
  int code_ = -1;
  std::thread thread_;
};

std::vector<link::finished> ends(link_server const& s) {
  return s.all<link::finished>();
}

pid_t start_host(fs::path const& data) {
  unique_fd const log{
      ::open((data / "log.txt").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)};
  spawn_options o;
  o.descriptors = {{log.get(), 1}, {log.get(), 2}};
  o.argv = {TROUPE_TEST_HOST, "run-daemon", data.string()};
  o.env = allowed_environment({"PATH", "HOME", "TMPDIR"});
  return spawn(o).value();
}

pid_t pid_in(fs::path const& file) {
  auto const text = read(file);
  pid_t pid = 0;
  std::from_chars(text.data(), text.data() + text.size(), pid);
  return pid;
}

} // namespace

TEST_CASE("daemon: an order is carried out and reported, once, over the link", "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  link_server server;
  running_daemon d{server, s / "d1"};
  auto const order =
      work_order(o, "echo '{\"type\":\"progress\",\"text\":\"counting\"}'; echo two >> "
                    "src/tally.txt");
  server.send(order);
  REQUIRE(eventually([&] { return ends(server).size() == 1; }));
  auto const end = ends(server).at(0);
  CHECK(end.how == link::outcome::done);
  CHECK(end.token == 1);
  CHECK(end.proof.head == o.head("agent/b1-1"));
  REQUIRE(server.all<link::started>().size() == 1);
  CHECK(std::holds_alternative<link::started>(server.reports().at(0)));
  // The server restarts and sends the order once more: nothing happens again.
  server.restart({order});
  auto next = order;
  next.token = 2;
  server.send(next);
  REQUIRE(eventually([&] { return ends(server).size() == 2; }));
  CHECK(ends(server).at(1).token == 2);
  CHECK(d.end() == daemon_ok);
}

TEST_CASE("daemon: a question goes to the server and its answer comes back", "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  link_server server;
  running_daemon d{server, s / "d1"};
  server.send(
      work_order(o, "echo '{\"type\":\"question\",\"to\":\"pm\",\"text\":\"Which?\"}'; read a; "
                    "echo \"$a\" > answer.json"));
  REQUIRE(eventually([&] { return server.all<link::said>().size() == 1; }));
  CHECK(server.all<link::said>().at(0).text == "Which?");
  envelope e;
  e.id = "m9";
  e.parts = {text_part("The blue one.")};
  server.send(link::answer{ticket_id{"b1-1"}, 1, e});
  REQUIRE(eventually([&] { return ends(server).size() == 1; }));
  CHECK(o.file("answer.json", "agent/b1-1").find("The blue one.") != std::string::npos);
}

TEST_CASE("daemon: a stop ends the attempt", "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  link_server server;
  running_daemon d{server, s / "d1"};
  server.send(work_order(o, "sleep 60"));
  REQUIRE(eventually([&] { return server.all<link::started>().size() == 1; }));
  REQUIRE(eventually([&] {
    auto const h = server.heartbeats();
    return !h.empty() && !h.back().attempts.empty() && h.back().free_slots == 1;
  }));
  server.send(link::stop{ticket_id{"b1-1"}, 1, "cancelled"});
  REQUIRE(eventually([&] { return ends(server).size() == 1; }));
  CHECK(ends(server).at(0).how == link::outcome::cancelled);
}

TEST_CASE("daemon: a new lease of a ticket replaces the old attempt in its worktree", "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  link_server server;
  running_daemon d{server, s / "d1", [](daemon_settings& x) { x.slots = 1; }};
  server.send(work_order(o, "sleep 60", 1));
  REQUIRE(eventually([&] { return server.all<link::started>().size() == 1; }));
  server.send(work_order(o, "echo two >> src/tally.txt", 2));
  REQUIRE(eventually([&] { return ends(server).size() == 2; }));
  CHECK(ends(server).at(0).how == link::outcome::cancelled);
  CHECK(ends(server).at(1).how == link::outcome::done);
}

TEST_CASE("daemon: without a free slot, or a profile, the order is declined", "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  link_server server;
  running_daemon d{server, s / "d1", [](daemon_settings& x) { x.slots = 1; }};
  server.send(work_order(o, "sleep 60"));
  auto other = work_order(o, "true");
  other.ticket = ticket_id{"b1-2"};
  server.send(other);
  REQUIRE(eventually([&] { return server.all<link::declined>().size() == 1; }));
  CHECK(server.all<link::declined>().at(0).why == reason::workspace_busy);
  auto third = work_order(o, "true");
  third.ticket = ticket_id{"b1-3"};
  third.engine = engine_kind::daemon;
  third.profile = "nothing-like-it";
  server.send(third);
  REQUIRE(eventually([&] { return server.all<link::declined>().size() == 2; }));
  CHECK(server.all<link::declined>().at(1).why == reason::bad_config);
}

TEST_CASE("daemon: a release removes the ticket's worktree, and keeps what was unsaved",
          "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  link_server server;
  running_daemon d{server, s / "d1"};
  server.send(work_order(o, "echo two >> src/tally.txt"));
  REQUIRE(eventually([&] { return ends(server).size() == 1; }));
  auto const folder = s / "d1/worktrees/b1-1";
  REQUIRE(fs::exists(folder));
  write(folder / "unsaved.txt", "precious\n");
  server.send(link::release{ticket_id{"b1-1"}, "DONE"});
  CHECK(eventually([&] { return !fs::exists(folder); }));
  CHECK(eventually([&] { return o.git({"for-each-ref", "refs/troupe/attempts"}).empty(); }));
  fs::path bare;
  for (auto const& entry : fs::directory_iterator{s / "d1/repositories"})
    bare = entry.path();
  CHECK(git{bare}.out({"show", "refs/troupe/snapshots/b1-1/released:unsaved.txt"}).value() ==
        "precious");
}

TEST_CASE("daemon: told to stop, it lets attempts go on for a while, then ends them and says so",
          "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  link_server server;
  running_daemon d{server, s / "d1", [](daemon_settings& x) { x.drain = duration{8000}; }};
  auto quick = work_order(o, "until test -e " + (s / "go").string() +
                                 "; do sleep 0.01; done; echo two >> src/tally.txt");
  server.send(quick);
  auto endless = work_order(o, "sleep 60");
  endless.ticket = ticket_id{"b1-2"};
  endless.branch = "agent/b1-2";
  server.send(endless);
  REQUIRE(eventually([&] { return server.all<link::started>().size() == 2; }));
  std::thread ending{[&] { CHECK(d.end() == daemon_ok); }};
  write(s / "go", "");
  ending.join();
  auto const all = ends(server);
  REQUIRE(all.size() == 2);
  CHECK(all[0].how == link::outcome::done);
  CHECK(all[1].how == link::outcome::failed);
  CHECK(all[1].why == reason::daemon_lost);
}

TEST_CASE("daemon: a revoked token ends it with a code of its own, so does no identity",
          "[daemon]") {
  scratch const s;
  link_server server;
  {
    running_daemon d{server, s / "d1"};
    REQUIRE(eventually([&] { return server.connected(); }));
    server.revoke();
    CHECK(d.wait() == daemon_unauthorized);
  }
  daemon_settings none;
  none.data = s / "d2";
  CHECK(run_daemon(none) == daemon_unauthorized);
}

TEST_CASE("daemon: enrolment is stored before it is told, and not done twice", "[daemon]") {
  scratch const s;
  link_server server;
  daemon_settings d;
  d.data = s / "d1";
  d.server = server.url();
  d.name = "ada-laptop";
  REQUIRE(enroll_daemon(d, "GOOD-CODE").has_value());
  CHECK(load_identity(d.data).value().token == "trp_test");
  CHECK(enroll_daemon(d, "GOOD-CODE").error().code == errc::conflict);
  CHECK(enroll_daemon(d, "GOOD-CODE", true).has_value());
}

TEST_CASE("daemon: killed with -9 it loses no report, its tools end, the attempt is reported lost",
          "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  link_server server;
  auto const data = s / "d1";
  REQUIRE(
      save_identity(data, {daemon_id{"d-test1234"}, "trp_test", server.url(), "x"}).has_value());
  auto const first = start_host(data);
  server.send(work_order(o, "echo half > half.txt; echo $$ > " + (s / "pid").string() +
                                "; while :; do sleep 1; done"));
  REQUIRE(eventually([&] { return pid_in(s / "pid") > 0; }));
  auto const tool = pid_in(s / "pid");
  ::kill(first, SIGKILL);
  ::waitpid(first, nullptr, 0);
  CHECK(eventually([&] { return !alive(tool); }));
  auto const second = start_host(data);
  REQUIRE(eventually([&] { return ends(server).size() == 1; }));
  CHECK(ends(server).at(0).how == link::outcome::failed);
  CHECK(ends(server).at(0).why == reason::daemon_lost);
  CHECK(ends(server).at(0).token == 1);
  CHECK(read(data / "worktrees/b1-1/half.txt") == "half\n");
  CHECK(server.all<link::started>().size() == 1);
  CHECK(server.hellos().back().attempts.empty());
  CHECK(server.hellos().back().stream == server.hellos().front().stream);
  // The same daemon takes the ticket again and finishes it.
  server.send(work_order(o, "echo two >> src/tally.txt", 2));
  REQUIRE(eventually([&] { return ends(server).size() == 2; }));
  CHECK(ends(server).at(1).how == link::outcome::done);
  // SIGTERM ends it in order.
  ::kill(second, SIGTERM);
  int status = 0;
  ::waitpid(second, &status, 0);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == daemon_ok);
  CHECK(server.gaps() == 0);
}

TEST_CASE("daemon: killed with -9 at any moment, attempts are lost and never spoilt", "[daemon]") {
  scratch const s;
  origin o{s.path()};
  link_server server;
  auto const data = s / "d1";
  REQUIRE(
      save_identity(data, {daemon_id{"d-test1234"}, "trp_test", server.url(), "x"}).has_value());
  std::minstd_rand random{GENERATE(1U, 2U, 3U)};
  // Commits again and again, so that many of the kills fall into one.
  constexpr char busy[] = "for n in 1 2 3 4 5 6; do echo $n >> count.txt; git add -A; "
                          "git commit -qm $n; done";
  std::int64_t token = 0;
  auto daemon = start_host(data);
  // Kills the daemon somewhere in each of some attempts, then lets one be.
  auto const through = [&](link::order order, int kills) {
    for (int round = 0; round <= kills; ++round) {
      order.token = ++token;
      server.send(order);
      auto const ended = [&] {
        auto const all = ends(server);
        return !all.empty() && all.back().token == token;
      };
      if (round < kills) {
        (void)eventually(ended, std::chrono::milliseconds{20 + random() % 500});
        ::kill(daemon, SIGKILL);
        ::waitpid(daemon, nullptr, 0);
        daemon = start_host(data);
      }
      bool const has_ended = eventually(ended, std::chrono::seconds{60});
      INFO(read(data / "log.txt"));
      REQUIRE(has_ended);
      auto const end = ends(server).back();
      INFO("token " << end.token << ": " << end.summary);
      CHECK((end.how == link::outcome::done || end.why == reason::daemon_lost));
    }
    auto const end = ends(server).back();
    REQUIRE(end.how == link::outcome::done);
    return end;
  };
  auto const work = through(work_order(o, busy), 8);
  CHECK(work.proof.head == o.head("agent/b1-1"));
  CHECK(work.proof.base == o.head("main"));
  CHECK(work.proof.files == std::vector<std::string>{"count.txt"});
  auto const review = through(
      [&] {
        auto r = order_about(o, link::order_kind::review, work.proof.head, 0);
        r.command = "git diff --stat $TROUPE_BASE $TROUPE_HEAD; sleep 0.2";
        return r;
      }(),
      3);
  CHECK(review.proof.head == work.proof.head);
  o.commit({{"other.txt", "meanwhile\n"}});
  auto merge = order_about(o, link::order_kind::merge, work.proof.head, 0);
  merge.test_command = "test -e count.txt -a -e other.txt";
  auto const merged = through(merge, 4);
  CHECK(merged.proof.head == work.proof.head);
  CHECK(o.git({"rev-list", "--count", "--merges", "main"}) == "1");
  CHECK(merged.merged == o.head("main"));
  // And nothing of it keeps the ticket's folders from being cleared away.
  server.send(link::release{ticket_id{"b1-1"}, "DONE"});
  CHECK(eventually([&] { return !fs::exists(data / "worktrees/b1-1"); }));
  ::kill(daemon, SIGTERM);
  int status = 0;
  ::waitpid(daemon, &status, 0);
  CHECK(WIFEXITED(status));
  CHECK(server.gaps() == 0);
}

TEST_CASE("daemon: SIGTERM drains, a second one ends at once", "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  link_server server;
  auto const data = s / "d1";
  REQUIRE(
      save_identity(data, {daemon_id{"d-test1234"}, "trp_test", server.url(), "x"}).has_value());
  auto const daemon = start_host(data);
  server.send(work_order(o, "trap '' TERM; echo $$ > " + (s / "pid").string() +
                                "; while :; do sleep 1; done"));
  REQUIRE(eventually([&] { return pid_in(s / "pid") > 0; }));
  ::kill(daemon, SIGTERM);
  ::kill(daemon, SIGTERM);
  int status = 0;
  ::waitpid(daemon, &status, 0);
  CHECK(WIFEXITED(status));
  CHECK_FALSE(alive(pid_in(s / "pid")));
}

TEST_CASE("daemon: no word of the source is in anything that went over the link", "[daemon]") {
  scratch const s;
  origin o{s.path()};
  o.commit({{"src/code.c", "int canary_7f3a; // CANARY-SOURCE\n"}});
  link_server server;
  running_daemon d{server, s / "d1"};
  auto order = work_order(o, "cat src/code.c; cat src/code.c >&2; echo CANARY-NEW >> src/code.c");
  order.command = "./coder.sh";
  o.commit({{"coder.sh", "cat src/code.c; cat src/code.c >&2; echo CANARY-NEW >> src/code.c\n"}});
  order.command = "sh coder.sh";
  order.test_command = "cat src/code.c";
  server.send(order);
  REQUIRE(eventually([&] { return ends(server).size() == 1; }));
  auto const head = ends(server).at(0).proof.head;
  auto gates = order_about(o, link::order_kind::gates, head, 2);
  gates.gates = {{"tests", gate_kind::tests, "cat src/code.c; exit 1", 0, {}},
                 {"secrets", gate_kind::secrets, {}, 0, {}}};
  server.send(gates);
  REQUIRE(eventually([&] { return ends(server).size() == 2; }));
  auto const all = server.everything_received();
  CHECK(all.find("canary_7f3a") == std::string::npos);
  CHECK(all.find("CANARY") == std::string::npos);
  CHECK(all.find("src/code.c") != std::string::npos);
}
