#pragma once

#include "actors/domain/ticket.hpp"
#include "persistence/event_store.hpp"

namespace troupe::bench {

/// Sees each event of a life, and who caused it.
using life_observer =
    std::function<void(ticket::event const&, event_context const&, char const* by)>;

/// A ticket from `open` to merged through the process `standard`, without actors: every command as
/// its obligations ask for it, decided and applied. Answers the final state; `seen` gets each
/// event. Throws std::logic_error where a command is refused.
ticket::state live(entity_ref const& self, life_observer const& seen);

/// The events of such a life as they are stored, with their hashes.
[[nodiscard]] std::vector<stored_event> ledger_of(entity_ref const& self);

[[nodiscard]] inline entity_ref ticket_ref(int number) {
  return {tenant_id{"default"}, entity_kind::ticket, "t" + std::to_string(number)};
}

} // namespace troupe::bench
