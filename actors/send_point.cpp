#include "actors/send_point.hpp"

#include "actors/choke_points.hpp"
#include "actors/domain/domain.hpp"

namespace troupe {

namespace {

result<tell> check(tenant_id const& tenant, envelope const& e) {
  if (e.parts.empty())
    return fail(errc::invalid_argument, "a message needs at least one part");
  if (e.from == e.to)
    return fail(errc::conflict, "a message never wakes the principal that sent it: " + e.to.value);
  if (e.hops > hop_limit)
    return fail(errc::conflict, "the conversation " + e.correlation + " went over " +
                                    std::to_string(hop_limit) + " hops and was stopped");
  auto const to = entity_of(tenant, e.to);
  if (!to)
    return fail(errc::invalid_argument, "nobody can be reached at " + e.to.value);
  switch (to->kind) {
  case entity_kind::agent:
    return tell{*to, agent::command{agent::receive{e}}};
  case entity_kind::ticket:
    return tell{*to, ticket::command{hear{e}}};
  case entity_kind::brief:
    return tell{*to, brief::command{hear{e}}};
  case entity_kind::plan:
    return tell{*to, plan::command{hear{e}}};
  default:
    return fail(errc::invalid_argument, "no messages are taken at " + e.to.value);
  }
}

} // namespace

result<tell> send_point(tenant_id const& tenant, envelope const& e) {
  auto where = check(tenant, e);
  choke::sent(tenant, e, where ? std::nullopt : std::optional{where.error().code});
  return where;
}

} // namespace troupe
