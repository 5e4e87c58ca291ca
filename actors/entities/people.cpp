#include "actors/entities/spawners.hpp"
#include "actors/entity_shell.hpp"

#include <caf/actor_system.hpp>

namespace troupe::spawners {

caf::actor project(caf::actor_system& system, entity_ref const& self, runtime const& rt,
                   caf::actor shard, std::shared_ptr<entity_link> link) {
  return system.spawn<entity_shell<project_domain>>(self, &rt, std::move(shard), std::move(link));
}

caf::actor agent(caf::actor_system& system, entity_ref const& self, runtime const& rt,
                 caf::actor shard, std::shared_ptr<entity_link> link) {
  return system.spawn<entity_shell<agent_domain>>(self, &rt, std::move(shard), std::move(link));
}

caf::actor budget(caf::actor_system& system, entity_ref const& self, runtime const& rt,
                  caf::actor shard, std::shared_ptr<entity_link> link) {
  return system.spawn<entity_shell<budget_domain>>(self, &rt, std::move(shard), std::move(link));
}

caf::actor daemon(caf::actor_system& system, entity_ref const& self, runtime const& rt,
                  caf::actor shard, std::shared_ptr<entity_link> link) {
  return system.spawn<entity_shell<daemon_domain>>(self, &rt, std::move(shard), std::move(link));
}

caf::actor principal(caf::actor_system& system, entity_ref const& self, runtime const& rt,
                     caf::actor shard, std::shared_ptr<entity_link> link) {
  return system.spawn<entity_shell<principal_domain>>(self, &rt, std::move(shard), std::move(link));
}

} // namespace troupe::spawners
