#pragma once

#include "actors/population.hpp"
#include "actors/ports.hpp"

#include <caf/fwd.hpp>

#include <atomic>
#include <memory>
#include <string>

namespace troupe {

/// What an entity went down with.
struct crash_report {
  std::string why; ///< what it threw, where it did
  /// Kind and members (JSON, without secrets) of the command in work; empty where none was.
  std::string command, body;
  std::string correlation; ///< of what the entity was about
};

/// What a shard and an entity share, so that a crash can be laid to a command. There is one for
/// each entity in memory, so what only a crash needs is made by it.
struct entity_link {
  std::shared_ptr<std::atomic<std::uint64_t>> epoch; ///< of the shard
  /// Id of the command in work; read by the shard only after the entity is down.
  std::string command_id;
  /// What repetitions of that command have in common, where that is not its id (`poison_key`); read
  /// like `command_id`.
  std::string poison;
  std::unique_ptr<crash_report> report; ///< null without a crash; read like `command_id`
  /// The first message is a command, and nothing is owed from before: what the command makes new
  /// need not be read first. Set before the start.
  bool called = false;
  /// Its append was fenced: another owner has the shard, so going down is nobody's fault.
  std::atomic<bool> fenced{false};
  /// Id of the newest of its appends that is known to be in the log.
  std::atomic<std::uint64_t> stored{0};
  /// Appends and commands under way: the shard lets go only what is at 0.
  std::atomic<int> busy{0};
  headcount live;    ///< in memory
  headcount reading; ///< until the entity has been read; ended by it
};

/// Whoever sends a request again with its Idempotency-Key sends a command of another id, which goes
/// down with its entity all the same: blame falls on source and key where there are any, else
/// (`out` is empty) on the id. The separator is in no source.
inline void poison_key(command_message const& c, std::string& out) {
  out.clear();
  if (!c.inbox)
    return;
  out = c.inbox->source;
  out += '\n';
  out += c.inbox->key;
}

/// Starts the actor of `self`: it reads its events, then works.
/// It answers `command_ptr`, `query_ptr`, `appended_ptr`, `loaded_ptr`, `obligation_outcome`,
/// `retry_atom` (offer and launch again), `passivate_atom` (say whether you are idle: answers
/// `idle_notice` to the shard if so), `stop_atom` (quit as soon as nothing is under way).
[[nodiscard]] caf::actor spawn_entity(caf::actor_system& system, entity_ref const& self,
                                      runtime const& rt, caf::actor shard,
                                      std::shared_ptr<entity_link> link);

} // namespace troupe
