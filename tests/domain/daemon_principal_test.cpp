#include "live.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::test;

namespace {

using daemon_entity = live<daemon_domain>;
using principal_entity = live<principal_domain>;

daemon::connect a_link(std::int32_t slots = 2) {
  return {"s1", slots, {{"command", "", 2}}, {"tally"}};
}

principal::issue a_code(principal::credential kind = principal::credential::code) {
  principal::issue c;
  c.who = principal_id{"daemon:d-12345678"};
  c.kind = kind;
  c.secret_hash = std::string(64, 'a');
  c.roles = {principal::role::daemon};
  return c;
}

} // namespace

TEST_CASE("daemon: goes online, is missed, comes back with the same identity", "[domain]") {
  using status = daemon::status;
  daemon_entity d{"d-12345678"};
  CHECK(outcome(d.send(a_link())) == "not_found");
  d.does(daemon::enroll{"laptop"});
  CHECK(d.does(daemon::enroll{"laptop"}).empty());
  CHECK(outcome(d.send(daemon::enroll{"other"})) == "conflict");
  CHECK(outcome(d.send(daemon::drain{})) == "conflict");
  d.does(a_link());
  CHECK(d.s.is == status::online);
  CHECK(d.does(a_link()).empty()); // nothing new: nothing is written
  d.does(daemon::suspect{});
  CHECK(d.s.is == status::suspect);
  d.does(a_link());
  CHECK(d.s.is == status::online);
  CHECK(d.does(daemon::disconnect{}).size() == 2);
  CHECK(d.s.is == status::offline);
  CHECK(d.does(daemon::disconnect{}).empty());
  CHECK(d.does(daemon::suspect{}).empty());
  d.does(a_link(4));
  CHECK(d.s.slots == 4);
  CHECK(d.s.name == "laptop");
  CHECK(d.owes().empty());
  d.check_replay();
}

TEST_CASE("daemon: drains until its process ends", "[domain]") {
  using status = daemon::status;
  daemon_entity d{"d-12345678"};
  d.does(daemon::enroll{"laptop"});
  d.does(a_link());
  d.does(daemon::drain{});
  CHECK(d.s.is == status::draining);
  CHECK(d.does(daemon::drain{}).empty());
  d.does(a_link(1)); // the link was lost for a moment
  CHECK(d.s.is == status::draining);
  d.does(daemon::disconnect{});
  CHECK(d.s.is == status::offline);
  d.does(a_link()); // still the same process
  CHECK(d.s.is == status::draining);
  d.does(daemon::disconnect{});
  auto next = a_link();
  next.process = "p2";
  d.does(next);
  CHECK(d.s.is == status::online);
  CHECK_FALSE(d.s.drained);
  d.does(daemon::disconnect{});
  d.does(next);
  CHECK(d.s.is == status::online);
  d.check_replay();
}

TEST_CASE("daemon: one spool may see many processes", "[domain]") {
  using status = daemon::status;
  daemon_entity d{"d-12345678"};
  d.does(daemon::enroll{"laptop"});
  auto one = a_link();
  one.process = "p1";
  auto two = a_link();
  two.process = "p2";
  d.does(one);
  d.does(daemon::drain{});
  SECTION("the server was killed meanwhile: nobody saw the link end") {
    CHECK(d.does(one).empty());
    CHECK(d.s.is == status::draining);
    CHECK(d.does(two).size() == 2); // over offline: draining has no other end
    CHECK(d.s.is == status::online);
  }
  SECTION("the link ended") {
    d.does(daemon::disconnect{});
    CHECK(d.s.is == status::offline);
    CHECK(d.does(one).size() == 2); // online first: it is the only way
    CHECK(d.s.is == status::draining);
    CHECK(d.does(one).empty());
    d.does(daemon::disconnect{});
    d.does(two);
    CHECK(d.s.is == status::online);
    d.does(daemon::disconnect{});
    d.does(one); // a copy of the machine that was drained once
    CHECK(d.s.is == status::online);
  }
  d.check_replay();
}

TEST_CASE("daemon: once revoked it never connects again", "[domain]") {
  daemon_entity d{"d-12345678"};
  d.does(daemon::enroll{"laptop"});
  d.does(a_link());
  d.does(daemon::revoke{"stolen"});
  CHECK(d.does(daemon::revoke{"stolen"}).empty());
  auto const r = d.send(a_link());
  REQUIRE(r.has_error());
  CHECK(r.error().code == errc::conflict);
  CHECK(r.error().details.at("state") == "REVOKED");
  CHECK(outcome(d.send(daemon::enroll{"laptop"})) == "conflict");
}

