#include "actors/lease_index.hpp"

namespace troupe {

void lease_index::take(entity_ref const& ticket, ticket::state const& after) {
  // A ticket names its last holder until the next one takes it, so nobody else can be left behind.
  auto const& h = *after.holder;
  if (h.agent.empty())
    return;
  ticket_id const id{ticket.id};
  auto& all = by_tenant_[ticket.tenant];
  if (ticket::is_leased(after)) {
    if (auto& held = all[h.agent][id]; held.token != h.token) // most events change no lease
      held = {id, h.token, stage_name(after, h.stage)};
    return;
  }
  auto const mine = all.find(h.agent);
  if (mine == all.end())
    return;
  mine->second.erase(id);
  if (mine->second.empty())
    all.erase(mine);
}

leases_by_agent lease_index::of(tenant_id const& tenant) const {
  auto const found = by_tenant_.find(tenant);
  return found == by_tenant_.end() ? leases_by_agent{} : found->second;
}

} // namespace troupe
