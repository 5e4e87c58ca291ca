#pragma once

#include "actors/domain/ticket.hpp"

#include <map>
#include <vector>

namespace troupe {

/// A ticket in an agent's hands.
struct held_lease {
  ticket_id ticket;
  std::int64_t token = 0;
  std::string stage; ///< its name; `merge` for the last
  TROUPE_FIELDS(held_lease, ticket, token, stage);
};

using leases_by_agent = std::map<agent_id, std::map<ticket_id, held_lease>>;

/// Which tickets each agent holds now. A lease is the ticket's, and only the ticket's stream knows
/// it; this is the same seen from the agents, in memory, from the log.
class lease_index {
public:
  /// Takes a ticket's state after an event.
  void take(entity_ref const& ticket, ticket::state const& after);
  /// Those who hold any.
  [[nodiscard]] leases_by_agent of(tenant_id const& tenant) const;

private:
  std::map<tenant_id, leases_by_agent> by_tenant_;
};

} // namespace troupe
