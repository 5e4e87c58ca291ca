#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

namespace troupe {

struct leave_count {
  void operator()(std::atomic<std::int64_t>* at) const {
    at->fetch_sub(1, std::memory_order_relaxed);
  }
};

/// Counts something in one place for as long as it is there. The place outlives it.
using headcount = std::unique_ptr<std::atomic<std::int64_t>, leave_count>;

[[nodiscard]] inline headcount count_at(std::atomic<std::int64_t>& at) {
  at.fetch_add(1, std::memory_order_relaxed);
  return headcount{&at};
}

} // namespace troupe
