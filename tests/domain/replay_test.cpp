#include "tests/domain/ledger.hpp"

using namespace troupe;
using namespace troupe::test;

TEST_CASE("replay: folds any kind of stream by the types of its events", "[domain]") {
  ledger l;
  to_review(l);
  auto const& states = l.checker.states();
  auto const t = ticket_ref();
  CHECK(states.version_of(t) == 6);
  CHECK(states.state_of(t).at("is") == json::value("in_review"));
  CHECK(states.state_of(t).at("self") == json::value("t1/ticket/k3-1"));
  CHECK(states.find<ticket_domain>(t)->holder->token == 1);
  CHECK(states.find<run_domain>(t) == nullptr);
  CHECK(states.entities() == std::vector{t});
  CHECK(states.state_of(ticket_ref("k3-2")).is_null());
  entity_kind kind{};
  std::string_view name;
  CHECK(parse_event_type("ticket.leased", kind, name));
  CHECK(kind == entity_kind::ticket);
  CHECK(name == "leased");
  for (auto const* bad : {"", "ticket", "ticket.", "dog.barked", ".leased"})
    CHECK_FALSE(parse_event_type(bad, kind, name));
}
