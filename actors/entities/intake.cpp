#include "actors/entities/spawners.hpp"
#include "actors/entity_shell.hpp"

#include <caf/actor_system.hpp>

namespace troupe::spawners {

caf::actor brief(caf::actor_system& system, entity_ref const& self, runtime const& rt,
                 caf::actor shard, std::shared_ptr<entity_link> link) {
  return system.spawn<entity_shell<brief_domain>>(self, &rt, std::move(shard), std::move(link));
}

caf::actor plan(caf::actor_system& system, entity_ref const& self, runtime const& rt,
                caf::actor shard, std::shared_ptr<entity_link> link) {
  return system.spawn<entity_shell<plan_domain>>(self, &rt, std::move(shard), std::move(link));
}

caf::actor approval(caf::actor_system& system, entity_ref const& self, runtime const& rt,
                    caf::actor shard, std::shared_ptr<entity_link> link) {
  return system.spawn<entity_shell<approval_domain>>(self, &rt, std::move(shard), std::move(link));
}

} // namespace troupe::spawners
