#include "daemon/daemon_app.hpp"
#include "daemon/output_tail.hpp"
#include "tests/daemon/lab.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace troupe;
using namespace troupe::local;
using namespace troupe::test;

namespace {

bool contains(std::string const& text, std::string const& part) {
  return text.find(part) != std::string::npos;
}

/// An order for the profile `command`, which runs `line` here.
link::order command_order(bench& b, origin const& o, std::string const& line) {
  b.settings.command = line;
  auto order = work_order(o, {});
  order.engine = engine_kind::daemon;
  order.profile = "command";
  return order;
}

} // namespace

TEST_CASE("last words: why a tool failed is in its report, with the place of the log", "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  bench b{s / "d1"};
  auto const order =
      command_order(b, o,
                    "echo working; echo 'token ghp_0123456789abcdefghijABCDEFGHIJ012345' >&2; "
                    "printf 'boom: \\033[31mlicence expired\\033[0m\\n' >&2; exit 1");
  auto const done = b.run(order);
  CHECK(done.end.how == link::outcome::failed);
  auto const log = attempt_folder(b.settings, order) / "output.log";
  CHECK(contains(done.end.summary, "exit code 1: "));
  CHECK(contains(done.end.summary, "boom: licence expired (log on "));
  CHECK(contains(done.end.summary, log.string()));
  CHECK(contains(done.end.summary, "[redacted:github-token]"));
  CHECK_FALSE(contains(done.end.summary, "ghp_0123"));
  CHECK(contains(read(log), "working\n"));
}

TEST_CASE("last words: without standard error the end of the output is told, and it is bounded",
          "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  bench b{s / "d1"};
  auto const done = b.run(command_order(
      b, o,
      "seq 100000 200000; echo '{\"type\":\"progress\",\"text\":\"x\"}'; echo the end; exit 3"));
  CHECK(contains(done.end.summary, "exit code 3: "));
  CHECK(contains(done.end.summary, " / 200000 / the end (log on "));
  CHECK_FALSE(contains(done.end.summary, "199990"));
  auto const flood =
      b.run(command_order(b, o, "head -c 100000 /dev/zero | tr '\\0' x >&2; exit 3"));
  CHECK(flood.end.summary.size() < 1200);
  CHECK(contains(flood.end.summary, "xxx"));
}

TEST_CASE("last words: a tool that stalls is quoted, too", "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  bench b{s / "d1"};
  auto order = command_order(b, o, "echo 'waiting for the licence server' >&2; sleep 60");
  order.stall = std::chrono::milliseconds{2000};
  auto const done = b.run(order);
  CHECK(done.end.how == link::outcome::stalled);
  CHECK(contains(done.end.summary, "waiting for the licence server (log on "));
}

TEST_CASE("last words: what a plain command prints last is its summary", "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  bench b{s / "d1"};
  auto const work = b.run(command_order(
      b, o, "echo two >> src/tally.txt; echo 'Added the second line.'; echo 'Done.'"));
  CHECK(work.end.how == link::outcome::done);
  CHECK(work.end.summary == "Added the second line.\nDone.");
  auto review = command_order(
      b, o, "[ \"$TROUPE_KIND\" = review ] || exit 9; echo 'The test is missing.'; exit 2");
  review.kind = link::order_kind::review;
  review.expected_head = work.end.proof.head;
  review.token = 2;
  auto const no = b.run(review);
  CHECK(no.end.how == link::outcome::changes_requested);
  CHECK(no.end.summary == "The test is missing.");
}

