#pragma once

#include <chrono>
#include <thread>

namespace troupe::test {

/// Waits until `done` or the deadline; whether it came.
template <class F>
[[nodiscard]] bool eventually(F const& done,
                              std::chrono::milliseconds limit = std::chrono::seconds{30}) {
  auto const end = std::chrono::steady_clock::now() + limit;
  while (!done()) {
    if (std::chrono::steady_clock::now() > end)
      return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{20}); // between two looks, not for luck
  }
  return true;
}

} // namespace troupe::test
