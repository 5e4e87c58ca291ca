#pragma once

#include <cstdint>
#include <vector>

namespace troupe::bench {

/// Counts of values by size, with three significant digits at every size: an HDR histogram as
/// described by Gil Tene (docs/decisions/0010). Recording costs a few instructions and never
/// allocates; two histograms add up without loss. For latencies, in nanoseconds.
class histogram {
public:
  /// Values above this are counted as this: an hour in nanoseconds.
  static constexpr std::uint64_t highest = 3'600'000'000'000;

  histogram();
  void record(std::uint64_t value, std::uint64_t times = 1);
  /// Records a value of a closed loop that was meant to ask every `interval`, and with it those
  /// that it would have seen had it asked in the meantime: value - interval, value - 2 interval, …
  /// (the correction of HdrHistogram for coordinated omission). `interval` 0: the value alone.
  void record_with_gaps(std::uint64_t value, std::uint64_t interval);
  void add(histogram const& other);

  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] std::uint64_t min() const { return count_ == 0 ? 0 : min_; }
  [[nodiscard]] std::uint64_t max() const { return max_; }
  [[nodiscard]] double mean() const;
  /// The smallest recorded size that a share of `q` (0 to 1) of the values does not exceed, at most
  /// 0.1 % too large; 0 where nothing was recorded.
  [[nodiscard]] std::uint64_t at(double q) const;

private:
  std::vector<std::uint64_t> counts_;
  std::uint64_t count_ = 0;
  std::uint64_t min_ = ~std::uint64_t{0};
  std::uint64_t max_ = 0;
};

} // namespace troupe::bench
