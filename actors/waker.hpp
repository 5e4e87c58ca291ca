#pragma once

#include "actors/population.hpp"
#include "actors/region.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace troupe {

/// Starts the entities that have something to do by themselves, some at a time: whoever asks for
/// one meanwhile waits for a few others at most, and not for a hundred thousand.
class waker {
public:
  waker(region const& where, population const& crowd) : where_(where), crowd_(crowd) {}
  ~waker() { stop(); }
  waker(waker const&) = delete;
  waker& operator=(waker const&) = delete;

  /// In this order; returns at once, but not before an earlier call has come to its end.
  void start(std::vector<entity_ref> all);
  /// Those that were not woken yet stay as they are.
  void stop();

private:
  void run(std::vector<entity_ref> const& all, std::size_t from);

  region const& where_;
  population const& crowd_;
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stop_ = false;
  std::thread thread_;
};

} // namespace troupe