TEST_CASE("last words: lines of the source are not quoted, nor what comes before them",
          "[daemon]") {
  scratch const s;
  origin o{s.path()};
  o.commit({{"src/code.c", "int canary_in_source = 1;\n\treturn canary_again;\n"}});
  bench b{s / "d1"};
  auto const failed = b.run(command_order(b, o, R"(cat src/code.c >&2
echo 'src/code.c:1:5: int canary_in_source = 1;' >&2
echo '    2 |   return canary_again;' >&2
echo '-int canary_in_source = 1;' >&2
echo 'compiler: 2 errors' >&2
exit 1)"));
  CHECK(contains(failed.end.summary, "exit code 1: compiler: 2 errors (log on "));
  CHECK_FALSE(contains(failed.end.summary, "canary"));
  // Also what the tool has written itself, and what it has taken away.
  auto const done = b.run(command_order(
      b, o, "echo 'int canary_new;' > src/code.c; git diff; cat src/code.c; echo 'All well.'"));
  CHECK(done.end.summary == "All well.");
  CHECK_FALSE(contains(done.frames(), "canary"));
}

TEST_CASE("last words: a failed gate says where its output is, and quotes it only where diffs are "
          "sent",
          "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  bench b{s / "d1"};
  auto const work = b.run(work_order(o, "echo two >> src/tally.txt"));
  auto gates = order_about(o, link::order_kind::gates, work.end.proof.head, 2);
  gates.gates = {{"tests", gate_kind::tests, "echo '1 of 7 failed'; exit 1", 0, {}}};
  auto const log = attempt_folder(b.settings, gates) / "gate-tests.log";
  gates.send_diffs = GENERATE(false, true);
  auto const done = b.run(gates);
  REQUIRE(done.end.gates.size() == 1);
  auto const& message = done.end.gates.front().message;
  CHECK(contains(message, "exit code 1"));
  CHECK(contains(message, "log on "));
  CHECK(contains(message, log.string()));
  CHECK(contains(message, "1 of 7 failed") == gates.send_diffs);
}

TEST_CASE("last words: a setup command that fails names its log", "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  bench b{s / "d1"};
  auto order = work_order(o, "true");
  order.recipe.setup = "exit 4";
  auto const done = b.run(order);
  CHECK(contains(done.end.summary, (attempt_folder(b.settings, order) / "setup.log").string()));
}

TEST_CASE("command: its standard input is empty, so that `cat` ends", "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  bench b{s / "d1"};
  auto order = command_order(b, o, "cat > input.txt; echo read >> input.txt");
  order.timeout = std::chrono::seconds{20};
  auto const done = b.run(order);
  INFO(done.end.summary);
  REQUIRE(done.end.how == link::outcome::done);
  CHECK(o.file("input.txt", "agent/b1-1") == "read");
}

TEST_CASE("command: a question that nobody would hear the answer of is a note", "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  bench b{s / "d1"};
  auto order = command_order(
      b, o, "echo '{\"type\":\"question\",\"to\":\"pm\",\"text\":\"Which?\"}'; read x; exit 0");
  auto const done = b.run(order);
  CHECK(done.end.how == link::outcome::done);
  REQUIRE(done.said.size() == 1);
  CHECK(done.said.front().kind == message_kind::note);
  CHECK(done.said.front().text == "Which?");
}

TEST_CASE("command: offered only with something to run", "[daemon]") {
  scratch const s;
  daemon_settings d;
  d.data = s / "d1";
  auto const offers = [&] {
    auto const all = offered_runners(d);
    REQUIRE(all.has_value());
    return std::any_of(all->begin(), all->end(),
                       [](auto const& r) { return r.profile == "command"; });
  };
  CHECK_FALSE(offers());
  d.command = "./coder.sh";
  CHECK(offers());
  d.command.clear();
  d.profiles = s / "p";
  write(s / "p/command.toml", "name = 'command'\ncommand = './coder'\n");
  CHECK(offers());
  d.profiles.clear();
  d.runners = {"command"};
  auto const asked_for = offered_runners(d);
  REQUIRE_FALSE(asked_for.has_value());
  CHECK(contains(asked_for.error().message, "--command"));
}

TEST_CASE("command: an order for it without a command is declined with what to do", "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  bench b{s / "d1"};
  auto const refused = refusal_of(b.settings, *b.repositories, command_order(b, o, ""));
  REQUIRE(refused.has_value());
  CHECK(contains(refused->message, "troupe daemon run --command"));
}
