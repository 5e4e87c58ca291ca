#pragma once

#include "actors/domain/kinds.hpp"

/// The rules of the invariant checker that need one stream only. Not for others.
namespace troupe::rules {

using problem = std::optional<std::string>;

/// What a rule may need of the ticket before the event; a whole copy would be slow.
struct ticket_before {
  ticket::status is = ticket::status::none;
  std::int64_t last_token = 0;
  ticket::lease_status lease = ticket::lease_status::none;
  ticket::attempt_status attempt = ticket::attempt_status::none;
  bool leased = false;
  std::string gated_head;
  std::vector<agent_id> authors;
};
[[nodiscard]] ticket_before remember(ticket::state const* s);

/// Invariants 2, 5 (within the ticket), 6, 7, 8 and 9, and the machines of lease and attempt.
[[nodiscard]] problem check_ticket(ticket_before const& before, ticket::event const& e,
                                   ticket::state const& after);
/// Invariant 5 in this moment: empty, or why a `ready` or `blocked` ticket is wrong there.
[[nodiscard]] std::string misplaced(ticket::state const& s);
/// Invariant 3, of a lease that was just given.
[[nodiscard]] problem check_money(ticket::state const& s);
/// The scope that an event of a budget counts in, given the state before it; empty: in none.
[[nodiscard]] std::string scope_of(budget::state const* before, budget::event const& e);
/// Invariant 3, of a scope and those above it: what one event can have broken.
[[nodiscard]] problem check_budget(budget::state const& s, std::string const& scope);
/// Invariant 4.
[[nodiscard]] problem check_plan(plan::state const& s);
[[nodiscard]] problem check_run(run::event const& e, run::state const& s);
/// Invariants 9 and 13: answers only to what was received, and nothing from itself.
[[nodiscard]] problem check_agent(std::vector<std::string> const& open_before,
                                  agent::event const& e, agent::state const& after);

} // namespace troupe::rules
