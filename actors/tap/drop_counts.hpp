#pragma once

#include "actors/tap/header.hpp"

#include <atomic>

namespace troupe::traffic {

/// A tenant as counts know it: the upper 40 bits of the hash of its name.
using tenant_mark = std::uint64_t;
constexpr std::uint64_t most_in_a_word = (1u << 24) - 1; ///< how many are counted beside it

[[nodiscard]] constexpr tenant_mark mark_of(std::string_view tenant) {
  return hash_of(tenant) & ~most_in_a_word;
}
/// One of 64 bits, to know quickly that a tenant is not among some.
[[nodiscard]] constexpr std::uint64_t bit_of(tenant_mark of) {
  return std::uint64_t{1} << (of >> 58);
}
constexpr std::uint64_t every_tenant = ~std::uint64_t{0};

/// How many records of each tenant one thread had no room for: a tenant is told its own, and not
/// how much of others there was. One producer, one consumer, neither waits for the other. Tenant
/// and count are one word, so that a count is never taken for another tenant's.
class drop_counts {
public:
  static constexpr std::size_t places = 64;

  /// Of the producer: one more. Where that many tenants are counted already since the last `take`,
  /// it is not counted here.
  void add(tenant_mark of) noexcept;

  /// Of the consumer: hands over what there is, as (tenant, count), and begins anew. A tenant may
  /// come twice.
  template <class F>
  void take(F&& each) {
    // Looked at every round of each thread, so one word is read where nothing came.
    auto const added = added_.load(std::memory_order_acquire);
    if (added == taken_)
      return;
    taken_ = added;
    for (auto& place : words_) {
      if (place.load(std::memory_order_relaxed) == 0)
        continue;
      auto const word = place.exchange(0, std::memory_order_relaxed);
      each(tenant_mark{word & ~most_in_a_word}, word & most_in_a_word);
    }
  }

private:
  alignas(64) std::array<std::atomic<std::uint64_t>, places> words_{}; ///< 0: free
  std::atomic<std::uint64_t> added_{0};
  std::uint64_t taken_ = 0; ///< of the consumer: how many there were then
};

} // namespace troupe::traffic