TEST_CASE("daemon: offers are bounded", "[domain]") {
  daemon_entity d{"d-12345678"};
  CHECK(outcome(d.send(daemon::enroll{""})) == "invalid_argument");
  d.does(daemon::enroll{"laptop"});
  CHECK(outcome(d.send(a_link(GENERATE(0, -1, 257)))) == "invalid_argument");
}

TEST_CASE("principal: a code is good once, and only in its time", "[domain]") {
  using status = principal::status;
  principal_entity p{"0123456789abcdef"};
  CHECK(outcome(p.send(principal::redeem{})) == "not_found");
  auto c = a_code();
  c.expires = p.now + std::chrono::minutes{10};
  p.does(c);
  CHECK(p.does(c).empty());
  CHECK(std::get<troupe::alarm>(p.owed("expires")->what).at == c.expires);
  SECTION("used once") {
    p.does(principal::redeem{});
    CHECK(p.s.is == status::USED);
    CHECK(outcome(p.send(principal::redeem{})) == "conflict");
    CHECK_FALSE(principal::is_good(p.s, p.now));
    CHECK(p.does(principal::revoke{"x"}).empty());
  }
  SECTION("expired, even before the alarm rang") {
    p.now = c.expires;
    CHECK(outcome(p.send(principal::redeem{})) == "conflict");
    CHECK_FALSE(principal::is_good(p.s, p.now));
    p.does(tick{});
    CHECK(p.s.is == status::EXPIRED);
    CHECK(p.does(tick{}).empty());
  }
  SECTION("revoked") {
    p.does(principal::revoke{"mistake"});
    auto const r = p.send(principal::redeem{});
    REQUIRE(r.has_error());
    CHECK(r.error().details.at("state") == "REVOKED");
  }
  CHECK(p.owes().empty());
  p.check_replay();
}

TEST_CASE("principal: a token lives until it is revoked", "[domain]") {
  principal_entity p{"0123456789abcdef"};
  p.does(a_code(principal::credential::token));
  CHECK(p.owes().empty());
  CHECK(outcome(p.send(principal::redeem{})) == "conflict");
  p.now += std::chrono::hours{24 * 3650};
  CHECK(p.does(tick{}).empty());
  CHECK(principal::is_good(p.s, p.now));
  p.does(principal::revoke{"gone"});
  CHECK_FALSE(principal::is_good(p.s, p.now));
}

TEST_CASE("principal: what was watched with a token is kept, each begin and end once", "[domain]") {
  principal_entity code{"0123456789abcdef"};
  code.does(a_code());
  CHECK(outcome(code.send(principal::begin_watch{"w1", "", false})) == "conflict");

  principal_entity p{"0123456789abcdee"};
  CHECK(outcome(p.send(principal::begin_watch{"w1", "", false})) == "not_found");
  p.does(a_code(principal::credential::token));
  CHECK(outcome(p.send(principal::begin_watch{"", "errors", false})) == "invalid_argument");
  p.does(principal::begin_watch{"w1", "errors", true});
  CHECK(p.does(principal::begin_watch{"w1", "errors", true}).empty());
  CHECK(p.does(principal::end_watch{"w2", "client_left", 0}).empty());
  p.does(principal::end_watch{"w1", "client_left", 7});
  CHECK(p.does(principal::end_watch{"w1", "client_left", 7}).empty());
  REQUIRE(p.s.watches.size() == 1);
  CHECK(p.s.watches[0].filter == "errors");
  CHECK(p.s.watches[0].contents);
  CHECK(p.s.watches[0].records == 7);
  CHECK(p.s.watches[0].why == "client_left");

  for (std::size_t i = 0; i < principal::most_open_watches; ++i)
    p.does(principal::begin_watch{"open" + std::to_string(i), "", false});
  CHECK(outcome(p.send(principal::begin_watch{"more", "", false})) == "busy");
  for (std::size_t i = 0; i < 2 * principal::most_known_watches; ++i) {
    auto const id = "again" + std::to_string(i);
    p.does(principal::end_watch{i == 0 ? "open0" : "again" + std::to_string(i - 1), "x", 0});
    p.does(principal::begin_watch{id, "", false});
  }
  CHECK(p.s.watches.size() == principal::most_known_watches);
  p.does(principal::revoke{"gone"});
  CHECK(outcome(p.send(principal::begin_watch{"late", "", false})) == "conflict");
  // What is open is ended all the same.
  CHECK(p.does(principal::end_watch{"open1", "token_ended", 0}).size() == 1);
  p.check_replay();
}

TEST_CASE("principal: what says too little is refused", "[domain]") {
  principal_entity p{"0123456789abcdef"};
  auto c = a_code();
  SECTION("nobody") {
    c.who = {};
  }
  SECTION("the secret instead of its hash") {
    c.secret_hash = "hunter2";
  }
  SECTION("no role") {
    c.roles.clear();
  }
  CHECK(outcome(p.send(c)) == "invalid_argument");
}
