#include "daemon/gates.hpp"
#include "daemon/secret_scan.hpp"
#include "tests/daemon/lab.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::local;
using namespace troupe::test;

namespace {

constexpr char token[] = "ghp_0123456789abcdefghijABCDEFGHIJ012345";

link::order all_gates(origin const& where, std::string head, std::int64_t token_of_lease = 9) {
  auto o = order_about(where, link::order_kind::gates, std::move(head), token_of_lease);
  o.gates = {{"tests", gate_kind::tests, {}, 0, {}},
             {"lint", gate_kind::lint, "test ! -e ugly.txt", 0, {}},
             {"size", gate_kind::patch_size, {}, 100, {}},
             {"paths", gate_kind::forbidden_paths, {}, 0, {"deploy/*"}},
             {"secrets", gate_kind::secrets, {}, 0, {}}};
  o.test_command = "grep -q one src/tally.txt";
  o.forbidden_paths = {"*.pem"};
  return o;
}

gate_result const& gate(outcome_of const& r, std::string const& name) {
  for (auto const& g : r.end.gates)
    if (g.gate == name)
      return g;
  FAIL("no gate " << name);
  return r.end.gates.front();
}

std::set<std::string> failed_gates(outcome_of const& r) {
  std::set<std::string> out;
  for (auto const& g : r.end.gates)
    if (!g.passed)
      out.insert(g.gate);
  return out;
}

} // namespace

TEST_CASE("gates: a clean change passes all of them, each about the same commit", "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  bench b{s / "d1"};
  auto const work = b.run(work_order(o, "echo two >> src/tally.txt"));
  auto const done = b.run(all_gates(o, work.end.proof.head));
  REQUIRE(done.end.how == link::outcome::done);
  REQUIRE(done.end.gates.size() == 5);
  for (auto const& g : done.end.gates) {
    INFO(g.gate << ": " << g.message);
    CHECK(g.passed);
    CHECK(g.proof.head == work.end.proof.head);
  }
  CHECK(gate(done, "tests").proof.exit_code == 0);
  CHECK(gate(done, "tests").proof.log_digest.size() == 64);
  CHECK(gate(done, "size").message == "1 changed line, at most 100");
  CHECK(done.started.size() == 1);
}

TEST_CASE("gates: every gate that fails says why, and the others still run", "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  bench b{s / "d1"};
  auto const work = b.run(work_order(
      o,
      std::string{"echo zero > src/tally.txt; mkdir deploy conf; echo x > deploy/run.sh; echo k > "
                  "conf/key.pem; echo > ugly.txt; seq 200 > long.txt; printf 'first\\nkey = "} +
          token + "\\n' > settings.txt"));
  auto const done = b.run(all_gates(o, work.end.proof.head));
  CHECK(failed_gates(done) == std::set<std::string>{"tests", "lint", "size", "paths", "secrets"});
  CHECK(gate(done, "tests").message.starts_with("exit code 1; log on "));
  auto const paths = gate(done, "paths").message;
  CHECK(paths.find("conf/key.pem (*.pem)") != std::string::npos);
  CHECK(paths.find("deploy/run.sh (deploy/*)") != std::string::npos);
  auto const secrets = gate(done, "secrets").message;
  CHECK(secrets.find("github-token in settings.txt line 2") != std::string::npos);
  CHECK(done.frames().find(token) == std::string::npos);
}

TEST_CASE("gates: a gate does not see what the one before left behind", "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  bench b{s / "d1"};
  auto const work = b.run(work_order(o, "echo two >> src/tally.txt"));
  auto order = all_gates(o, work.end.proof.head);
  order.test_command = "echo dirt > ugly.txt; rm README";
  order.gates[1].command = "test ! -e ugly.txt && test -e README";
  CHECK(failed_gates(b.run(order)).empty());
}

TEST_CASE("gates: a secret in a commit message is found", "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  bench b{s / "d1"};
  auto const work = b.run(
      work_order(o, std::string{"echo two >> src/tally.txt; git commit -qam 'use "} + token + "'"));
  // The files are clean, so the daemon folds the history and its message into a clean commit.
  CHECK(o.git({"log", "--format=%B", "agent/b1-1"}).find(token) == std::string::npos);
  CHECK(failed_gates(b.run(all_gates(o, work.end.proof.head))).empty());
  // Without the daemon's help the gate says no.
  auto const head =
      commit_in(b.rooms(o.url()).work_directory(ticket_id{"b1-1"}), "more.txt", "x\n");
  git const g{b.rooms(o.url()).work_directory(ticket_id{"b1-1"})};
  REQUIRE(g.run({"commit", "-q", "--amend", "-m", std::string{"mail "} + token}).value().ok());
  auto const bad = g.commit("HEAD");
  REQUIRE(b.repositories->find(o.url()).value()->publish(ticket_id{"b1-1"}, 5, bad).has_value());
  auto const done = b.run(all_gates(o, bad));
  CHECK(failed_gates(done) == std::set<std::string>{"secrets"});
  CHECK(gate(done, "secrets").message.find("the message of commit " + bad.substr(0, 12)) !=
        std::string::npos);
  CHECK(head != bad);
}

