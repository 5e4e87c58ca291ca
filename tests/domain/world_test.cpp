#include "tests/domain/property.hpp"
#include "tests/domain/world.hpp"

using namespace troupe;
using namespace troupe::test;

namespace {

void must_be_well(world const& w) {
  if (w.problems().empty())
    return;
  std::string text = w.story();
  for (auto const& p : w.problems())
    text += "PROBLEM " + p + "\n";
  RC_FAIL(text);
}

} // namespace

TEST_CASE("world: the invariants hold and all work ends, whatever is lost, doubled or late",
          "[domain][property]") {
  int ended = 0;
  int completed = 0;
  int stopped = 0;
  int late_costs = 0;
  int strangers = 0;
  int redacted = 0;
  std::set<int> examined;
  std::uint64_t events = 0;
  holds("whole team with faults", 120, [&] {
    world_options o;
    o.seed = *rc::gen::arbitrary<std::uint64_t>();
    o.items = *rc::gen::inRange(1, 7);
    o.preset = *rc::gen::element<std::string>("solo", "standard", "company");
    o.two_tenants = *rc::gen::inRange(0, 5) == 0;
    o.limits = *rc::gen::arbitrary<bool>();
    auto const steps = *rc::gen::inRange(0, 3000);
    world w{o};
    w.disturb(steps);
    must_be_well(w);
    w.calm();
    must_be_well(w);
    w.look_back();
    must_be_well(w);
    for (auto const* b : w.all<brief_domain>()) {
      ++ended;
      completed += b->is == brief::status::COMPLETED ? 1 : 0;
    }
    for (auto const* r : w.all<run_domain>())
      stopped += r->is == run::status::STOPPED_BUDGET && !r->next.empty() ? 1 : 0;
    events += w.events();
    late_costs += w.late_costs();
    strangers += w.strangers();
    redacted += w.redacted();
    examined.insert(w.examined().begin(), w.examined().end());
  });
  INFO(ended << " briefs ended, " << completed << " completed, " << events << " events");
  CHECK(ended >= 120);
  CHECK(completed > 0);
  CHECK(stopped > 0); // by its budget, and continued by another
  CHECK(late_costs > 0);
  CHECK(strangers > 0);
  CHECK(redacted > 0); // what invariant 12 was held against had something to hide
  std::set<int> all;
  for (int i = 1; i <= invariant_checker::invariants; ++i)
    all.insert(i);
  CHECK(examined == all);
}

TEST_CASE("world: without faults every brief is delivered", "[domain][property]") {
  holds("whole team without faults", 30, [] {
    world_options o;
    o.seed = *rc::gen::arbitrary<std::uint64_t>();
    o.items = *rc::gen::inRange(1, 9);
    o.preset = *rc::gen::element<std::string>("solo", "standard", "company");
    o.limits = *rc::gen::arbitrary<bool>();
    world w{o};
    w.calm();
    w.look_back();
    must_be_well(w);
    for (auto const* b : w.all<brief_domain>())
      RC_ASSERT(b->is == brief::status::COMPLETED);
    for (auto const* t : w.all<ticket_domain>()) {
      RC_ASSERT(t->is == ticket::status::DONE);
      RC_ASSERT(t->bills.empty());
    }
    // What the tickets used is what the scopes say was spent, and nothing stays reserved; without
    // limits there is no budget at all.
    if (!o.limits)
      RC_ASSERT(w.all<budget_domain>().empty());
    for (auto const* b : w.all<budget_domain>()) {
      std::int64_t used = 0;
      for (auto const* t : w.all<ticket_domain>())
        used += t->used.cost_micros;
      auto const& root = b->scopes.at("project:tally");
      RC_ASSERT(root.reserved == 0);
      RC_ASSERT(root.spent <= used); // the stages of machines are not paid for
      RC_ASSERT(b->wanted.empty());
    }
  });
}
