#include "actors/entities/spawners.hpp"
#include "actors/entity_shell.hpp"

#include <caf/actor_system.hpp>

namespace troupe::spawners {

caf::actor ticket(caf::actor_system& system, entity_ref const& self, runtime const& rt,
                  caf::actor shard, std::shared_ptr<entity_link> link) {
  return system.spawn<entity_shell<ticket_domain>>(self, &rt, std::move(shard), std::move(link));
}

caf::actor run(caf::actor_system& system, entity_ref const& self, runtime const& rt,
               caf::actor shard, std::shared_ptr<entity_link> link) {
  return system.spawn<entity_shell<run_domain>>(self, &rt, std::move(shard), std::move(link));
}

} // namespace troupe::spawners