TEST_CASE("gates: a secret that a later commit takes back does not stay in the history",
          "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  bench b{s / "d1"};
  auto const first = b.run(work_order(o, std::string{"echo 'key = "} + token +
                                             "' > settings.txt; git add -A; git commit -qm one"));
  CHECK(failed_gates(b.run(all_gates(o, first.end.proof.head, 2))).count("secrets") == 1);
  auto order = work_order(o, "echo 'key = from the vault' > settings.txt; git commit -qam two", 3);
  order.round = 1;
  auto const second = b.run(order);
  REQUIRE(second.end.how == link::outcome::done);
  auto const done = b.run(all_gates(o, second.end.proof.head, 4));
  INFO(gate(done, "secrets").message);
  CHECK(failed_gates(done).empty());
  CHECK(o.git({"log", "-p", "agent/b1-1"}).find(token) == std::string::npos);
  // The old commits are not lost on the operator's machine.
  auto const bare = b.repositories->find(o.url()).value()->bare();
  CHECK(bare.out({"for-each-ref", "refs/troupe/snapshots/b1-1"}).value().find("unfolded-") !=
        std::string::npos);
}

TEST_CASE("gates: a gate without a command does not pass, and the report says what to do",
          "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  bench b{s / "d1"};
  auto const work = b.run(work_order(o, "echo two >> src/tally.txt"));
  auto order = all_gates(o, work.end.proof.head);
  order.test_command.clear();
  order.gates[1].command = GENERATE(as<std::string>{}, "", "true");
  auto const done = b.run(order);
  CHECK(done.end.how == link::outcome::failed);
  CHECK(done.end.why == reason::bad_config);
  CHECK_FALSE(gate(done, "tests").passed);
  CHECK(gate(done, "tests").message.find("nothing was run") != std::string::npos);
  CHECK(done.end.summary.find("tests") != std::string::npos);
  CHECK((done.end.summary.find("lint") != std::string::npos) == order.gates[1].command.empty());
  CHECK(done.end.summary.find("test_command") != std::string::npos);
  CHECK(done.end.summary.find("`none`") != std::string::npos);
  // The others were looked at all the same.
  CHECK(gate(done, "secrets").passed);
}

TEST_CASE("gates: a project that says it has no tests is believed, in every kind of order",
          "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  bench b{s / "d1"};
  auto first = work_order(o, "echo two >> src/tally.txt");
  first.test_command = "none";
  auto const work = b.run(first);
  REQUIRE(work.end.how == link::outcome::done);
  CHECK(work.end.proof.command.empty());
  auto order = all_gates(o, work.end.proof.head);
  order.test_command = "none";
  order.gates[1].command = "none";
  auto const done = b.run(order);
  CHECK(done.end.how == link::outcome::done);
  CHECK(failed_gates(done).empty());
  for (auto const* name : {"tests", "lint"}) {
    CHECK(gate(done, name).message.find("nothing was run") != std::string::npos);
    CHECK(gate(done, name).proof.command.empty());
  }
  auto merge = order_about(o, link::order_kind::merge, work.end.proof.head, 3);
  merge.test_command = "none";
  CHECK(b.run(merge).end.how == link::outcome::done);
}

TEST_CASE("gates: a command that was killed from outside says nothing about the change",
          "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  bench b{s / "d1"};
  auto const work = b.run(work_order(o, "echo two >> src/tally.txt"));
  auto order = all_gates(o, work.end.proof.head);
  SECTION("by the kernel, say: worth another try") {
    order.test_command = "kill -KILL $$";
    auto const done = b.run(order);
    CHECK(done.end.how == link::outcome::failed);
    CHECK(is_transient(done.end.why));
  }
  SECTION("but one that crashes has failed") {
    order.test_command = "kill -SEGV $$";
    auto const done = b.run(order);
    CHECK(done.end.how == link::outcome::done);
    CHECK(failed_gates(done) == std::set<std::string>{"tests"});
  }
}

TEST_CASE("gates: globs of forbidden paths", "[daemon]") {
  CHECK(matches_path("*.pem", "key.pem"));
  CHECK(matches_path("*.pem", "a/b/key.pem"));
  CHECK(matches_path(".github/workflows/*", ".github/workflows/ci.yml"));
  CHECK(matches_path("secrets/", "secrets/a/b.txt"));
  CHECK(matches_path("/infra/**", "infra/a/b.tf"));
  CHECK(matches_path("**/migrations/*", "migrations/1.sql"));
  CHECK(matches_path("**/migrations/*", "db/migrations/1.sql"));
  CHECK(matches_path("node_modules", "web/node_modules/x/index.js"));
  CHECK(matches_path("Makefile", "Makefile"));
  CHECK_FALSE(matches_path("*.pem", "pem.txt"));
  CHECK_FALSE(matches_path("secrets/", "my-secrets/a"));
  CHECK_FALSE(matches_path("src/*.c", "lib/a.c"));
  CHECK_FALSE(matches_path("", "a"));
}

TEST_CASE("secret scan: a patch names file and new line, also over several hunks", "[daemon]") {
  std::string const patch =
      std::string{"diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,0 +5,2 @@\n+fine\n+t = "} + token +
      "\n@@ -9,0 +20 @@\n+u = " + token +
      "\ndiff --git a/go.sum b/go.sum\n--- a/go.sum\n+++ b/go.sum\n@@ -0,0 +1 @@\n"
      "+h 9aB3xQ7LmZ2rT5vW8yK1pN4cD6fG0hJsEuXo\n";
  auto const places = scan_patch(patch, "c0ffee");
  REQUIRE(places.size() == 2);
  CHECK(describe(places[0]) == "github-token in x line 6 of commit c0ffee");
  CHECK(places[1].line == 20);
}
