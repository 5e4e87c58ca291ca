#include "actors/domain/budget.hpp"
#include "tests/domain/live.hpp"
#include "tests/domain/property.hpp"
#include "tests/domain/ticket_subject.hpp"
#include "tests/domain/wander.hpp"

using namespace troupe;
using namespace troupe::test;

namespace {

char const* const scope = "ticket:k3f9q2mx-1@k3f9q2mx.r1";

struct paid_ticket : ticket_subject {
  paid_ticket() {
    auto c = make_open();
    c.limits = {{"project:tally", 0}, {"run:k3f9q2mx.r1", 1000}, {scope, 500}};
    c.attempt_micros = 20;
    does(c);
  }
  void fund() { does(ticket::fund{now_is().money->id}); }
  void paid_hold(std::string agent = "tally.dev-ada", std::string daemon = "d-1") {
    fund();
    hold(std::move(agent), std::move(daemon));
  }
  ticket::finish late(std::int64_t token, std::int64_t cost) const {
    auto f = work("late" + std::to_string(token));
    f.report.token = token;
    f.report.used.cost_micros = cost;
    return f;
  }
  /// What the budget is told to charge without a reservation.
  [[nodiscard]] std::vector<budget::charge> charges() const {
    std::vector<budget::charge> out;
    for (auto const& o : wants()) {
      auto const* t = std::get_if<tell>(&o.what);
      auto const* to_budget = t != nullptr ? std::get_if<budget::command>(&t->command) : nullptr;
      auto const* c = to_budget != nullptr ? std::get_if<budget::charge>(to_budget) : nullptr;
      if (c != nullptr && !c->scope.empty())
        out.push_back(*c);
    }
    return out;
  }
  void lose() { does(ticket::lose{now_is().last_token, "gone"}); }
};

/// All that a late report must leave alone.
std::string but_for_money(ticket::state s) {
  s.version = 0;
  s.bills.clear();
  s.used = {};
  auto& seen = s.seen.change();
  seen.orphans.clear();
  seen.owed.clear();
  s.counted.reservations = 0;
  s.money.change().id.clear();
  return json::canonical(json::to(s));
}

} // namespace

TEST_CASE("late cost: what a lost attempt spent is charged once, and nothing else happens",
          "[domain]") {
  paid_ticket t;
  t.paid_hold();
  t.lose();
  t.paid_hold("tally.dev-bob", "d-2");
  auto const before = t.now_is();
  t.does(t.late(1, 17));
  CHECK(t.names() == std::vector<std::string>{"orphaned"});
  CHECK(but_for_money(t.now_is()) == but_for_money(before));
  REQUIRE(t.charges().size() == 1);
  CHECK(t.charges()[0].spent == 17);
  CHECK(t.charges()[0].scope == scope);
  CHECK(t.now_is().used.cost_micros == 17);
  // Said again, also with another number: known.
  CHECK(t.does(t.late(1, 17)) == 0);
  CHECK(t.does(t.late(1, 99)) == 0);
  CHECK(t.charges().size() == 1);
  t.does(settle{"bill:" + t.charges()[0].id, {}});
  CHECK(t.does(t.late(1, 17)) == 0);
  CHECK(t.charges().empty());
}

TEST_CASE("late cost: another daemon cannot spend for a lost attempt", "[domain]") {
  paid_ticket t;
  t.paid_hold();
  t.lose();
  t.paid_hold("tally.dev-bob", "d-2");
  for (auto const* who : {"daemon:d-2", "daemon:d-3"})
    CHECK(t.refused(t.late(1, 400), who) == errc::forbidden);
  CHECK(t.charges().empty());
  CHECK(t.now_is().used.cost_micros == 0);
  t.does(t.late(1, 17), "daemon:d-1"); // the right one is still heard
  REQUIRE(t.charges().size() == 1);
  CHECK(t.charges()[0].spent == 17);
}

TEST_CASE("late cost: it is charged wherever the ticket stands by then", "[domain]") {
  paid_ticket t;
  t.paid_hold();
  SECTION("cancelled while it was worked on") {
    t.does(ticket::cancel{"enough"});
    t.does(t.late(1, 9));
    CHECK(t.now_is().is == ticket::status::CANCELLED);
  }
  SECTION("over, and its run knows") {
    t.does(ticket::cancel{"enough"});
    t.does(settle{"report", {}});
    for (auto const& o : t.wants())
      t.does(settle{o.key, {}});
    CHECK(t.wants().empty());
    t.does(t.late(1, 9));
  }
  SECTION("the lease was not renewed in time") {
    t.now += std::chrono::seconds{61};
    t.does(tick{});
    t.does(t.late(1, 9));
  }
  SECTION("a cancelled attempt's own last words") {
    t.lose();
    auto f = t.late(1, 9);
    f.report.how = link::outcome::cancelled;
    t.does(f);
  }
  REQUIRE(t.charges().size() == 1);
  CHECK(t.charges()[0].spent == 9);
}

