#include "actors/entity.hpp"

#include "actors/entities/spawners.hpp"

#include <stdexcept>

namespace troupe {

caf::actor spawn_entity(caf::actor_system& system, entity_ref const& self, runtime const& rt,
                        caf::actor shard, std::shared_ptr<entity_link> link) {
  switch (self.kind) {
#define TROUPE_CASE(NAME)                                                                          \
  case entity_kind::NAME:                                                                          \
    return spawners::NAME(system, self, rt, std::move(shard), std::move(link));
    TROUPE_EACH_KIND(TROUPE_CASE)
#undef TROUPE_CASE
  }
  throw std::logic_error("no such kind of entity");
}

} // namespace troupe
