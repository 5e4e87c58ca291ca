#pragma once

#include "actors/journal_state.hpp"

#include <condition_variable>
#include <deque>
#include <thread>

namespace troupe {

/// The threads of a journal that read, each with a connection of its own. Between two reads the
/// first of them does what can wait: it settles what appends have put off (`event_store::settle`),
/// stores snapshots, and forgets old answers.
class journal_readers {
public:
  journal_readers(std::vector<std::unique_ptr<event_store>> stores, journal_state& state);

  /// Runs a read.
  void read(std::function<void(event_store&)> work);
  /// Runs a read that nobody's work waits for: after all others, one at a time, and in no more than
  /// a quarter of the time. Who calls bounds how many there are.
  void browse(std::function<void(event_store&)> work);
  /// See `journal_port::keep`.
  void keep(std::function<snapshot()> make);
  /// From here on old answers are forgotten, and what was put off before is settled.
  void keep_tidy();
  /// So many events were added, and the store may have put something off.
  void note_put_off(std::size_t events);

  /// Reads that wait.
  [[nodiscard]] std::size_t waiting() const;

  void wake();
  /// Ends the threads, after `stopping` was set.
  void join();
  /// Before the end, so that the next start has less to read; while there is time.
  void settle_rest();

private:
  using moment = std::chrono::steady_clock::time_point;
  using job = std::function<void(event_store&)>;

  void read_loop(event_store& store, bool tidies);
  [[nodiscard]] job next(bool tidies);
  [[nodiscard]] std::optional<moment> next_call(bool tidies) const;
  [[nodiscard]] job next_browsed();
  void browse_once(job const& work, event_store& store);
  void settle(event_store& store);
  void tidy(event_store& store);

  journal_state& state_;
  std::vector<std::unique_ptr<event_store>> const stores_;
  bool const puts_off_;                 ///< the store
  std::atomic<std::size_t> put_off_{0}; ///< events since the last settling
  moment tidy_at_;                      ///< of the thread that tidies
  mutable std::mutex mutex_;
  std::condition_variable wakeup_;
  bool keeps_tidy_ = false;
  std::optional<moment> settle_at_; ///< none where nothing was put off
  std::deque<job> reads_;
  std::deque<job> browsed_;
  bool browsing_ = false;
  moment browse_at_{};                          ///< not before
  std::deque<std::function<snapshot()>> spare_; ///< snapshots to store when nobody reads
  std::vector<std::thread> threads_;
};

} // namespace troupe