TEST_CASE("late cost: the run that had the attempt pays, not the one that goes on", "[domain]") {
  paid_ticket t;
  t.paid_hold();
  t.does(ticket::run_changed{false, 1});
  auto c = make_open();
  c.run = run_id{"k3f9q2mx.r2"};
  c.continues = run_id{"k3f9q2mx.r1"};
  c.limits = {
      {"project:tally", 0}, {"run:k3f9q2mx.r2", 1000}, {"ticket:k3f9q2mx-1@k3f9q2mx.r2", 500}};
  c.attempt_micros = 20;
  t.does(c);
  t.lose();
  t.does(t.late(1, 9));
  REQUIRE(t.charges().size() == 1);
  CHECK(t.charges()[0].scope == scope);
}

TEST_CASE("late cost: without a limit, a price or a cost there is nothing to charge", "[domain]") {
  SECTION("no limit") {
    ticket_subject t{standard_stages()};
    t.hold();
    t.does(ticket::lose{1, "gone"});
    auto late = t.work("late");
    late.report.token = 1;
    late.report.used.cost_micros = 9;
    t.does(late);
    CHECK(t.now_is().bills.empty());
    CHECK(t.now_is().used.cost_micros == 9);
  }
  SECTION("no cost") {
    paid_ticket t;
    t.paid_hold();
    t.lose();
    t.does(t.late(1, 0));
    CHECK(t.charges().empty());
  }
  SECTION("declined, so nothing was begun") {
    paid_ticket t;
    t.fund();
    t.grant();
    t.does(ticket::decline{1, reason::workspace_busy, "no slot"});
    CHECK(t.does(t.late(1, 9)) == 0);
    CHECK(t.charges().empty());
  }
  SECTION("reported in time and again") {
    paid_ticket t;
    t.paid_hold();
    auto const f = t.late(1, 9);
    t.does(f);
    CHECK(t.does(f) == 0);
    CHECK(t.charges().empty());
  }
}

TEST_CASE("late cost: each of several lost attempts is charged once", "[domain][property]") {
  holds("reports of lost attempts in any order, doubled", 150, [] {
    paid_ticket t;
    std::map<std::int64_t, std::int64_t> cost;
    int const attempts = pick(6) + 1;
    std::vector<std::int64_t> reports;
    for (int i = 0; i < attempts; ++i) {
      t.paid_hold();
      auto const token = t.now_is().last_token;
      cost[token] = pick(30);
      t.lose();
      for (int n = pick(3); n >= 0; --n)
        reports.push_back(token);
      t.now += std::chrono::minutes{10};
    }
    std::set<std::int64_t> told;
    live<budget_domain> b{"project:tally"};
    b.does(budget::grant{"project:tally", {}, 5, "g1"});
    b.does(budget::grant{"run:k3f9q2mx.r1", "project:tally", 1000, "g2"});
    b.does(budget::grant{scope, "run:k3f9q2mx.r1", 500, "g3"});
    std::int64_t sum = 0;
    while (!reports.empty()) {
      auto const at = static_cast<std::size_t>(pick(static_cast<int>(reports.size())));
      auto const token = reports[at];
      reports.erase(reports.begin() + static_cast<std::ptrdiff_t>(at));
      t.does(t.late(token, cost[token]));
      if (told.insert(token).second)
        sum += cost[token];
      for (auto const& c : t.charges()) {
        b.does(c);
        if (pick(2) == 0)
          b.does(c); // delivered twice
        if (pick(2) == 0)
          t.does(settle{"bill:" + c.id, {}});
      }
    }
    for (auto const& c : t.charges())
      b.does(c);
    RC_ASSERT(b.s.scopes.at("project:tally").spent == sum);
    RC_ASSERT(b.s.scopes.at("project:tally").overrun == sum);
    RC_ASSERT(t.now_is().used.cost_micros == sum);
    RC_ASSERT(t.now_is().seen->owed.size() ==
              static_cast<std::size_t>(std::count_if(cost.begin(), cost.end(),
                                                     [](auto const& x) { return x.second == 0; })));
    b.check_replay();
  });
}

TEST_CASE("budget: a charge without a reservation is overrun, once, in all scopes", "[domain]") {
  live<budget_domain> b{"project:tally"};
  b.does(budget::grant{"project:tally", {}, 100, "g1"});
  b.does(budget::grant{"run:r1", "project:tally", 50, "g2"});
  CHECK(b.does(budget::charge{"t1.money2", 30, "run:r1"}).size() == 1);
  CHECK(b.does(budget::charge{"t1.money2", 30, "run:r1"}).empty());
  for (auto const* at : {"run:r1", "project:tally"}) {
    CHECK(b.s.scopes.at(at).spent == 30);
    CHECK(b.s.scopes.at(at).overrun == 30);
    CHECK(b.s.scopes.at(at).reserved == 0);
  }
  CHECK(outcome(b.send(budget::charge{"t1.money2", 31, "run:r1"})) == "conflict");
  CHECK(outcome(b.send(budget::charge{"t1.money3", 1, "run:r9"})) == "not_found");
  CHECK(outcome(b.send(budget::charge{"t1.money3", -1, "run:r1"})) == "invalid_argument");
  CHECK(outcome(b.send(budget::charge{"", 1, "run:r1"})) == "not_found");
  // Money that is gone is gone for who comes next.
  b.does(budget::charge{"t1.money3", 25, "run:r1"});
  CHECK(b.s.scopes.at("run:r1").level == budget::status::exhausted);
  CHECK(outcome(b.send(budget::reserve{"t2.money1", "run:r1", 1})) == "conflict");
  b.check_replay();
}

