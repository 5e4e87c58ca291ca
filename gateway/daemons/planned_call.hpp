#pragma once

#include "protocol/ids.hpp"

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

namespace troupe {

/// One call that is made later, on a thread of its own, which is started by the first plan and
/// sleeps where nothing is planned. Thread-safe.
class planned_call {
public:
  explicit planned_call(std::function<void()> what) : what_(std::move(what)) {}
  ~planned_call() { stop(); }
  planned_call(planned_call const&) = delete;
  planned_call& operator=(planned_call const&) = delete;

  /// Makes the call after this time, or when it is planned already, whichever is sooner.
  void plan(duration after);
  /// No call is made any more; one that is under way ends first. Not to be called by it.
  void stop();

private:
  using clock = std::chrono::steady_clock;
  void run();

  std::function<void()> const what_;
  std::mutex mutex_;
  std::condition_variable wakeup_;
  std::optional<clock::time_point> due_;
  bool stopped_ = false;
  std::thread thread_;
};

} // namespace troupe
