#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace troupe {

/// What `bucket_counts` held at one moment. `counts` has one more than `bounds`: of the values
/// above the last. A value belongs to the first bound that it does not exceed.
struct bucket_reading {
  std::span<std::int64_t const> bounds{};
  std::vector<std::uint64_t> counts{};
  std::int64_t sum = 0;

  [[nodiscard]] std::uint64_t total() const {
    std::uint64_t all = 0;
    for (auto const n : counts)
      all += n;
    return all;
  }
};

/// How many values fell into each of a few ranges, and their sum: what a histogram of Prometheus is
/// made of. To count costs a search in a dozen bounds and two relaxed additions. Thread-safe.
class bucket_counts {
public:
  /// `bounds`: upper ones, ascending; they must outlive this.
  explicit bucket_counts(std::span<std::int64_t const> bounds)
      : bounds_(bounds), counts_(new std::atomic<std::uint64_t>[bounds.size() + 1] {}) {}

  void add(std::int64_t value) {
    auto const at = std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
    counts_[static_cast<std::size_t>(at)].fetch_add(1, std::memory_order_relaxed);
    sum_.fetch_add(value, std::memory_order_relaxed);
  }

  /// A value that is counted meanwhile may be in the sum and not in the counts, or the other way.
  [[nodiscard]] bucket_reading read() const {
    bucket_reading out{bounds_, {}, sum_.load(std::memory_order_relaxed)};
    for (std::size_t i = 0; i <= bounds_.size(); ++i)
      out.counts.push_back(counts_[i].load(std::memory_order_relaxed));
    return out;
  }

private:
  std::span<std::int64_t const> bounds_;
  std::unique_ptr<std::atomic<std::uint64_t>[]> counts_;
  std::atomic<std::int64_t> sum_{0};
};

} // namespace troupe
