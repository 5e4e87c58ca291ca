#pragma once

#include "actors/ports.hpp"

#include <caf/fwd.hpp>

#include <atomic>
#include <memory>
#include <string>

namespace troupe {

/// What a shard and an entity share, so that a crash can be laid to a command.
struct entity_link {
  std::shared_ptr<std::atomic<std::uint64_t>> epoch; ///< of the shard
  /// Id of the command in work; read by the shard only after the entity is down.
  std::string command_id;
  std::string why; ///< what it threw, where it did; read like `command_id`
  /// Kind and members (JSON, without secrets) of that command, where it is what the entity went
  /// down with; read like `command_id`.
  std::string command, body;
  /// Its append was fenced: another owner has the shard, so going down is nobody's fault.
  std::atomic<bool> fenced{false};
  /// Appends and commands under way: the shard lets go only what is at 0.
  std::atomic<int> busy{0};
};

/// Starts the actor of `self`: it reads its events, then works.
/// It answers `command_ptr`, `query_ptr`, `appended_ptr`, `loaded_ptr`, `obligation_outcome`,
/// `retry_atom` (offer and launch again), `passivate_atom` (say whether you are idle: answers
/// `idle_notice` to the shard if so), `stop_atom` (quit as soon as nothing is under way).
[[nodiscard]] caf::actor spawn_entity(caf::actor_system& system, entity_ref const& self,
                                      runtime const& rt, caf::actor shard,
                                      std::shared_ptr<entity_link> link);

} // namespace troupe
