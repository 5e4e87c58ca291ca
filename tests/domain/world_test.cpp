#include "tests/domain/world.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck.h>

#include <cstdlib>

using namespace troupe;
using namespace troupe::test;

namespace {

/// More cases for a long run: TROUPE_PROPERTY_CASES=2000.
int cases_or(int usual) {
  auto const* wanted = std::getenv("TROUPE_PROPERTY_CASES");
  return wanted ? std::atoi(wanted) : usual;
}

/// RapidCheck inside Catch: the counterexample goes into the message.
template <class Property>
void holds(std::string const& what, int cases, Property property) {
  rc::detail::TestParams params;
  params.seed = rc::detail::configuration().testParams.seed;
  params.maxSuccess = cases_or(cases);
  params.maxSize = 100;
  rc::detail::TestMetadata metadata;
  metadata.id = what;
  metadata.description = what;
  auto const outcome = rc::detail::checkTestable(std::move(property), metadata, params);
  std::ostringstream text;
  rc::detail::printResultMessage(outcome, text);
  INFO(text.str());
  CHECK(outcome.template is<rc::detail::SuccessResult>());
}

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
  std::uint64_t events = 0;
  holds("whole team with faults", 60, [&] {
    world_options o;
    o.seed = *rc::gen::arbitrary<std::uint64_t>();
    o.items = *rc::gen::inRange(1, 7);
    o.preset = *rc::gen::element<std::string>("solo", "standard", "company");
    o.two_tenants = *rc::gen::inRange(0, 5) == 0;
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
    events += w.events();
  });
  INFO(ended << " briefs ended, " << completed << " completed, " << events << " events");
  CHECK(ended >= 60);
  CHECK(completed > 0);
}

TEST_CASE("world: without faults every brief is delivered", "[domain][property]") {
  holds("whole team without faults", 30, [] {
    world_options o;
    o.seed = *rc::gen::arbitrary<std::uint64_t>();
    o.items = *rc::gen::inRange(1, 9);
    o.preset = *rc::gen::element<std::string>("solo", "standard", "company");
    world w{o};
    w.calm();
    w.look_back();
    must_be_well(w);
    for (auto const* b : w.all<brief_domain>())
      RC_ASSERT(b->is == brief::status::COMPLETED);
    for (auto const* t : w.all<ticket_domain>())
      RC_ASSERT(t->is == ticket::status::DONE);
  });
}
