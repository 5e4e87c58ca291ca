#pragma once

#include "actors/journal_state.hpp"
#include "actors/ports.hpp"

#include <condition_variable>
#include <deque>
#include <set>
#include <thread>

namespace troupe {

/// A unit on its way to the log, and whom to answer.
struct journal_entry {
  unit what;
  append_caller caller;
  std::size_t bytes = 0;  ///< of the journal's queue
  std::int64_t since = 0; ///< see `choke::moment`
};

/// One connection that appends, with a thread of its own: while one batch is being made durable the
/// next one forms.
class journal_writer {
public:
  /// `on_stored`: how many events were added, after each batch; on the writer's thread.
  journal_writer(std::unique_ptr<event_store> store, journal_state& state,
                 std::function<void(std::size_t)> on_stored);

  void append(journal_entry e);
  /// Looks again at how the journal is.
  void wake();
  /// Until what is queued is written or given up; after `stopping` was set.
  void join();
  /// Units that wait.
  [[nodiscard]] std::size_t waiting() const;

private:
  void write_loop();
  /// `doubtful`: an earlier try may have stored it. Answers each in any case.
  void commit(std::vector<journal_entry>& batch, bool doubtful);
  void try_commit(std::vector<journal_entry>& batch, bool doubtful);
  /// Until the answer is definite, or it is of no use to go on; none where nothing is left.
  [[nodiscard]] std::optional<result<std::vector<unit_result>>>
  send(std::vector<journal_entry>& batch, std::vector<unit>& units, bool& doubtful);
  void note_throws(unit const& one, result<std::vector<unit_result>> const& answers);
  [[nodiscard]] committed_ptr stored(std::vector<journal_entry>& batch,
                                     result<std::vector<unit_result>> const& answers);
  void tell_observer(committed_ptr const& committed);
  void refuse_asked(std::vector<journal_entry>& batch, std::vector<unit>& units, error const& why);
  /// Answers, and gives back what the entry took of the queue. Once.
  void answer(journal_entry& e, result<unit_result> outcome);

  std::unique_ptr<event_store> const store_;
  journal_state& state_;
  std::function<void(std::size_t)> const on_stored_;
  mutable std::mutex mutex_;
  std::condition_variable wakeup_;
  std::deque<journal_entry> queue_;
  std::set<entity_ref> given_up_; ///< streams at which the store threw, since it last took a unit
  std::thread thread_;
};

} // namespace troupe
