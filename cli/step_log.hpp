#pragma once

#include "actors/board.hpp"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace troupe {

/// Says in the log what the team does: one line, at `info`, for each main step of a brief (ready
/// for approval, planned, run begun, ticket leased, attempt begun and ended, verdict, gate failed,
/// merged, run ended, a question handed on to another person), with its conversation. It reads what
/// is stored already, on a thread of its own, so that no step waits for its line; of very many at
/// once most are only counted, and the log says how many. It does nothing while nothing happens.
class step_log {
public:
  /// A team at work has a few steps a second; a load test has thousands, and wants no lines.
  struct bounds {
    double a_second = 50;
    double at_once = 500;
    /// That are not written yet: standard error may be a pipe that nobody reads.
    std::size_t waiting = 1000;
    /// After the first step without a line: then their count is said, also if none follows.
    std::chrono::milliseconds count_after{1000};
  };
  explicit step_log(board& view) : step_log(view, bounds{}) {}
  step_log(board& view, bounds within);
  /// Writes what is left.
  ~step_log();
  step_log(step_log const&) = delete;
  step_log& operator=(step_log const&) = delete;

private:
  using clock = std::chrono::steady_clock;
  using event_ptr = std::shared_ptr<stored_event const>;
  struct work {
    event_ptr step;
    std::uint64_t left_out = 0; ///< before it
  };
  void hear(event_ptr const& e);
  [[nodiscard]] bool has_room();
  void run();
  [[nodiscard]] work next(std::unique_lock<std::mutex>& lock);

  board& view_;
  bounds const within_;
  std::mutex mutex_;
  std::condition_variable wakeup_;
  std::deque<work> waiting_;
  std::uint64_t left_out_ = 0; ///< since the last that waits
  clock::time_point count_at_; ///< if there are any
  double room_;                ///< lines that may be written now
  clock::time_point since_;    ///< when that was so
  bool over_ = false;
  std::thread thread_;
  std::uint64_t listens_ = 0;
};

/// The line of an event; empty where it is no main step. Ids, names and states only: nothing that
/// anybody has said.
[[nodiscard]] std::string step_of(stored_event const& e);

} // namespace troupe
