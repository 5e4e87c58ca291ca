#pragma once

#include "actors/ports.hpp"
#include "persistence/event_store.hpp"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <vector>

namespace troupe {

struct journal_settings {
  int writers = 1; ///< 1 for SQLite; up to 2 for Postgres, each with a connection of its own
  int readers = 1;
  std::size_t queue_bytes = 64 * 1024 * 1024; ///< above it nothing new is accepted
  duration retry{200};                        ///< first wait after an unknown outcome
  duration retry_cap{std::chrono::seconds{5}};
  int throws = 3; ///< tries of an append at which the store throws, before it is given up
  /// How long the answer to an idempotent request is kept: whoever sends it again within this time
  /// gets the first answer.
  duration answers_kept{std::chrono::hours{24 * 7}};
  duration tidy_every{std::chrono::hours{1}};
  /// Where the store puts something off (`event_store::settle`): it is done this long after an
  /// append, or sooner once there are so many events.
  duration settle_after{std::chrono::seconds{2}};
  std::size_t settle_events = 32'768;
};

struct journal_counters {
  std::atomic<std::uint64_t> batches{0};
  std::atomic<std::uint64_t> units{0};
  std::atomic<std::uint64_t> events{0};
  std::atomic<std::uint64_t> unknown{0};
  std::atomic<std::uint64_t> conflicts{0};
  std::atomic<std::uint64_t> fenced{0};
};

/// Group commit with threads of its own: while one batch is being made durable the next one forms,
/// so one fsync serves every entity that waits. A shard always has the same writer, so a stream is
/// always on one connection. Blocking store calls never run on an actor's thread.
class journal : public journal_port {
public:
  using observer = std::function<void(committed_ptr)>;

  /// Opens its handles on the store. Errors: those of the factory.
  [[nodiscard]] static result<std::unique_ptr<journal>> open(store_factory const& store,
                                                             journal_settings settings);
  ~journal() override;

  /// Sees every stored event, batch by batch, on a writer's thread, after it is durable and before
  /// the entity hears. Set before the first append.
  void observe(observer o) { observer_ = std::move(o); }

  /// Called once, at the first append that the store refuses because the shard has another owner
  /// now; on a writer's or a reader's thread, must not block. Set before the first append.
  void on_fenced(std::function<void()> f) { on_fenced_ = std::move(f); }
  /// Called, perhaps more than once, where going on is of no use: what was stored could not be told
  /// to those who read, or the store throws whatever it is given. On a writer's thread, must not
  /// block. Set before the first append.
  void on_failed(std::function<void()> f) { on_failed_ = std::move(f); }
  /// Notes that another owner was seen.
  void note_fenced();
  [[nodiscard]] bool fenced() const { return fenced_.load(); }
  [[nodiscard]] std::optional<error> away() const override;

  void append(unit what, std::uint64_t id, caf::actor reply_to, bool asked) override;
  void load(entity_ref stream, stream_part what, caf::actor reply_to) override;
  /// On a reader's thread, between two reads. Where more wait than are worth keeping, or another
  /// server has the ledger, it is forgotten.
  void keep(std::function<snapshot()> make) override;
  [[nodiscard]] bool accepts() const override;
  void find_inbox(tenant_id tenant, std::string source, std::string key,
                  std::function<void(result<std::optional<inbox_entry>>)> done) override;
  /// From here on forgets stored answers that are older than `answers_kept`: now, and then
  /// `tidy_every`, a page at a time on a reader's thread. Where nothing is old, nothing is written.
  void keep_tidy();
  /// Runs a read on a reader's thread.
  void read(std::function<void(event_store&)> work);

  /// Writes what is queued, then ends the threads. What cannot be stored by `deadline` (the store
  /// is away) is answered `unavailable`.
  void stop(duration deadline);
  [[nodiscard]] journal_counters const& counters() const { return counters_; }

private:
  struct entry {
    unit what;
    std::uint64_t id = 0;
    caf::actor reply_to;
    std::size_t bytes = 0;
    bool asked = false;
  };
  struct writer {
    std::unique_ptr<event_store> store;
    std::mutex mutex;
    std::condition_variable wakeup;
    std::deque<entry> queue;
    std::thread thread;
    std::set<entity_ref> given_up; ///< streams at which the store threw, since it last took a unit
  };

  explicit journal(journal_settings settings) : settings_(settings) {}
  void write_loop(writer& w);
  /// `doubtful`: an earlier try may have stored it. Answers each in any case.
  void commit(writer& w, std::vector<entry>& batch, bool doubtful);
  void try_commit(writer& w, std::vector<entry>& batch, bool doubtful);
  void note_throws(writer& w, unit const& one, result<std::vector<unit_result>> const& answers);
  void tell_observer(committed_ptr const& committed);
  void refuse_asked(std::vector<entry>& batch, std::vector<unit>& units, error const& why);
  void note_away(writer const& w, std::optional<error> why);
  /// Answers, and gives back what the entry took of the queue. Once.
  void answer(entry& e, result<unit_result> outcome);
  static void carry_out(std::function<void(event_store&)> const& work, event_store& store);
  void read_loop(event_store& store, bool tidies);
  static void store_snapshot(std::function<snapshot()> const& make, event_store& store);
  [[nodiscard]] std::chrono::steady_clock::time_point tidy(event_store& store);
  void note_put_off(std::size_t events);
  void settle(event_store& store);
  void settle_rest(std::int64_t until);

  journal_settings settings_;
  observer observer_;
  journal_counters counters_;
  std::vector<std::unique_ptr<writer>> writers_;
  std::atomic<std::size_t> queued_bytes_{0};
  std::atomic<bool> stopping_{false};
  std::function<void()> on_fenced_;
  std::function<void()> on_failed_;
  std::atomic<bool> fenced_{false};
  std::atomic<bool> is_away_{false}; ///< whether `away_` holds anything: asked at every command
  mutable std::mutex away_mutex_;
  std::map<writer const*, error> away_;
  std::atomic<std::int64_t> give_up_at_{0}; ///< steady clock, ns; 0: never
  std::mutex read_mutex_;
  bool keeps_tidy_ = false;             ///< under `read_mutex_`
  bool puts_off_ = false;               ///< the store; set before the threads begin
  std::atomic<std::size_t> put_off_{0}; ///< events since the last settling
  /// When to settle, under `read_mutex_`; none where nothing was put off.
  std::optional<std::chrono::steady_clock::time_point> settle_at_;
  std::condition_variable read_wakeup_;
  std::deque<std::function<void(event_store&)>> reads_;
  std::deque<std::function<snapshot()>> spare_; ///< snapshots to store when nobody reads
  std::vector<std::unique_ptr<event_store>> read_stores_;
  std::vector<std::thread> readers_;
};

/// Reads all events of a stream, page by page.
[[nodiscard]] result<std::vector<stored_event>> read_all(event_store& store,
                                                         entity_ref const& stream);

} // namespace troupe
