#include "actors/domain/budget.hpp"
#include "tests/domain/ledger.hpp"
#include "tests/domain/live.hpp"

using namespace troupe;
using namespace troupe::test;

namespace {

ticket::open limited() {
  auto c = make_open();
  c.limits = {
      {"project:tally", 0}, {"run:k3f9q2mx.r1", 100}, {"ticket:k3f9q2mx-1@k3f9q2mx.r1", 50}};
  c.attempt_micros = 20;
  return c;
}

struct limited_ticket : ticket_subject {
  limited_ticket() { does(limited()); }
  budget::command to_budget(std::string const& key) const {
    auto const o = wanted(key);
    auto const& t = std::get<tell>(o.what);
    CHECK(t.to.kind == entity_kind::budget);
    CHECK(t.to.id == "project:tally");
    return std::get<budget::command>(t.command);
  }
  void fund() { does(ticket::fund{now_is().money->id}); }
};

budget::reserve want(std::string id, std::int64_t amount) {
  budget::reserve c;
  c.id = std::move(id);
  c.scope = "ticket:t1@r1";
  c.amount = amount;
  c.path = {{"project:tally", 0}, {"run:r1", 100}, {"ticket:t1@r1", 50}};
  c.ticket = ticket_id{"t1"};
  return c;
}

} // namespace

TEST_CASE("money: without a limit there is no word about it", "[domain]") {
  ticket_subject t{standard_stages()};
  t.to_done();
  CHECK(t.now_is().bills.empty());
  CHECK(t.now_is().counted.reservations == 0);
  CHECK(budget::limits_of({}, project_id{"p"}, run_id{"r"}, ticket_id{"t"}).empty());
}

TEST_CASE("money: the root is the outermost scope that has a limit", "[domain]") {
  work_limits l;
  l.ticket_budget_micros = 30;
  auto const one = budget::limits_of(l, project_id{"p"}, run_id{"r"}, ticket_id{"t"});
  REQUIRE(one.size() == 1);
  CHECK(one.front().scope == "ticket:t");
  CHECK(budget::attempt_amount(l) == 3);
  l.run_budget_micros = 400;
  l.budget_micros = 1000;
  l.attempt_budget_micros = 7;
  auto const all = budget::limits_of(l, project_id{"p"}, run_id{"r"}, ticket_id{"t"});
  REQUIRE(all.size() == 3);
  CHECK(all[0].scope == "project:p");
  CHECK(all[0].micros == 0); // the project opens its own
  CHECK(all[1].scope == "run:r");
  CHECK(all[2].scope == "ticket:t@r");
  CHECK(budget::attempt_amount(l) == 7);
}

TEST_CASE("money: no lease before the reservation, and no offer either", "[domain]") {
  limited_ticket t;
  CHECK_FALSE(t.wants("offer:0:develop"));
  auto const r = std::get<budget::reserve>(t.to_budget("reserve:"));
  CHECK(r.amount == 20);
  CHECK(r.path.size() == 3);
  CHECK(t.refused(t.make_grant()) == errc::conflict);
  t.fund();
  CHECK(t.does(ticket::fund{t.now_is().money->id}) == 0);
  CHECK(t.wants("offer:0:develop"));
  t.hold();
  auto report = t.work();
  report.report.used.cost_micros = 12;
  auto const id = t.now_is().money->id;
  t.does(report);
  auto const c = std::get<budget::charge>(t.to_budget("bill:" + id));
  CHECK(c.spent == 12);
  t.does(settle{"bill:" + id, {}});
  CHECK(t.now_is().bills.empty());
  // The review has its own price; gates and merge have none.
  CHECK(t.now_is().money->id != id);
  t.fund();
  t.hold("tally.lead");
  t.does(t.verdict(true));
  CHECK(t.wants("offer:2:gates"));
}

TEST_CASE("money: a lost attempt gives back, a failed one is charged with what it says",
          "[domain]") {
  limited_ticket t;
  t.fund();
  t.hold();
  auto const first = t.now_is().money->id;
  t.does(ticket::lose{1, "gone"});
  CHECK(std::get<budget::release>(t.to_budget("bill:" + first)).for_good);
  t.fund();
  t.hold();
  auto const second = t.now_is().money->id;
  auto f = t.failure(reason::provider_server);
  f.report.used.cost_micros = 5;
  t.does(f);
  CHECK(std::get<budget::charge>(t.to_budget("bill:" + second)).spent == 5);
}

