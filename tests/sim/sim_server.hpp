#pragma once

#include "actors/board.hpp"
#include "actors/dispatch_desk.hpp"
#include "actors/dispatcher.hpp"
#include "actors/region.hpp"
#include "actors/request_desk.hpp"
#include "tests/sim/sim_engine.hpp"
#include "tests/sim/sim_hub.hpp"
#include "tests/sim/sim_journal.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scheduler/test_coordinator.hpp>

namespace troupe::sim {

/// The server's wall clock: virtual time, and what the operator did to it.
class sim_clock : public clock_port {
public:
  explicit sim_clock(context& c) : c_(c) {}
  [[nodiscard]] time_point now() const override { return c_.wall(); }

private:
  context& c_;
};

/// Names in the form of a UUID of version 7: time, a counter, and which server made it.
class counted_ids : public id_port {
public:
  counted_ids(context& c, int incarnation) : c_(c), incarnation_(incarnation) {}
  [[nodiscard]] std::string uuid() override;
  [[nodiscard]] std::string short_id() override;
  /// As `random_id_port::go_on_after`.
  void go_on_after(std::string const& uuid);

private:
  context& c_;
  int incarnation_;
  std::int64_t last_ms_ = 0;
  std::uint64_t count_ = 0;
};

struct testing_config : caf::actor_system_config {
  testing_config() { set("scheduler.policy", caf::atom("testing")); }
};

/// One server from its start to its death, composed as `node` is: the product's region, shards,
/// entities, dispatcher, supervisor, board and request desk on simulated ports. Nothing of it
/// survives but the database.
class sim_server {
public:
  sim_server(context& c, database& db, int incarnation);
  ~sim_server();
  sim_server(sim_server const&) = delete;
  sim_server& operator=(sim_server const&) = delete;

  /// Before `start`: nothing, unless that is the planted bug.
  void prepare();
  /// Claims the shards, reads the ledger, starts the actors. False: the store would not.
  [[nodiscard]] bool start();
  /// Wakes what has something to do by itself.
  void resume();
  /// Ends everything where it stands.
  void kill();

  // ---- time and order
  [[nodiscard]] bool has_job() const { return !dead_ && scheduler_.has_job(); }
  /// One message of one actor, chosen by chance among those that have one.
  void run_one();
  [[nodiscard]] std::optional<duration> next_timer() const;
  /// Its timers up to now.
  void catch_up();
  void stall(duration until) { stalled_until_ = std::max(stalled_until_, until); }
  [[nodiscard]] bool stalled() const { return c_.time.now() < stalled_until_; }
  [[nodiscard]] duration stalled_until() const { return stalled_until_; }

  // ---- the outside
  void submit(entity_ref to, any_command command, submit_options o, completion done);
  void query(entity_ref const& of, std::function<void(result<json::value>)> done);
  void accept(daemon_id const& daemon, std::shared_ptr<wire> const& w) { hub_->accept(daemon, w); }
  void kill_part(std::string const& name);
  /// How many actors there are; `own_actors` of them are always.
  [[nodiscard]] std::size_t actors();
  static constexpr std::size_t own_actors = shard_count + 2; ///< supervisor and dispatcher
  static constexpr duration idle{120'000}; ///< until an entity without work is let go

  /// C7: whoever owes something, and has for long, has run since the server or its shard came up.
  /// Only where nothing goes wrong; false: it, or a part of it, is up too short a time to say.
  [[nodiscard]] bool check_woken();
  void check_members(state_view const& s);
  /// Compares the board with replay; only where nothing is under way.
  void check_board();
  [[nodiscard]] bool at_rest() const { return journal_.idle() && hub_->waiting() == 0; }
  [[nodiscard]] sim_hub const& hub() const { return *hub_; }
  [[nodiscard]] sim_journal const& log() const { return journal_; }
  [[nodiscard]] int incarnation() const { return incarnation_; }
  /// It has heard that another one has the shards, or that a part cannot be kept running.
  [[nodiscard]] bool must_end() const { return must_end_; }
  [[nodiscard]] bool dead() const { return dead_; }

private:
  void wake_due(event_store& store, std::uint32_t shard);
  [[nodiscard]] bool read_ledger();
  /// Whether it still has its shards; looks again after a while.
  void probe();

  context& c_;
  int incarnation_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  sim_clock clock_;
  counted_ids ids_;
  incident_log incidents_;
  runtime rt_;
  dispatch_desk desk_{[this](entity_ref const& ticket) { return plan_of(view_.get(ticket)); }};
  lease_desk leases_;
  sim_journal journal_;
  board view_;
  testing_config config_;
  caf::actor_system system_;
  caf::scheduler::test_coordinator& scheduler_;
  std::unique_ptr<region> where_;
  std::unique_ptr<request_desk> requests_;
  std::unique_ptr<sim_engine> engine_;
  std::unique_ptr<sim_hub> hub_;
  caf::actor root_;
  caf::actor dispatcher_; ///< the present one
  duration begun_;        ///< when its timers started from zero
  duration changed_{};    ///< when it came up, or a part of it was killed last
  int waking_ = 0;        ///< reads under way of who is to be woken
  duration run_to_{};     ///< how far its timers have gone
  duration stalled_until_{0};
  std::vector<std::uint64_t> epochs_;
  bool must_end_ = false;
  bool dead_ = false;
};

} // namespace troupe::sim
