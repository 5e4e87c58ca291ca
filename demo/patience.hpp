#pragma once

#include "demo/answers.hpp"

#include <atomic>
#include <chrono>
#include <thread>

namespace troupe::demo {

/// How long the story may take, and whether somebody stops it.
class patience {
public:
  using clock = std::chrono::steady_clock;

  patience(int seconds, std::atomic<bool> const* stop)
      : limit_(clock::now() + std::chrono::seconds{seconds}), stop_(stop) {}

  [[nodiscard]] bool stopped() const { return stop_ != nullptr && *stop_; }
  [[nodiscard]] bool over() const { return clock::now() > limit_; }
  [[nodiscard]] std::int64_t seconds() const {
    return std::chrono::duration_cast<std::chrono::seconds>(clock::now() - begun_).count();
  }
  /// Breaks the story off where somebody stopped it.
  void check() const {
    if (stopped())
      throw broken_off{"stopped", 130};
  }

  /// Waits until it is so; breaks the story off when that takes too long.
  template <class Condition>
  void await(std::string const& what, Condition const& condition) const {
    auto const limit = std::min(limit_, clock::now() + std::chrono::seconds{40});
    while (!condition()) {
      check();
      if (clock::now() > limit)
        throw broken_off{"waited too long for " + what};
      std::this_thread::sleep_for(std::chrono::milliseconds{30});
    }
  }

private:
  clock::time_point begun_ = clock::now();
  clock::time_point limit_;
  std::atomic<bool> const* stop_;
};

} // namespace troupe::demo
