#pragma once

#include "actors/commit_index.hpp"
#include "actors/domain/checker.hpp"
#include "actors/lease_index.hpp"
#include "actors/messages.hpp"
#include "actors/work_meter.hpp"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <unordered_map>

namespace troupe {

/// What `board::events` and subscriptions give: a stored event with its place in this node's order.
struct board_event {
  std::uint64_t n = 0; ///< 1, 2, … since this node started (the log before is numbered first)
  std::shared_ptr<stored_event const> event; ///< never null
};

/// Where an event of this node's order stands in the store.
struct event_place {
  std::uint64_t n = 0;
  std::uint32_t shard = 0;
  std::uint64_t seq = 0;
};

/// A page of entities, newest change first.
struct board_page {
  std::vector<json::value> states;
  std::size_t total = 0;  ///< how many there are, on every page
  std::uint64_t last = 0; ///< place of the last one; the next page is below it
  bool more = false;
};

/// The state of one entity, for who may want only a part of it.
class state_view {
public:
  state_view(replayer const& in, entity_ref of) : in_(in), of_(std::move(of)) {}

  [[nodiscard]] json::value all() const { return in_.state_of(of_); }
  /// Whether the state has a member of this name that is this text.
  [[nodiscard]] bool has(std::string_view name, std::string_view text) const;

private:
  replayer const& in_;
  entity_ref const of_;
};

/// The read side of one node: the state of every entity by the domain's own `evolve`, for lists,
/// boards and live streams. Built from the log at start, then fed by the journal, on a thread of
/// its own: a slow reader never slows an append. Disposable; nothing is decided by it. Thread-safe.
class board {
public:
  using listener = std::function<void(board_event const&)>;
  /// Called under the board's lock.
  using wanted = std::function<bool(state_view const&)>;

  /// `keep`: how many of the newest events stay at hand for streams and lists; older ones are in
  /// the store, at their `places`. `check`: holds every event against the invariants.
  explicit board(std::size_t keep = 20'000, bool check = true);
  ~board();
  board(board const&) = delete;
  board& operator=(board const&) = delete;

  /// Reads the whole log: each shard strictly by seq, whatever its clock said; the ids' times only
  /// say in which order the shards take turns.
  /// Errors: those of the store; corrupt, unsupported (an event that the domains cannot apply, or a
  /// shard that ends too early): a state with a hole in it must not be served.
  [[nodiscard]] result<std::uint64_t> catch_up(event_store& store, listener const& each);
  /// The same, read by several handles on one store at once.
  [[nodiscard]] result<std::uint64_t> catch_up(std::vector<event_store*> const& stores,
                                               listener const& each);
  /// Takes a committed batch; returns at once. The first one starts the board's thread.
  void feed(committed_ptr batch);
  /// The same on the caller's thread, for who has only one. Not together with `feed`.
  void apply_now(committed_ptr const& batch);

  /// State of an entity; null when there is none.
  [[nodiscard]] json::value get(entity_ref const& ref) const;
  /// States of a kind that `keep` accepts (empty: all, which is much less work), newest change
  /// first.
  [[nodiscard]] std::vector<json::value> list(tenant_id const& tenant, entity_kind kind,
                                              wanted const& keep, std::size_t skip,
                                              std::size_t limit, std::size_t& total) const;
  /// The same as a page: of those whose last change has n < `below`, `limit` after `skip`.
  [[nodiscard]] board_page page(tenant_id const& tenant, entity_kind kind, wanted const& keep,
                                std::uint64_t below, std::size_t skip, std::size_t limit) const;
  /// The commits that begin so and that the ledger speaks of, in order, at most `limit`.
  [[nodiscard]] std::vector<known_commit>
  commits(tenant_id const& tenant, std::string const& prefix, std::size_t limit) const;
  /// The tickets that agents hold now.
  [[nodiscard]] leases_by_agent leases(tenant_id const& tenant) const;
  /// What the team has done so far, and how it stands.
  [[nodiscard]] work_totals work(time_point now) const;
  /// Batches that were stored and are not applied yet.
  [[nodiscard]] std::size_t behind() const;
  /// Sequence number of the last event of each shard among those with n <= `at`. Unlike `n`, these
  /// are the same after a restart.
  [[nodiscard]] std::map<std::uint32_t, std::uint64_t> heads(std::uint64_t at) const;
  /// n of the last event before the first that lies beyond these heads; `last()` where none does.
  [[nodiscard]] std::uint64_t covered_by(std::map<std::uint32_t, std::uint64_t> const& heads) const;
  /// Events with n > `after` that `keep` accepts, in order.
  [[nodiscard]] std::vector<board_event>
  events(std::uint64_t after, std::size_t limit,
         std::function<bool(stored_event const&)> const& keep) const;
  [[nodiscard]] std::uint64_t last() const;
  /// The n of the oldest event at hand; last() + 1 where there is none.
  [[nodiscard]] std::uint64_t first() const;
  /// Where the events with n > `after` stand, in order, at most `limit`; also of those that are no
  /// longer at hand.
  [[nodiscard]] std::vector<event_place> places(std::uint64_t after, std::size_t limit) const;

  /// Hears every event after the ones that `snapshot` saw: `snapshot` and the registration are one
  /// step. The listener runs on the board's thread and must not block.
  std::uint64_t subscribe(listener l, std::function<void(std::uint64_t last)> const& snapshot);
  void unsubscribe(std::uint64_t id);
  /// How many events broke an invariant (docs/domain.md), since the beginning of the ledger; each
  /// is in the log with its event. Must stay 0. Invariant 12 is not looked at here: the redactor in
  /// front of every append is the same program, and would find what it let through as little.
  [[nodiscard]] std::uint64_t violations() const { return violations_; }
  /// Waits until everything fed so far has been applied.
  void settle() const;
  void stop();

private:
  void run();
  void take(std::shared_ptr<stored_event const> const& e);
  [[nodiscard]] result<void> apply(stored_event const& e);
  void note(stored_event const& e);
  void remember(board_event e);
  [[nodiscard]] result<std::uint64_t>
  apply_all(std::function<result<std::vector<stored_event>>()> const& next, std::uint64_t total,
            listener const& each);
  [[nodiscard]] result<void> look_at(stored_event const& e);
  template <class Visit>
  void walk(std::uint64_t after, Visit visit) const;

  mutable std::mutex mutex_;
  invariant_checker checker_; ///< holds the states, and looks at them as they change
  bool const check_;
  std::atomic<std::uint64_t> violations_{0};
  std::map<tenant_id, std::map<entity_kind, std::unordered_map<std::string, std::uint64_t>>> index_;
  entity_ref last_stream_; ///< of the event before, and its place in `index_`
  std::uint64_t* last_place_ = nullptr;
  commit_index commits_;
  lease_index leases_;
  work_meter work_;
  std::deque<board_event> recent_;
  std::map<std::uint32_t, std::uint64_t> heads_; ///< by shard
  // The shard of every event, by n - 1, and the heads before every `stride` of them: enough to find
  // each in the store again, for less than two bytes an event.
  std::vector<std::uint8_t> order_;
  std::vector<std::map<std::uint32_t, std::uint64_t>> marks_;
  std::size_t const keep_;
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, listener> listeners_;
  std::uint64_t next_listener_ = 0;

  mutable std::mutex feed_mutex_;
  mutable std::condition_variable feed_wakeup_;
  std::deque<committed_ptr> feed_;
  bool applying_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

} // namespace troupe
