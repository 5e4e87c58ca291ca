#pragma once

#include "actors/ports.hpp"
#include "actors/supervisor.hpp"

#include <caf/fwd.hpp>

#include <array>

namespace troupe {

/// Finds, starts, guards and lets go the entities of this node. Everybody addresses entities by
/// name through it; one node owns all 256 shards. Thread-safe.
class region {
public:
  region(caf::actor_system& system, runtime& rt);
  region(region const&) = delete;
  region& operator=(region const&) = delete;

  /// The shards as children of a supervisor, with the epochs that the store answered to
  /// `claim_all`. `revived` hears, on the supervisor's actor, of one that runs again after a crash:
  /// its entities that have something to do must be woken.
  [[nodiscard]] std::vector<child_spec> children(std::vector<std::uint64_t> const& epochs,
                                                 std::function<void(std::uint32_t shard)> revived);
  /// Starts the shards without anybody who would start them again; for tests.
  void start(std::vector<std::uint64_t> const& epochs);
  /// Starts entities that have something to do by themselves.
  void wake(entity_ref const& ref) const;
  void deliver(command_ptr what) const;
  /// `what->done` is called once, also where the question is lost in a crash: `timeout`.
  void query(query_ptr what) const;
  /// Entities offer and launch again: the dispatcher was started anew.
  void remind() const;
  /// The shards are down, or must be let go.
  void close();
  /// Ends shards and entities where they stand, as a crash of the process would; for tests.
  void kill_all();

private:
  /// Where a shard's present incarnation is found.
  struct place {
    mutable std::mutex mutex;
    caf::actor shard;
  };
  [[nodiscard]] caf::actor at(std::uint32_t shard) const;
  void put(std::uint32_t shard, caf::actor a);
  [[nodiscard]] caf::actor spawn(std::uint32_t shard, std::uint64_t epoch);

  caf::actor_system& system_;
  runtime& rt_;
  std::array<place, shard_count> shards_;
};

} // namespace troupe