TEST_CASE("money: where the ticket's own is used up a person is waited for, with a deadline",
          "[domain]") {
  limited_ticket t;
  auto const id = t.now_is().money->id;
  t.does(ticket::refuse_funds{id, t.now_is().limits.back().scope, "too little"});
  CHECK(t.does(ticket::refuse_funds{id, t.now_is().limits.back().scope, "too little"}) == 0);
  REQUIRE(t.now_is().waits.size() == 1);
  auto const w = t.now_is().waits.front();
  CHECK(w.owner.value == "role:approver");
  CHECK(w.action.find("grant money") == 0);
  CHECK(w.deadline == t.now + ticket::money_patience);
  SECTION("granted") {
    t.fund();
    CHECK(t.now_is().waits.empty());
    CHECK(t.wants("offer:0:develop"));
  }
  SECTION("nobody grants") {
    t.now += ticket::money_patience;
    t.does(tick{});
    CHECK(t.now_is().is == ticket::status::CANCELLED);
    CHECK(std::holds_alternative<budget::release>(t.to_budget("bill:" + id)));
  }
}

TEST_CASE("money: where the run's is used up the run is stopped", "[domain]") {
  limited_ticket t;
  t.does(ticket::refuse_funds{t.now_is().money->id, "run:k3f9q2mx.r1", "too little"});
  CHECK(t.now_is().waits.empty());
  auto const o = t.wanted("overspent:");
  CHECK(o.acknowledge);
  auto const c = std::get<run::stop>(std::get<run::command>(std::get<tell>(o.what).command));
  CHECK(c.how == run::status::STOPPED_BUDGET);
  // The run rests: what was asked for is given back, and asked for again when it goes on.
  auto const id = t.now_is().money->id;
  t.does(ticket::run_changed{false, 1});
  CHECK(t.wants("bill:" + id));
  t.does(ticket::run_changed{true, 2});
  CHECK(t.now_is().money->id != id);
}

TEST_CASE("money: another run takes a ticket over with its own limits", "[domain]") {
  limited_ticket t;
  t.does(ticket::run_changed{false, 1, run_id{"k3f9q2mx.r1"}});
  auto c = limited();
  c.run = run_id{"k3f9q2mx.r2"};
  CHECK(t.refused(c) == errc::conflict); // it does not say that it continues the other
  c.continues = run_id{"k3f9q2mx.r1"};
  c.limits[1].scope = "run:k3f9q2mx.r2";
  t.does(c);
  CHECK(t.does(c) == 0);
  CHECK(t.now_is().run.value == "k3f9q2mx.r2");
  CHECK(t.now_is().is == ticket::status::ready);
  CHECK(std::get<budget::reserve>(t.to_budget("reserve:")).path[1].scope == "run:k3f9q2mx.r2");
  // The first run has nothing to say any more.
  CHECK(t.does(ticket::run_changed{false, 9, run_id{"k3f9q2mx.r1"}}) == 0);
  // One that is over says so to the new run, too.
  t.does(ticket::cancel{"enough"});
  t.does(settle{"report:k3f9q2mx.r2", {}});
  c.continues = c.run;
  c.run = run_id{"k3f9q2mx.r3"};
  t.does(c);
  CHECK(std::get<tell>(t.wanted("report:k3f9q2mx.r3").what).to.id == "k3f9q2mx.r3");
  // What the run before acknowledges late settles nothing.
  t.does(settle{"report:k3f9q2mx.r2", {}});
  CHECK(std::get<tell>(t.wanted("report:k3f9q2mx.r3").what).to.id == "k3f9q2mx.r3");
}

TEST_CASE("money: what waits is served in order when others give back", "[domain]") {
  live<budget_domain> b{"project:tally"};
  CHECK(outcome(b.send(want("m1", 40))) == "not_found"); // the project has not opened it yet
  b.does(budget::grant{"project:tally", {}, 1000, "g1"});
  b.does(want("m1", 40));
  CHECK(b.owed("fund:m1"));
  b.does(want("m2", 20)); // 10 are left in the ticket's scope
  CHECK_FALSE(b.owed("fund:m2"));
  CHECK_FALSE(b.owed("refuse:m2")); // m1 may use less
  b.does(budget::charge{"m1", 5});
  CHECK(b.owed("fund:m2"));
  b.settle_all();
  CHECK(b.owes().empty());
  b.check_replay();
}

