#pragma once

#include "protocol/ids.hpp"

#include <random>

namespace troupe::sim {

/// One stream of chance. Drawn from in one fixed order, so a seed says everything.
class chance {
public:
  explicit chance(std::uint64_t seed) : random_(seed) {}
  /// Below `n`; 0 where `n` is.
  std::uint64_t pick(std::uint64_t n) {
    if (n == 0)
      return 0;
    auto const drawn = random_() % n;
    digest_ = (digest_ ^ drawn) * 1099511628211ULL;
    return drawn;
  }
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

  /// Of everything drawn so far: two runs in which anything came in another order differ in it.
  [[nodiscard]] std::uint64_t digest() const { return digest_; }

private:
  std::mt19937_64 random_;
  std::uint64_t digest_ = 14695981039346656037ULL;
};

} // namespace troupe::sim
