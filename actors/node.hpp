#pragma once

#include "actors/board.hpp"
#include "actors/effect_book.hpp"
#include "actors/journal.hpp"
#include "actors/ports.hpp"
#include "actors/request_desk.hpp"
#include "actors/thinkers.hpp"

namespace troupe {

struct node_settings {
  std::string owner; ///< recorded as the owner of the shards; unique per start
  int threads = 2;   ///< of the actor scheduler
  int engine_threads = 2;
  journal_settings journal;
  admission_settings admission;
  duration resend{std::chrono::seconds{5}};
  duration idle{std::chrono::seconds{120}};
  duration grace{std::chrono::seconds{15}};
  std::size_t live_limit = 50'000; ///< entities in memory, see `population`
  std::size_t recent = 20'000; ///< events at hand for streams and lists; older ones: in the store
  /// Holds every event that was stored against the invariants, off the way of commands.
  bool check_invariants = true;
  std::uint64_t snapshot_after = 100; ///< events of an entity, see `runtime`
  /// Does not wait for a server that holds the store, but fences it; holds the store once that one
  /// has ended.
  bool take_over = false;
  /// How long a start waits for the server that holds the store: one that was killed holds it until
  /// the database has seen its connections end.
  duration hold_wait{std::chrono::seconds{10}};
  /// Called once when another server has taken the shards: this one is of no use any more and must
  /// end. On a thread of the journal; must not block.
  std::function<void()> lost;
  /// Called once when a part of the node cannot be kept running: it goes down again and again, or
  /// what it lost cannot be told to it again. The owner stops the node and ends the process with
  /// code 70, to be started again. On some thread; must not block. Empty: the process ends at once.
  std::function<void()> failed;
  std::map<engine_kind, std::shared_ptr<thinker>> engines;
};

/// What went wrong on a node; all 0 is how it must be.
struct node_counts {
  std::uint64_t invariant_violations = 0; ///< in the whole ledger
  std::uint64_t crashes = 0;              ///< of entities, since the start
  std::uint64_t dead_letters = 0;         ///< commands put aside, since the start
  std::int64_t quarantined = 0;           ///< entities, now
  std::uint64_t restarts = 0;             ///< of the dispatcher and of shards, since the start
  std::uint64_t refused = 0;              ///< new work, because of overload, since the start
};

/// How much the parts of a node have to do now.
struct node_load {
  std::int64_t commands = 0; ///< under way
  std::int64_t commands_limit =
      0;                    ///< from which on new work is refused; moves with what is measured
  std::size_t entities = 0; ///< in memory
  std::size_t entities_limit = 0;
  std::size_t entities_reading = 0; ///< of these, those that are still being read
  std::size_t view_behind = 0;      ///< batches
  engine_load engines;
  dispatch_load dispatch;
  journal_load journal;
  std::array<effect_book::standing, effect_kinds> effects;
};

/// One running node: actor system, journal, region, dispatcher, board, engines. What the gateway
/// and the tests hold. Thread-safe; no call blocks, except `start`, `stop` and `ask`.
class node {
public:
  /// Claims the shards and reads the log; `resume` sets it to work. `runner` must outlive
  /// the node. Errors: those of the store and of the board (corrupt, unsupported); busy
  /// (another server holds the store); internal (the node id override is not linked).
  [[nodiscard]] static result<std::unique_ptr<node>>
  start(node_settings settings, store_factory const& store, runner_port& runner);
  ~node();

  /// Starts every entity that has something to do by itself; the rest starts when it is called.
  [[nodiscard]] result<void> resume();

  /// Sends a command; `done` is called once, on some thread.
  void submit(entity_ref to, any_command command, submit_options options, completion done);
  /// State of an entity as JSON, from the entity itself; not_found.
  void query(entity_ref to, std::function<void(result<json::value>)> done);
  /// The same, waiting; for tests, engines and start-up code. `timeout` after `limit`.
  [[nodiscard]] result<json::value> ask(entity_ref const& to,
                                        duration limit = std::chrono::seconds{30});
  [[nodiscard]] command_result tell(entity_ref to, any_command command, submit_options options,
                                    duration limit = std::chrono::seconds{30});

  /// Why this node must not be given work now (it stops, the shards have another owner, or nothing
  /// becomes durable), without asking the store.
  [[nodiscard]] std::optional<error> trouble() const;
  /// The same after a look at the store: unreachable, or claimed by another. `done` is called once
  /// on some thread, or never if the node stops meanwhile.
  void probe(std::function<void(std::optional<error>)> done);

  [[nodiscard]] node_counts counts() const;
  [[nodiscard]] node_load load() const;
  /// See `incident_log::restarts`.
  [[nodiscard]] std::map<entity_ref, std::uint64_t> restarts_of_entities() const;
  /// How many entities are in memory.
  [[nodiscard]] std::size_t live() const;
  /// Commands that were sent and have not ended, wherever they wait.
  [[nodiscard]] std::int64_t under_way() const;
  /// The newest commands that were put aside because they took their entities down.
  [[nodiscard]] std::vector<dead_letter> dead_letters() const;

  void presence(daemon_presence p);
  /// Ends a supervised part (`dispatcher`, `shard/7`) where it stands, as a crash would; for tests.
  void kill_part(std::string const& name);
  [[nodiscard]] board& view();
  [[nodiscard]] journal& log();
  [[nodiscard]] id_port& ids();
  [[nodiscard]] clock_port& clock();

  /// In order: no new work, engines, entities (those with an append under way finish it), journal,
  /// board. False: the deadline passed; the caller ends the process without destructors.
  [[nodiscard]] bool stop(duration deadline);

private:
  struct parts;
  explicit node(std::unique_ptr<parts> p);
  std::unique_ptr<parts> parts_;
};

} // namespace troupe
