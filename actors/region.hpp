#pragma once

#include "actors/ports.hpp"

#include <caf/fwd.hpp>

#include <array>

namespace troupe {

/// Finds, starts, guards and lets go the entities of this node. Everybody addresses entities by
/// name through it; one node owns all 256 shards. Thread-safe once built.
class region {
public:
  region(caf::actor_system& system, runtime& rt);
  region(region const&) = delete;
  region& operator=(region const&) = delete;

  /// Starts the shards with the epochs that the store answered to `claim_all`.
  void start(std::vector<std::uint64_t> const& epochs);
  /// Starts entities that have something to do by themselves.
  void wake(entity_ref const& ref) const;
  void deliver(command_ptr what) const;
  void query(query_ptr what) const;
  /// Entities offer and launch again: the dispatcher was started anew.
  void remind() const;
  /// Stops all shards and their entities; appends under way still get their answers. Waits; false
  /// when the deadline passed first.
  [[nodiscard]] bool stop(duration deadline);
  /// Ends shards and entities where they stand, as a crash of the process would; for tests.
  void kill_all();

private:
  caf::actor_system& system_;
  runtime& rt_;
  std::array<caf::actor, shard_count> shards_;
};

} // namespace troupe
