#pragma once

#include <atomic>
#include <cstddef>
#include <utility>

namespace troupe {

/// Counted as long as it lives.
class headcount {
public:
  headcount() = default;
  explicit headcount(std::atomic<std::size_t>& at) : at_(&at) { at.fetch_add(1); }
  headcount(headcount&& other) noexcept : at_(std::exchange(other.at_, nullptr)) {}
  headcount& operator=(headcount&& other) noexcept {
    std::swap(at_, other.at_);
    return *this;
  }
  headcount(headcount const&) = delete;
  headcount& operator=(headcount const&) = delete;
  ~headcount() { leave(); }
  void leave() {
    if (auto* at = std::exchange(at_, nullptr))
      at->fetch_sub(1);
  }

private:
  std::atomic<std::size_t>* at_ = nullptr;
};

/// How many entities of a node are in memory, and how many of these are still being read.
/// Thread-safe. Outlives the actors that are counted.
class population {
public:
  /// Above `limit` those that were not called for the longest time are let go before their time,
  /// as far as they have nothing to do.
  explicit population(std::size_t limit) : limit_(limit) {}
  [[nodiscard]] headcount enter() { return headcount{live_}; }
  [[nodiscard]] headcount begin_reading() { return headcount{reading_}; }
  [[nodiscard]] std::size_t live() const { return live_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::size_t reading() const { return reading_.load(std::memory_order_relaxed); }
  [[nodiscard]] bool full() const { return live() >= limit_; }

private:
  std::size_t const limit_;
  std::atomic<std::size_t> live_{0};
  std::atomic<std::size_t> reading_{0};
};

} // namespace troupe
