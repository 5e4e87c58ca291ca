#pragma once

#include "actors/board.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace troupe {

/// Says in the log what the team does: one line, at `info`, for each main step of a brief (ready
/// for approval, planned, run begun, ticket leased, attempt begun and ended, verdict, gate failed,
/// merged, run ended, a question handed on to another person), with its conversation. It reads what
/// is stored already, on a thread of its own, so that no step waits for its line; of very many at
/// once most are only counted.
class step_log {
public:
  explicit step_log(board& view);
  /// Writes what is left.
  ~step_log();
  step_log(step_log const&) = delete;
  step_log& operator=(step_log const&) = delete;

private:
  using clock = std::chrono::steady_clock;
  using event_ptr = std::shared_ptr<stored_event const>;
  void hear(event_ptr const& e);
  void run();

  board& view_;
  std::mutex mutex_;
  std::condition_variable wakeup_;
  std::deque<std::pair<event_ptr, std::uint64_t>> waiting_; ///< with how many were left out before
  std::uint64_t left_out_ = 0;
  double room_;             ///< lines that may be written now
  clock::time_point since_; ///< when that was so
  bool over_ = false;
  std::thread thread_;
  std::uint64_t listens_ = 0;
};

/// The line of an event; empty where it is no main step. Ids, names and states only: nothing that
/// anybody has said.
[[nodiscard]] std::string step_of(stored_event const& e);

} // namespace troupe
