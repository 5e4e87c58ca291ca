#include "actors/entity.hpp"

#include "actors/entities/spawners.hpp"

#include <stdexcept>

namespace troupe {

caf::actor spawn_entity(caf::actor_system& system, entity_ref const& self, runtime const& rt,
                        caf::actor shard, std::shared_ptr<entity_link> link) {
  switch (self.kind) {
  case entity_kind::project:
    return spawners::project(system, self, rt, std::move(shard), std::move(link));
  case entity_kind::brief:
    return spawners::brief(system, self, rt, std::move(shard), std::move(link));
  case entity_kind::plan:
    return spawners::plan(system, self, rt, std::move(shard), std::move(link));
  case entity_kind::run:
    return spawners::run(system, self, rt, std::move(shard), std::move(link));
  case entity_kind::ticket:
    return spawners::ticket(system, self, rt, std::move(shard), std::move(link));
  case entity_kind::agent:
    return spawners::agent(system, self, rt, std::move(shard), std::move(link));
  case entity_kind::approval:
    return spawners::approval(system, self, rt, std::move(shard), std::move(link));
  case entity_kind::budget:
    return spawners::budget(system, self, rt, std::move(shard), std::move(link));
  case entity_kind::daemon:
    return spawners::daemon(system, self, rt, std::move(shard), std::move(link));
  case entity_kind::principal:
    return spawners::principal(system, self, rt, std::move(shard), std::move(link));
  }
  throw std::logic_error("no such kind of entity");
}

} // namespace troupe
