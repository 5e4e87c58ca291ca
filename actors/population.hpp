#pragma once

#include "actors/headcount.hpp"

#include <cstddef>

namespace troupe {

/// How many entities of a node are in memory, and how many of these are still being read.
/// Thread-safe. Outlives the actors that are counted.
class population {
public:
  /// Above `limit` those that were not called for the longest time are let go before their time,
  /// as far as they have nothing to do.
  explicit population(std::size_t limit) : limit_(limit) {}
  [[nodiscard]] headcount enter() { return count_at(live_); }
  [[nodiscard]] headcount begin_reading() { return count_at(reading_); }
  [[nodiscard]] std::size_t live() const { return of(live_); }
  [[nodiscard]] std::size_t reading() const { return of(reading_); }
  [[nodiscard]] std::size_t limit() const { return limit_; }
  [[nodiscard]] bool full() const { return live() >= limit_; }

private:
  static std::size_t of(std::atomic<std::int64_t> const& n) {
    return static_cast<std::size_t>(n.load(std::memory_order_relaxed));
  }

  std::size_t const limit_;
  std::atomic<std::int64_t> live_{0};
  std::atomic<std::int64_t> reading_{0};
};

} // namespace troupe
