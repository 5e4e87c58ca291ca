#pragma once

#include "protocol/ids.hpp"

#include <random>

namespace troupe::sim {

/// One stream of chance. Drawn from in one fixed order, so a seed says everything.
class chance {
public:
  explicit chance(std::uint64_t seed) : random_(seed) {}
  /// Below `n`; 0 where `n` is.
  std::uint64_t pick(std::uint64_t n) { return n == 0 ? 0 : random_() % n; }
  std::size_t index(std::size_t n) { return static_cast<std::size_t>(pick(n)); }
  bool permille(int p) { return static_cast<int>(pick(1000)) < p; }
  bool percent(int p) { return permille(p * 10); }
  duration between(duration from, duration to) {
    return from + duration{static_cast<duration::rep>(
                      pick(static_cast<std::uint64_t>((to - from).count()) + 1))};
  }
  /// Mostly short, sometimes up to `most`: how long things take in life.
  duration skewed(duration least, duration most) {
    auto const third = least + (most - least) / 8;
    return percent(85) ? between(least, third) : between(third, most);
  }

private:
  std::mt19937_64 random_;
};

} // namespace troupe::sim
