#include "actors/tap/drop_counts.hpp"

namespace troupe::traffic {

void drop_counts::add(tenant_mark of) noexcept {
  auto const home = of >> 24;
  for (std::size_t i = 0; i < places; ++i) {
    auto& place = words_[(home + i) % places];
    auto word = place.load(std::memory_order_relaxed);
    // Nobody but the consumer comes in between, and it leaves the place free: no third try.
    while (word == 0 ||
           ((word & ~most_in_a_word) == of && (word & most_in_a_word) < most_in_a_word)) {
      if (!place.compare_exchange_weak(word, word == 0 ? of | 1 : word + 1,
                                       std::memory_order_relaxed))
        continue;
      // Last: who sees the number finds the count.
      added_.store(added_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
      return;
    }
  }
}

} // namespace troupe::traffic
