#include "tests/daemon/lab.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>

/// What an attempt's child is given, and what the server is told about its work.

using namespace troupe;
using namespace troupe::local;
using namespace troupe::test;

TEST_CASE("attempt: the child's environment is allow-listed", "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  bench b{s / "d1"};
  ::setenv("TROUPE_TEST_SECRET", "canary-in-environment", 1);
  ::setenv("AWS_SECRET_ACCESS_KEY", "canary-in-environment", 1);
  ::setenv("TALLY_ALLOWED", "yes", 1);
  b.settings.environment = {"TALLY_ALLOWED"};
  auto order = work_order(o, "env -0 | sort -z | tr '\\0' '\\n' > env.txt; test -s "
                             "\"$TROUPE_PROMPT_FILE\" -a -s \"$TROUPE_ORDER_FILE\"");
  order.recipe.ports = 1;
  auto const done = b.run(order);
  ::unsetenv("TROUPE_TEST_SECRET");
  ::unsetenv("AWS_SECRET_ACCESS_KEY");
  REQUIRE(done.end.how == link::outcome::done);
  auto const text = o.file("env.txt", "agent/b1-1");
  CHECK(text.find("canary") == std::string::npos);
  std::set<std::string> names;
  for (auto const& line : lines_of(text))
    names.insert(line.substr(0, line.find('=')));
  std::set<std::string> const allowed{"PATH",
                                      "HOME",
                                      "LANG",
                                      "TERM",
                                      "TMPDIR",
                                      "PWD",
                                      "OLDPWD",
                                      "SHLVL",
                                      "_",
                                      "TALLY_ALLOWED",
                                      "GIT_AUTHOR_NAME",
                                      "GIT_AUTHOR_EMAIL",
                                      "GIT_COMMITTER_NAME",
                                      "GIT_COMMITTER_EMAIL",
                                      "TROUPE_TICKET",
                                      "TROUPE_TITLE",
                                      "TROUPE_TOOLS",
                                      "TROUPE_ROLE",
                                      "TROUPE_AGENT",
                                      "TROUPE_PROJECT",
                                      "TROUPE_REPOSITORY",
                                      "TROUPE_BRANCH",
                                      "TROUPE_TARGET_BRANCH",
                                      "TROUPE_KIND",
                                      "TROUPE_STAGE",
                                      "TROUPE_ROUND",
                                      "TROUPE_ATTEMPT",
                                      "TROUPE_PROMPT_FILE",
                                      "TROUPE_ORDER_FILE",
                                      "TROUPE_PORT_1",
                                      "TROUPE_BASE",
                                      "TROUPE_HEAD"};
  for (auto const& name : names) {
    INFO(name);
    CHECK(allowed.count(name) == 1);
  }
  CHECK(text.find("TROUPE_TICKET=b1-1\n") != std::string::npos);
  CHECK(text.find("TROUPE_AGENT=tally.dev-ada\n") != std::string::npos);
  CHECK(names.count("TALLY_ALLOWED") == 1);
}

TEST_CASE("attempt: the prompt has everything the ticket says", "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  bench b{s / "d1"};
  auto order =
      work_order(o, "cat \"$TROUPE_PROMPT_FILE\" > prompt.md; cat \"$TROUPE_ORDER_FILE\" > "
                    "order.json; case \"$TROUPE_PROMPT_FILE\" in $PWD/*) exit 9;; esac");
  order.instructions = "Follow the style around you.";
  order.round = 1;
  envelope said;
  said.kind = message_kind::answer;
  said.from = principal_id{"agent:tally.pm"};
  said.parts = {text_part("Please use tabs.")};
  order.conversation = {std::move(said)};
  auto const done = b.run(order);
  REQUIRE(done.end.how == link::outcome::done);
  auto const prompt = o.file("prompt.md", "agent/b1-1");
  for (auto const* piece :
       {"# Count to two", "The tally must say two.", "- src/tally.txt says two",
        "Follow the style around you.", "Please use tabs.", "**pm**", "round 2"}) {
    INFO(piece);
    CHECK(prompt.find(piece) != std::string::npos);
  }
  auto const back =
      json::from<link::order>(json::parse(o.file("order.json", "agent/b1-1")).value());
  CHECK(back.value() == order);
}

TEST_CASE("attempt: nothing of the source, the tests' output or a secret is in any frame",
          "[daemon]") {
  scratch const s;
  origin o{s.path()};
  o.commit({{"src/code.c", "int canary_in_source = 1; /* CANARY-SOURCE */\n"},
            {"data/table.csv", "CANARY-DATA\n"}});
  bench b{s / "d1"};
  auto order = work_order(o, R"(cat src/code.c data/table.csv; cat src/code.c >&2
echo 'CANARY-NEW' > new.txt
echo '{"type":"progress","text":"token ghp_0123456789abcdefghijABCDEFGHIJ012345 seen"}'
printf '%s\n' '{"type":"result","summary":"Changed this:\n```c\nint canary_in_source = 1; /* CANARY-SOURCE */\n```\nwith password = \"hunter2isnotgood\" in it"}')");
  order.test_command = "cat src/code.c; printf CAN; echo ARY-TEST-OUTPUT; exit 1";
  auto const done = b.run(order);
  REQUIRE(done.end.how == link::outcome::done);
  auto const head = done.end.proof.head;
  auto gates = order_about(o, link::order_kind::gates, head, 2);
  gates.test_command = order.test_command;
  gates.gates = {{"tests", gate_kind::tests, {}, 0, {}},
                 {"size", gate_kind::patch_size, {}, 1, {}}};
  auto review = order_about(o, link::order_kind::review, head, 3);
  review.command = "cat src/code.c; git diff $TROUPE_BASE $TROUPE_HEAD; exit 2";
  auto const merge = order_about(o, link::order_kind::merge, head, 4);
  std::string frames = done.frames();
  for (auto const& other : {gates, review, merge})
    frames += b.run(other).frames();
  for (auto const* canary : {"CANARY", "canary", "ghp_0123", "hunter2"}) {
    INFO(canary);
    CHECK(frames.find(canary) == std::string::npos);
  }
  CHECK(frames.find("[redacted:github-token]") != std::string::npos);
  CHECK(frames.find("Changed this:") != std::string::npos);
  CHECK(frames.find("new.txt") != std::string::npos);
  CHECK(done.end.proof.log_bytes > 0);
}

TEST_CASE("attempt: only a project that opts in sends its diff, and that redacted", "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  bench b{s / "d1"};
  auto order = work_order(o, "echo 'key ghp_0123456789abcdefghijABCDEFGHIJ012345' > added.txt; git "
                             "add -A; git commit -qm w");
  order.send_diffs = true;
  auto const done = b.run(order);
  CHECK(done.end.proof.diff.find("+key [redacted:github-token]") != std::string::npos);
}
