#pragma once

#include "actors/journal_readers.hpp"
#include "actors/journal_writer.hpp"
#include "actors/ports.hpp"

namespace troupe {

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
  void observe(observer o) { state_.observer = std::move(o); }

  /// Called once, at the first append that the store refuses because the shard has another owner
  /// now; on a writer's or a reader's thread, must not block. Set before the first append.
  void on_fenced(std::function<void()> f) { state_.on_fenced = std::move(f); }
  /// Called, perhaps more than once, where going on is of no use: what was stored could not be told
  /// to those who read, or the store throws whatever it is given. On a writer's thread, must not
  /// block. Set before the first append.
  void on_failed(std::function<void()> f) { state_.on_failed = std::move(f); }
  /// Notes that another owner was seen.
  void note_fenced() { state_.note_fenced(); }
  [[nodiscard]] bool fenced() const { return state_.fenced.load(); }
  [[nodiscard]] std::optional<error> away() const override { return state_.away(); }

  void append(unit what, append_caller caller) override;
  void load(entity_ref stream, stream_part what, caf::actor reply_to) override;
  /// On a reader's thread, between two reads. Where more wait than are worth keeping, or another
  /// server has the ledger, it is forgotten.
  void keep(std::function<snapshot()> make) override { readers_->keep(std::move(make)); }
  [[nodiscard]] bool accepts() const override;
  void find_inbox(tenant_id tenant, std::string source, std::string key,
                  std::function<void(result<std::optional<inbox_entry>>)> done) override;
  /// The start is over, and there is time for what can wait: settles what an earlier server has
  /// left, and forgets stored answers that are older than `answers_kept`: now, and then
  /// `tidy_every`, a page at a time on a reader's thread. Where nothing is old, nothing is written.
  void keep_tidy() { readers_->keep_tidy(); }
  /// Runs a read on a reader's thread.
  void read(std::function<void(event_store&)> work) { readers_->read(std::move(work)); }
  /// The same for what nobody's work waits for, see `journal_readers::browse`.
  void browse(std::function<void(event_store&)> work) { readers_->browse(std::move(work)); }

  /// Writes what is queued, then ends the threads. What cannot be stored by `deadline` (the store
  /// is away) is answered `unavailable`.
  void stop(duration deadline);
  [[nodiscard]] journal_counters const& counters() const { return state_.counters; }
  [[nodiscard]] journal_load load_now() const;

private:
  explicit journal(journal_settings const& settings) : state_(settings) {}

  journal_state state_;
  std::unique_ptr<journal_readers> readers_;
  std::vector<std::unique_ptr<journal_writer>> writers_;
};

/// Reads all events of a stream, page by page.
[[nodiscard]] result<std::vector<stored_event>> read_all(event_store& store,
                                                         entity_ref const& stream);

} // namespace troupe
