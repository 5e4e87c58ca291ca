#include "tests/daemon/lab.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::local;
using namespace troupe::test;

namespace {

using commits = std::vector<std::string>;

commits between(origin const& o, std::string const& base, std::string const& head) {
  return lines_of(o.git({"rev-list", "--topo-order", "--reverse", base + ".." + head}));
}

/// A shell command that commits a line to a file of its own.
std::string commits_of(std::string const& name) {
  return "echo " + name + " > " + name + ".txt && git add . && git commit -qm " + name;
}

} // namespace

TEST_CASE("evidence: names every commit of an attempt, in order, and what was left over",
          "[daemon]") {
  scratch const s;
  origin o{s.path()};
  bench b{s / "d1"};
  auto const done =
      b.run(work_order(o, commits_of("a") + " && " + commits_of("b") + " && echo c > c.txt"));
  INFO(done.end.summary);
  REQUIRE(done.end.how == link::outcome::done);
  auto const& proof = done.end.proof;
  CHECK(proof.commits.size() == 3);
  CHECK(proof.commits == between(o, o.head("main"), "agent/b1-1"));
  CHECK(proof.commits.back() == proof.head);
  CHECK(proof.commits_left_out == 0);
  // Who judges the same commit has made none.
  auto const review = b.run([&] {
    auto order = order_about(o, link::order_kind::review, proof.head, 2);
    order.command = "true";
    return order;
  }());
  REQUIRE(review.end.how == link::outcome::done);
  CHECK(review.end.proof.head == proof.head);
  CHECK(review.end.proof.commits.empty());
  auto order = order_about(o, link::order_kind::gates, proof.head, 3);
  gate_spec tests;
  tests.name = "tests";
  tests.command = "true";
  order.gates = {tests};
  auto const gates = b.run(order);
  REQUIRE(gates.end.gates.size() == 1);
  CHECK(gates.end.gates[0].proof.commits.empty());
  CHECK(gates.end.proof.commits.empty());
  auto const merge = b.run(order_about(o, link::order_kind::merge, proof.head, 4));
  REQUIRE(merge.end.how == link::outcome::done);
  CHECK(merge.end.proof.commits == proof.commits);
  CHECK(merge.end.merged == o.head("main"));
  CHECK(merge.end.merged != proof.head);
}

TEST_CASE("evidence: a failed attempt names what it committed, and the next one all of it",
          "[daemon]") {
  scratch const s;
  origin o{s.path()};
  bench first{s / "d1"};
  bench second{s / "d2"};
  auto const failed = first.run(work_order(o, commits_of("a") + "; exit 1"));
  REQUIRE(failed.end.how == link::outcome::failed);
  REQUIRE(failed.end.proof.commits.size() == 1);
  auto const done = second.run(work_order(o, commits_of("b"), 2));
  REQUIRE(done.end.how == link::outcome::done);
  CHECK(done.started.at(0).base == failed.end.proof.head);
  REQUIRE(done.end.proof.commits.size() == 2);
  CHECK(done.end.proof.commits[0] == failed.end.proof.commits[0]);
}

TEST_CASE("evidence: commits of the target branch that were merged in are not the agent's",
          "[daemon]") {
  scratch const s;
  origin o{s.path()};
  bench b{s / "d1"};
  auto const done = b.run(work_order(o, commits_of("a") + " && git checkout -q -b side && " +
                                            commits_of("b") + " && git checkout -q - && " +
                                            commits_of("c") + " && git merge -q --no-edit side"));
  INFO(done.end.summary);
  REQUIRE(done.end.how == link::outcome::done);
  CHECK(done.end.proof.commits.size() == 4); // a, b, c and their merge
  auto const theirs = o.commit({{"other.txt", "theirs\n"}}, "main", "theirs");
  auto const more =
      b.run(work_order(o, "git fetch -q origin; git merge -q --no-edit " + theirs, 2));
  INFO(more.end.summary);
  REQUIRE(more.end.how == link::outcome::done);
  CHECK(more.end.proof.base == theirs);
  auto const& all = more.end.proof.commits;
  CHECK(all == between(o, theirs, "agent/b1-1"));
  CHECK(std::find(all.begin(), all.end(), theirs) == all.end());
  CHECK(all.size() == 5);
}

TEST_CASE("evidence: of very many commits the newest are named and the others counted",
          "[daemon]") {
  scratch const s;
  origin o{s.path()};
  bench b{s / "d1"};
  auto const many = evidence::max_commits + 23;
  auto const done = b.run(work_order(
      o, "i=0; while [ $i -lt " + std::to_string(many) +
             " ]; do git commit -q --allow-empty -m \"$i\" || exit 3; i=$((i+1)); done; " +
             "echo x > x.txt; git add .; git commit -qm last"));
  INFO(done.end.summary);
  REQUIRE(done.end.how == link::outcome::done);
  auto const all = between(o, o.head("main"), "agent/b1-1");
  REQUIRE(all.size() == many + 1);
  auto const& named = done.end.proof.commits;
  REQUIRE(named.size() == evidence::max_commits);
  CHECK(std::equal(named.begin(), named.end(), all.begin() + 24));
  CHECK(done.end.proof.commits_left_out == 24);
}
