#include "tests/daemon/lab.hpp"

#include <catch2/catch.hpp>
#include <sys/wait.h>

#include <charconv>
#include <csignal>
#include <thread>

using namespace troupe;
using namespace troupe::local;
using namespace troupe::test;
using namespace std::chrono_literals;

namespace {

tool_command shell(std::string line) {
  tool_command c;
  c.argv = {"/bin/sh", "-c", std::move(line)};
  c.env = allowed_environment({"PATH"});
  c.grace = 300ms;
  return c;
}

guard_program const host{TROUPE_TEST_HOST};

pid_t pid_in(fs::path const& file) {
  auto const text = read(file);
  pid_t pid = 0;
  std::from_chars(text.data(), text.data() + text.size(), pid);
  return pid;
}

/// A shell line that starts a grandchild in a session of its own, which ignores TERM, and writes
/// both pids.
std::string stubborn_family(fs::path const& folder) {
  return "trap '' TERM; "
         "setsid sh -c 'trap \"\" TERM; echo $$ > " +
         (folder / "grandchild").string() + "; while :; do sleep 1; done' & " + "echo $$ > " +
         (folder / "child").string() + "; while :; do sleep 1; done";
}

bool family_started(fs::path const& folder) {
  return pid_in(folder / "grandchild") > 0 && pid_in(folder / "child") > 0;
}

} // namespace

TEST_CASE("guard: reports exit codes, signals and programs that cannot start", "[daemon]") {
  tool_control control;
  CHECK(run_tool(host, shell("exit 0"), control).exit_code == 0);
  CHECK(run_tool(host, shell("exit 7"), control).exit_code == 7);
  auto const killed = run_tool(host, shell("kill -SEGV $$"), control);
  CHECK(killed.how == tool_how::signalled);
  CHECK(killed.exit_code == 128 + SIGSEGV);
  auto missing = shell("");
  missing.argv = {"no-such-program-here"};
  auto const none = run_tool(host, missing, control);
  CHECK(none.how == tool_how::not_started);
  CHECK(none.exit_code == 127);
  CHECK(run_tool({"/no/such/guard"}, shell("exit 0"), control).how == tool_how::not_started);
}

TEST_CASE("tool: lines of standard output arrive, all output goes to the log with its digest",
          "[daemon]") {
  scratch const s;
  auto c = shell("echo one; echo two >&2; printf three");
  c.log = s / "log";
  std::vector<std::string> lines;
  tool_control control;
  auto const end = run_tool(host, c, control, [&](std::string_view l) { lines.emplace_back(l); });
  CHECK(lines == std::vector<std::string>{"one", "three"});
  auto const log = read(s / "log");
  CHECK(log.find("two") != std::string::npos);
  CHECK(end.log_bytes == static_cast<std::int64_t>(log.size()));
  CHECK(end.log_digest.size() == 64);
}

TEST_CASE("tool: a megabyte without a line end passes, with its digest", "[daemon]") {
  tool_control control;
  std::size_t longest = 0;
  auto const end = run_tool(host, shell("head -c 1000000 /dev/zero | tr '\\0' x"), control,
                            [&](std::string_view l) { longest = std::max(longest, l.size()); });
  CHECK(end.exit_code == 0);
  CHECK(longest == 1000000);
  CHECK(end.log_bytes == 1000000);
}

TEST_CASE("tool: the kill ladder ends grandchildren that ignore TERM and left the group",
          "[daemon]") {
  scratch const s;
  tool_control control;
  std::thread stopper{[&] {
    (void)eventually([&] { return family_started(s.path()); });
    control.stop(stop_cause::cancelled);
  }};
  auto const end = run_tool(host, shell(stubborn_family(s.path())), control);
  stopper.join();
  CHECK(end.how == tool_how::stopped);
  CHECK_FALSE(alive(pid_in(s / "child")));
  CHECK_FALSE(alive(pid_in(s / "grandchild")));
}

TEST_CASE("tool: TERM comes first, and a program that heeds it may clean up", "[daemon]") {
  scratch const s;
  tool_control control;
  auto const ready = s / "ready";
  std::thread stopper{[&] {
    (void)eventually([&] { return fs::exists(ready); });
    control.stop(stop_cause::cancelled);
  }};
  auto c = shell("trap 'echo bye > " + (s / "bye").string() + "; exit 3' TERM; touch " +
                 ready.string() + "; while :; do sleep 0.05; done");
  c.grace = 20s;
  auto const end = run_tool(host, c, control);
  stopper.join();
  CHECK(end.how == tool_how::stopped);
  CHECK(end.exit_code == 3);
  CHECK(fs::exists(s / "bye"));
}

TEST_CASE("tool: silence is a stall, output is not, and too long is a timeout", "[daemon]") {
  tool_control control;
  auto silent = shell("sleep 60");
  silent.stall = 200ms;
  CHECK(run_tool(host, silent, control).how == tool_how::stalled);
  auto talking = shell("for i in $(seq 25); do echo $i; sleep 0.1; done");
  talking.stall = 2s;
  CHECK(run_tool(host, talking, control).how == tool_how::exited);
  auto slow = shell("while :; do echo x; sleep 0.05; done");
  slow.timeout = 300ms;
  CHECK(run_tool(host, slow, control).how == tool_how::timed_out);
}

TEST_CASE("tool: what a program leaves behind ends with it", "[daemon]") {
  scratch const s;
  tool_control control;
  auto const end = run_tool(host,
                            shell("setsid sh -c 'echo $$ > " + (s / "left").string() +
                                  "; while :; do sleep 1; done' & while [ ! -s " +
                                  (s / "left").string() + " ]; do sleep 0.01; done; exit 5"),
                            control);
  CHECK(end.exit_code == 5);
  CHECK_FALSE(alive(pid_in(s / "left")));
}

TEST_CASE("guard: kill -9 of the daemon ends its tools and their children", "[daemon]") {
  scratch const s;
  spawn_options o;
  o.argv = {TROUPE_TEST_HOST, "tool", stubborn_family(s.path())};
  o.env = allowed_environment({"PATH"});
  auto const daemon = spawn(o);
  REQUIRE(daemon.has_value());
  REQUIRE(eventually([&] { return family_started(s.path()); }));
  auto const child = pid_in(s / "child");
  auto const grandchild = pid_in(s / "grandchild");
  CHECK(alive(child));
  CHECK(alive(grandchild));
  ::kill(*daemon, SIGKILL);
  ::waitpid(*daemon, nullptr, 0);
  CHECK(eventually([&] { return !alive(child) && !alive(grandchild); }));
}

TEST_CASE("tool: text for its input arrives, and waiting stops the clocks", "[daemon]") {
  tool_control control;
  auto c = shell("echo ask; read answer; echo \"got $answer\"");
  c.keep_input = true;
  c.stall = 2s;
  std::vector<std::string> lines;
  std::thread friend_of_it;
  auto const end = run_tool(host, c, control, [&](std::string_view l) {
    lines.emplace_back(l);
    if (l == "ask") {
      control.waiting(true);
      friend_of_it = std::thread{[&] {
        std::this_thread::sleep_for(3s); // longer than the stall limit: that is the point
        control.write("blue\n");
        control.waiting(false);
      }};
    }
  });
  REQUIRE(friend_of_it.joinable());
  friend_of_it.join();
  CHECK(end.how == tool_how::exited);
  CHECK(lines == std::vector<std::string>{"ask", "got blue"});
}
