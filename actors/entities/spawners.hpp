#pragma once

#include "actors/domain/each_kind.hpp"
#include "actors/entity.hpp"

/// One instantiation of the shell per kind, spread over a few files: each costs seconds to compile.
namespace troupe::spawners {

#define TROUPE_SPAWNER(NAME)                                                                       \
  [[nodiscard]] caf::actor NAME(caf::actor_system& system, entity_ref const& self,                 \
                                runtime const& rt, caf::actor shard,                               \
                                std::shared_ptr<entity_link> link);
TROUPE_EACH_KIND(TROUPE_SPAWNER)
#undef TROUPE_SPAWNER

} // namespace troupe::spawners
