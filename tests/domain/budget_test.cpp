#include "live.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::test;

namespace {

using budget_entity = live<budget_domain>;
using status = budget::status;

struct steps {
  budget_entity b{"project:tally"};

  steps() {
    b.does(budget::grant{"project:tally", {}, 1000, "g1"});
    b.does(budget::grant{"run:r1", "project:tally", 800, "g2"});
    b.does(budget::grant{"ticket:t1", "run:r1", 500, "g3"});
  }
  budget::account at(std::string const& scope) const { return b.s.scopes.at(scope); }
};

} // namespace

TEST_CASE("budget: a reservation counts in the scope and in all that contain it", "[domain]") {
  steps t;
  t.b.does(budget::reserve{"a1", "ticket:t1", 300});
  CHECK(t.b.does(budget::reserve{"a1", "ticket:t1", 300}).empty());
  for (auto const* scope : {"ticket:t1", "run:r1", "project:tally"})
    CHECK(t.at(scope).reserved == 300);
  t.b.does(budget::charge{"a1", 200});
  for (auto const* scope : {"ticket:t1", "run:r1", "project:tally"}) {
    CHECK(t.at(scope).reserved == 0);
    CHECK(t.at(scope).spent == 200);
  }
  CHECK(t.b.does(budget::charge{"a1", 200}).empty());
  t.b.check_replay();
}

TEST_CASE("budget: too little left anywhere above refuses, and says where", "[domain]") {
  steps t;
  t.b.does(budget::grant{"ticket:t2", "run:r1", 5000, "g4"});
  auto const r = t.b.send(budget::reserve{"a1", "ticket:t2", 900});
  REQUIRE(r.has_error());
  CHECK(r.error().code == errc::conflict);
  CHECK(r.error().details.at("scope") == "run:r1");
  CHECK(r.error().details.at("left") == 800);
  t.b.does(budget::reserve{"a2", "ticket:t2", 800});
  CHECK(outcome(t.b.send(budget::reserve{"a3", "ticket:t1", 1})) == "conflict");
  t.b.does(budget::release{"a2"});
  t.b.does(budget::reserve{"a3", "ticket:t1", 1});
}

TEST_CASE("budget: 80 % warns, all of it exhausts, a grant opens again", "[domain]") {
  steps t;
  t.b.does(budget::reserve{"a1", "ticket:t1", 400});
  CHECK(t.at("ticket:t1").level == status::open); // reserved is not spent
  t.b.does(budget::charge{"a1", 400});
  CHECK(t.at("ticket:t1").level == status::warned);
  CHECK(t.at("run:r1").level == status::open);
  t.b.does(budget::reserve{"a2", "ticket:t1", 100});
  t.b.does(budget::charge{"a2", 100});
  CHECK(t.at("ticket:t1").level == status::exhausted);
  t.b.does(budget::grant{"ticket:t1", "run:r1", 50, "g5"});
  CHECK(t.at("ticket:t1").level == status::warned);
  t.b.does(budget::grant{"ticket:t1", "run:r1", 500, "g6"});
  CHECK(t.at("ticket:t1").level == status::open);
  CHECK(t.b.does(budget::grant{"ticket:t1", "run:r1", 500, "g6"}).empty());
  t.b.check_replay();
}

TEST_CASE("budget: 80 % is rounded up", "[domain]") {
  budget_entity b{"project:tally"};
  b.does(budget::grant{"project:tally", {}, 107, "g1"});
  b.does(budget::reserve{"a1", "project:tally", 107});
  auto const spent = GENERATE(85, 86); // 80 % is 85.6; a random walk found 85 warned already
  b.does(budget::charge{"a1", spent});
  CHECK(b.s.is == (spent == 86 ? status::warned : status::open));
}

TEST_CASE("budget: more than reserved is charged as it is, recorded, and exhausts", "[domain]") {
  steps t;
  t.b.does(budget::reserve{"a1", "ticket:t1", 100});
  t.b.does(budget::charge{"a1", 1200});
  for (auto const* scope : {"ticket:t1", "run:r1", "project:tally"}) {
    CHECK(t.at(scope).spent == 1200);
    CHECK(t.at(scope).overrun == 1100);
    CHECK(t.at(scope).level == status::exhausted);
  }
  CHECK(t.b.s.is == status::exhausted);
  auto const r = t.b.send(budget::reserve{"a2", "ticket:t1", 1});
  REQUIRE(r.has_error());
  CHECK(r.error().details.at("left") == -700);
}

TEST_CASE("budget: a reservation is charged or released, once", "[domain]") {
  steps t;
  t.b.does(budget::reserve{"a1", "run:r1", 10});
  t.b.does(budget::reserve{"a2", "run:r1", 10});
  t.b.does(budget::charge{"a1", 5});
  t.b.does(budget::release{"a2"});
  CHECK(t.b.does(budget::release{"a2"}).empty());
  CHECK(outcome(t.b.send(budget::charge{"a1", 6})) == "conflict");
  CHECK(outcome(t.b.send(budget::charge{"a2", 5})) == "conflict");
  CHECK(outcome(t.b.send(budget::release{"a1"})) == "conflict");
  CHECK(outcome(t.b.send(budget::reserve{"a1", "run:r1", 11})) == "conflict");
  CHECK(outcome(t.b.send(budget::charge{"a9", 5})) == "not_found");
  CHECK(outcome(t.b.send(budget::release{"a9"})) == "not_found");
}

TEST_CASE("budget: amounts and scopes are checked", "[domain]") {
  steps t;
  CHECK(outcome(t.b.send(budget::grant{"project:x", {}, 1, "g9"})) == "conflict");
  CHECK(outcome(t.b.send(budget::grant{"ticket:t1", "project:tally", 1, "g9"})) == "conflict");
  CHECK(outcome(t.b.send(budget::grant{"ticket:t9", "run:r9", 1, "g9"})) == "not_found");
  CHECK(outcome(t.b.send(budget::grant{"run:r1", "project:tally", -1, "g9"})) ==
        "invalid_argument");
  CHECK(outcome(t.b.send(budget::reserve{"a1", "run:r1", -1})) == "invalid_argument");
  CHECK(outcome(t.b.send(budget::reserve{"", "run:r1", 1})) == "invalid_argument");
  CHECK(outcome(t.b.send(budget::reserve{"a1", "run:r9", 1})) == "not_found");
  t.b.does(budget::reserve{"a1", "run:r1", 1});
  CHECK(outcome(t.b.send(budget::charge{"a1", std::numeric_limits<std::int64_t>::max()})) ==
        "invalid_argument");
  budget_entity none{"project:other"};
  CHECK(outcome(none.send(budget::release{"a1"})) == "not_found");
}

TEST_CASE("budget: an empty scope holds nothing back but money", "[domain]") {
  steps t;
  t.b.does(budget::grant{"ticket:t2", "run:r1", 0, "g4"});
  t.b.does(budget::reserve{"a1", "ticket:t2", 0});
  t.b.does(budget::charge{"a1", 0});
  CHECK(t.at("ticket:t2").level == status::open);
}