TEST_CASE("budget: what is over is forgotten by a bound, and has no effect when it comes again",
          "[domain]") {
  live<budget_domain> b{"project:tally"};
  b.does(budget::grant{"project:tally", {}, 1'000'000, "g1"});
  constexpr int tickets = 40;
  constexpr int each = 30;
  auto const id = [](int t, int n) {
    return "t" + std::to_string(t) + ".money" + std::to_string(n);
  };
  for (int n = 1; n <= each; ++n) {
    for (int t = 0; t < tickets; ++t) {
      b.does(budget::reserve{id(t, n), "project:tally", 10});
      if (n % 3 == 0)
        b.does(budget::release{id(t, n), true});
      else
        b.does(budget::charge{id(t, n), 4});
    }
  }
  CHECK(b.s.over.size() == budget::max_over);
  CHECK(b.s.holds.size() == budget::max_over);
  CHECK(b.s.forgotten.size() == tickets);
  auto const account = b.s.scopes.at("project:tally");
  CHECK(account.reserved == 0);
  CHECK(account.spent == tickets * each / 3 * 2 * 4);
  auto const version = b.s.version;
  for (int n = 1; n <= each; ++n) {
    for (int t = 0; t < tickets; ++t) {
      (void)b.send(budget::reserve{id(t, n), "project:tally", 10});
      (void)b.send(budget::charge{id(t, n), 4});
      (void)b.send(budget::charge{id(t, n), 4, "project:tally"});
      (void)b.send(budget::release{id(t, n), true});
    }
  }
  CHECK(b.s.version == version);
  CHECK(b.s.scopes.at("project:tally") == account);
  // The next of a series is a new one.
  b.does(budget::reserve{id(0, each + 1), "project:tally", 10});
  CHECK(b.s.scopes.at("project:tally").reserved == 10);
  b.check_replay();
}

TEST_CASE("budget: a reservation is heard though a later number of its series is forgotten",
          "[domain]") {
  live<budget_domain> b{"project:tally"};
  b.does(budget::grant{"project:tally", {}, 1'000'000, "g1"});
  auto forget_all = [&, n = 0]() mutable {
    for (std::size_t i = 0; i <= budget::max_over; ++i) {
      auto const id = "x" + std::to_string(++n) + ".money1";
      b.does(budget::reserve{id, "project:tally", 1});
      b.does(budget::charge{id, 1});
    }
  };
  budget::reserve first{"t1.money1", "project:tally", 10};
  b.does(first);
  b.does(budget::charge{"t1.money1", 5});
  // A late report's cost took the third number; the second is still under way.
  b.does(budget::charge{"t1.money3", 7, "project:tally"});
  forget_all();
  REQUIRE_FALSE(b.s.holds.contains("t1.money3"));
  CHECK(b.does(first).empty());
  CHECK(b.does(budget::charge{"t1.money3", 7, "project:tally"}).empty());
  budget::reserve second{"t1.money2", "project:tally", 10};
  second.ticket = ticket_id{"t1"};
  SECTION("it comes, and its ticket hears of it") {
    b.does(second);
    CHECK(b.owed("fund:t1.money2").has_value());
    b.does(budget::charge{"t1.money2", 4});
    forget_all();
    REQUIRE_FALSE(b.s.holds.contains("t1.money2"));
    CHECK(b.does(second).empty());
    CHECK(b.does(budget::charge{"t1.money2", 4}).empty());
    CHECK(b.does(budget::charge{"t1.money3", 7, "project:tally"}).empty());
  }
  SECTION("it is given back before it comes: then it holds nothing") {
    b.does(budget::release{"t1.money2", true});
    CHECK(b.does(second).empty());
    forget_all();
    CHECK(b.does(second).empty());
    CHECK(b.does(budget::release{"t1.money2", true}).empty());
  }
  CHECK(b.s.scopes.at("project:tally").reserved == 0);
  b.check_replay();
}

TEST_CASE("budget: what is reserved is never forgotten, however long it takes", "[domain]") {
  live<budget_domain> b{"project:tally"};
  b.does(budget::grant{"project:tally", {}, 1'000'000, "g1"});
  b.does(budget::reserve{"slow.money1", "project:tally", 10});
  for (int n = 1; n <= 3000; ++n) {
    auto const id = "t" + std::to_string(n) + ".money1";
    b.does(budget::reserve{id, "project:tally", 10});
    b.does(budget::charge{id, 10});
  }
  CHECK(b.s.forgotten.size() == budget::max_forgotten);
  CHECK(b.s.holds.size() == budget::max_over + 1);
  b.does(budget::charge{"slow.money1", 7});
  CHECK(b.s.scopes.at("project:tally").spent == 30007);
  CHECK(b.s.scopes.at("project:tally").reserved == 0);
}
