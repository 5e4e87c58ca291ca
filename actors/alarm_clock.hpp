#pragma once

#include <caf/actor_addr.hpp>
#include <caf/actor_clock.hpp>

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

namespace troupe {

/// Calls actors at a later time: each gets `alarm_atom` and its number. Every lease asks for a call
/// and most end long before it, so asking is what must cost little: the thread is woken only by a
/// call that is earlier than all others, where the actor system's own clock wakes its thread for
/// each. Keeps nobody alive. Thread-safe.
class alarm_clock {
public:
  using moment = caf::actor_clock::time_point;

  alarm_clock() = default;
  ~alarm_clock();
  alarm_clock(alarm_clock const&) = delete;
  alarm_clock& operator=(alarm_clock const&) = delete;

  /// The first one starts the thread.
  void call(caf::actor_addr whom, moment at, std::uint64_t number);
  /// Nobody is called from here on.
  void stop();

private:
  struct call_to_make {
    moment at;
    std::uint64_t number = 0;
    caf::actor_addr whom;
  };
  void run();
  [[nodiscard]] static bool later(call_to_make const& a, call_to_make const& b) {
    return a.at > b.at;
  }

  std::mutex mutex_;
  std::condition_variable earlier_;
  std::vector<call_to_make> calls_; ///< a heap, the earliest in front
  bool stopping_ = false;
  std::thread thread_;
};

} // namespace troupe
