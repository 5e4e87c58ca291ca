#pragma once

#include "actors/entity.hpp"
#include "actors/supervision.hpp"

#include <caf/event_based_actor.hpp>

#include <deque>
#include <map>
#include <random>
#include <unordered_map>
#include <vector>

namespace troupe {

/// One of the 256 shards: the table of its entities. It starts them on demand, supervises them
/// (monitor, backoff, quarantine, poisonous commands to dead letters) and lets go the idle ones.
/// It takes `command_ptr`, `query_ptr`, `(wake_atom, entity_ref)`, `idle_notice`, `sweep_atom`,
/// `retry_atom`, `(retry_atom, entity_ref)` (its quarantine may be over) and `stop_atom`.
class shard_actor : public caf::event_based_actor {
public:
  shard_actor(caf::actor_config& cfg, runtime const* rt, std::uint64_t epoch);
  caf::behavior make_behavior() override;
  /// Ends its entities, whatever ended it, and lets go what it holds: an entity and its shard hold
  /// one another, and so neither would be freed.
  void on_exit() override;

private:
  /// What comes for an entity that is down.
  struct backlog {
    std::vector<command_ptr> commands;
    std::vector<query_ptr> queries;
  };
  /// A row for each entity in memory: what most of them never need is made when they do.
  struct child {
    caf::actor actor; ///< null while the entity is down
    std::shared_ptr<entity_link> link;
    std::unique_ptr<restart_budget> budget; ///< null: it never crashed
    std::unique_ptr<backlog> waiting;       ///< null: nothing came while it was down
    time_point used{};
    time_point until{};
    bool pressed = false;     ///< asked to leave before its time, and not called since
    bool closing = false;     ///< asked to stop; what comes is buffered until it is down
    bool restarting = false;  ///< down, comes back after its backoff
    bool quarantined = false; ///< crashed too often; stays down until `until`

    [[nodiscard]] backlog& kept() {
      if (!waiting)
        waiting = std::make_unique<backlog>();
      return *waiting;
    }
    [[nodiscard]] backlog take_kept() {
      auto const kept = std::exchange(waiting, nullptr);
      return kept ? std::move(*kept) : backlog{};
    }
  };

  /// `called`: by a command, which comes next.
  child& running(entity_ref const& ref, bool called = false);
  void start(std::pair<entity_ref const, child>& row, bool called = false);
  void deliver(command_ptr c);
  void ask(query_ptr q);
  void went_down(caf::down_msg const& down);
  void quarantine(entity_ref const& ref, child& c);
  void try_again(entity_ref const& ref);
  void sweep();
  void make_room();
  bool is_poison(command_message const& m) const;
  int blame(entity_ref const& ref, std::string const& poison);
  void lose();

  runtime const& rt_;
  std::shared_ptr<std::atomic<std::uint64_t>> epoch_;
  std::unordered_map<entity_ref, child> children_;
  /// The rows of those that run; a row stays where it is until it is erased.
  std::map<caf::actor_addr, std::pair<entity_ref const, child>*> by_address_;
  /// How often a command took its entity down, by `poison_key`; two crashes make it poison.
  std::map<std::pair<entity_ref, std::string>, int> blamed_;
  std::deque<std::pair<entity_ref, std::string>> blamed_order_; ///< the oldest are forgotten
  std::minstd_rand random_;
  std::size_t until_room_ = 0; ///< starts before there is looked for room again
  bool sweeping_ = false;
  bool stopping_ = false;
  bool lost_ = false; ///< another owner has the shard: nothing is taken or started any more
};

} // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::entity_ref)