TEST_CASE("money: an exhausted scope is said once, and a grant serves who waited", "[domain]") {
  live<budget_domain> b{"project:tally"};
  b.does(budget::grant{"project:tally", {}, 1000, "g1"});
  b.does(want("m1", 40));
  b.does(budget::charge{"m1", 40});
  CHECK(b.s.scopes.at("ticket:t1@r1").level == budget::status::warned);
  b.does(want("m2", 20));
  auto const o = b.owed("refuse:m2:ticket:t1@r1");
  REQUIRE(o.has_value());
  CHECK(b.s.scopes.at("ticket:t1@r1").level == budget::status::exhausted);
  b.does(settle{o->key, {}});
  CHECK(b.owes().empty());
  b.does(budget::grant{"ticket:t1@r1", "run:r1", 5, "g2"}); // still too little
  CHECK(b.owed("refuse:m2:ticket:t1@r1"));
  CHECK(b.s.scopes.at("ticket:t1@r1").level == budget::status::exhausted);
  b.does(budget::grant{"ticket:t1@r1", "run:r1", 50, "g3"});
  CHECK(b.owed("fund:m2"));
  CHECK(b.s.scopes.at("ticket:t1@r1").level == budget::status::open);
  b.check_replay();
}

TEST_CASE("money: whoever is refused is told the sum, and the command that grants more",
          "[domain]") {
  live<budget_domain> b{"project:tally"};
  b.does(budget::grant{"project:tally", {}, 1'000'000, "g1"});
  auto const told = [&](std::string const& key) {
    auto const o = b.owed(key);
    REQUIRE(o.has_value());
    return std::get<ticket::refuse_funds>(
               std::get<ticket::command>(std::get<tell>(o->what).command))
        .why;
  };
  b.does(want("m1", 50));
  b.does(budget::charge{"m1", 40});
  b.does(want("m2", 20));
  CHECK(told("refuse:m2:ticket:t1@r1") ==
        "ticket:t1@r1 cannot pay for another attempt of 0.00002; grant it more: `troupe budget "
        "grant project:tally --amount MONEY --scope ticket:t1@r1`");
  budget::reserve much;
  much.id = "m3";
  much.scope = "project:tally";
  much.amount = 1'500'000;
  much.ticket = ticket_id{"t2"};
  b.does(much);
  CHECK(told("refuse:m3:project:tally") ==
        "project:tally cannot pay for another attempt of 1.50; grant it more: `troupe budget "
        "grant project:tally --amount MONEY`");
}

TEST_CASE("money: given back before it was asked for, a reservation has no effect", "[domain]") {
  live<budget_domain> b{"project:tally"};
  b.does(budget::grant{"project:tally", {}, 1000, "g1"});
  b.does(budget::release{"m1", true});
  CHECK(b.does(want("m1", 40)).empty());
  CHECK(b.owes().empty());
  b.does(want("m2", 60)); // more than the ticket ever had: it waits
  b.does(budget::release{"m2", true});
  CHECK(b.s.wanted.empty());
  CHECK(b.owes().empty());
}

TEST_CASE("checker: invariant 3, no lease without its reservation", "[domain]") {
  auto const t = ticket_ref();
  auto e = make_opened();
  e.limits = {{"project:tally", 0}};
  e.attempt_micros = 20;
  SECTION("the ticket was never told") {
    ledger l;
    REQUIRE(l.add(t, e).empty());
    REQUIRE(l.add(t, placed(ticket::status::ready)).empty());
    CHECK(l.add(t, make_leased(1)).find("invariant 3") != std::string::npos);
  }
  SECTION("the budget never reserved") {
    ledger l;
    REQUIRE(l.add(t, e).empty());
    REQUIRE(l.add(t, placed(ticket::status::ready)).empty());
    ticket::funded f;
    f.token = 1;
    REQUIRE(l.add(t, f).empty());
    CHECK(l.add(t, make_leased(1)).find("invariant 3") != std::string::npos);
  }
}
