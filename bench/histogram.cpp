#include "bench/histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace troupe::bench {

namespace {

// Each power of two above 2048 is divided into 1024 steps, so a step is less than a thousandth of
// the values in it; below, every value has a place of its own.
constexpr unsigned sub_bits = 11;
constexpr std::uint64_t sub_count = std::uint64_t{1} << sub_bits;
constexpr std::uint64_t half = sub_count / 2;

constexpr unsigned bucket_of(std::uint64_t value) {
  return static_cast<unsigned>(std::bit_width(value | (sub_count - 1))) - sub_bits;
}
constexpr std::size_t index_of(std::uint64_t value) {
  auto const bucket = bucket_of(value);
  return static_cast<std::size_t>(bucket * half + (value >> bucket));
}
/// The largest value of a place.
constexpr std::uint64_t top_of(std::size_t index) {
  std::uint64_t const i = index;
  auto const bucket = i < sub_count ? 0 : i / half - 1;
  return ((i - bucket * half + 1) << bucket) - 1;
}
static_assert(index_of(0) == 0 && index_of(sub_count - 1) == sub_count - 1);
static_assert(index_of(sub_count) == sub_count && index_of(sub_count + 1) == sub_count);
static_assert(top_of(0) == 0 && top_of(sub_count) == sub_count + 1);

} // namespace

histogram::histogram() : counts_(index_of(highest) + 1) {}

void histogram::record(std::uint64_t value, std::uint64_t times) {
  if (times == 0)
    return;
  value = std::min(value, highest);
  counts_[index_of(value)] += times;
  count_ += times;
  min_ = std::min(min_, value);
  max_ = std::max(max_, value);
}

void histogram::record_with_gaps(std::uint64_t value, std::uint64_t interval) {
  record(value);
  if (interval == 0)
    return;
  for (value = std::min(value, highest); value >= 2 * interval;) {
    value -= interval;
    record(value);
  }
}

void histogram::add(histogram const& other) {
  for (std::size_t i = 0; i < counts_.size(); ++i)
    counts_[i] += other.counts_[i];
  count_ += other.count_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
}

double histogram::mean() const {
  if (count_ == 0)
    return 0;
  double sum = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i)
    sum += static_cast<double>(counts_[i]) * static_cast<double>(top_of(i));
  return sum / static_cast<double>(count_);
}

std::uint64_t histogram::at(double q) const {
  if (count_ == 0)
    return 0;
  // The share is rounded up to whole values: p99 of ten values is the largest of them.
  auto const wanted = std::clamp<std::uint64_t>(
      static_cast<std::uint64_t>(std::ceil(std::clamp(q, 0.0, 1.0) * static_cast<double>(count_))),
      1, count_);
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    seen += counts_[i];
    if (seen >= wanted)
      return std::min(top_of(i), max_);
  }
  return max_;
}

} // namespace troupe::bench
