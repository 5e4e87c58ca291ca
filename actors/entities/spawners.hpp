#pragma once

#include "actors/entity.hpp"

/// One instantiation of the shell per kind, spread over a few files: each costs seconds to compile.
namespace troupe::spawners {

[[nodiscard]] caf::actor ticket(caf::actor_system& system, entity_ref const& self,
                                runtime const& rt, caf::actor shard,
                                std::shared_ptr<entity_link> link);
[[nodiscard]] caf::actor run(caf::actor_system& system, entity_ref const& self, runtime const& rt,
                             caf::actor shard, std::shared_ptr<entity_link> link);
[[nodiscard]] caf::actor brief(caf::actor_system& system, entity_ref const& self, runtime const& rt,
                               caf::actor shard, std::shared_ptr<entity_link> link);
[[nodiscard]] caf::actor plan(caf::actor_system& system, entity_ref const& self, runtime const& rt,
                              caf::actor shard, std::shared_ptr<entity_link> link);
[[nodiscard]] caf::actor approval(caf::actor_system& system, entity_ref const& self,
                                  runtime const& rt, caf::actor shard,
                                  std::shared_ptr<entity_link> link);
[[nodiscard]] caf::actor project(caf::actor_system& system, entity_ref const& self,
                                 runtime const& rt, caf::actor shard,
                                 std::shared_ptr<entity_link> link);
[[nodiscard]] caf::actor agent(caf::actor_system& system, entity_ref const& self, runtime const& rt,
                               caf::actor shard, std::shared_ptr<entity_link> link);
[[nodiscard]] caf::actor budget(caf::actor_system& system, entity_ref const& self,
                                runtime const& rt, caf::actor shard,
                                std::shared_ptr<entity_link> link);
[[nodiscard]] caf::actor daemon(caf::actor_system& system, entity_ref const& self,
                                runtime const& rt, caf::actor shard,
                                std::shared_ptr<entity_link> link);
[[nodiscard]] caf::actor principal(caf::actor_system& system, entity_ref const& self,
                                   runtime const& rt, caf::actor shard,
                                   std::shared_ptr<entity_link> link);

} // namespace troupe::spawners
