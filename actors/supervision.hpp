#pragma once

#include "protocol/ids.hpp"

#include <cstdint>
#include <deque>

namespace troupe {

/// How many restarts are borne: more than `limit` within `window` means that starting again does
/// not help, and the failure goes up (an entity is quarantined, a subsystem's parent is told).
struct restart_policy {
  int limit = 3;
  duration window{std::chrono::minutes{10}};
  duration base{200};
  duration cap{std::chrono::seconds{30}};
};

/// Restart intensity and backoff of one child. Pure: the time and a random number come in.
class restart_budget {
public:
  explicit restart_budget(restart_policy policy) : policy_(policy) {}

  /// Notes a crash. True: start again after `delay`; false: the intensity is exceeded.
  /// `random` in [0, 1): full jitter, so that many children do not come back in step.
  [[nodiscard]] bool may_restart(time_point now, double random, duration& delay);

private:
  restart_policy policy_;
  std::deque<time_point> crashes_;
};

} // namespace troupe
