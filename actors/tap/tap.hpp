#pragma once

#include "actors/tap/header.hpp"

#include <atomic>

namespace troupe::traffic {

namespace detail {
/// One bit a category. Written by the hub only.
inline constinit std::atomic<std::uint8_t> wanted{0};
/// Whether a watch wants to see contents. Written by the hub only.
inline constinit std::atomic<bool> contents_wanted{false};
/// Who is told what was dropped, as bits of `bit_of(tenant_mark)`. Written by the hub only.
inline constinit std::atomic<std::uint64_t> watched_tenants{0};

/// How many more records are taken in; half of the greatest number and more: all. Counted down by
/// those who record, set by the hub.
inline constinit std::atomic<std::int64_t> allowance{std::numeric_limits<std::int64_t>::max()};
/// While these are counted: whose they are, and from which latency on a record is an outlier.
inline constinit std::atomic<std::uint64_t> watched_tenant{0};
inline constinit std::array<std::atomic<std::uint32_t>, category_count> slow_from{};

[[nodiscard]] bool wants_content(header const& h) noexcept;
void attach(header& h, std::string&& content);
} // namespace detail

#ifdef TROUPE_WITHOUT_TAP // to measure what it costs while nobody watches
constexpr bool is_built_in = false;
#else
constexpr bool is_built_in = true;
#endif

/// Whether somebody watches this choke point: one relaxed load. Ask before anything is prepared.
[[nodiscard]] inline bool wants(category c) noexcept {
  return is_built_in && (detail::wanted.load(std::memory_order_relaxed) & bit_of(c)) != 0;
}

/// Whether a record is taken in, see `room_for`.
enum class room : std::uint8_t {
  none,
  usual,
  notable, ///< as an exception: it says so in `header::notable`
};

/// What becomes of a record of which this much is known. Where all watches are of everything and
/// have used up their rates, it would only be thrown away: it is counted here, before it is
/// written. Errors and outliers are taken in all the same.
[[nodiscard]] room room_for(category where, tenant_id const& of, outcome how = outcome::open,
                            std::uint32_t latency_us = no_latency) noexcept;

/// Hands a record to the hub. Never waits and never fails: where there is no room it is dropped and
/// counted. Gives it the time, unless it has one.
void record(header& h) noexcept;

/// The same with its content, which is made only where a watch that may see contents wants this
/// record. `content`: () -> std::string.
template <class F>
void record(header& h, F const& content) noexcept {
  if (detail::contents_wanted.load(std::memory_order_relaxed) && detail::wants_content(h)) {
    try {
      detail::attach(h, content());
    } catch (...) { // without its content then: nothing may fail because somebody watches
      h.content = nullptr;
    }
  }
  record(h);
}

} // namespace troupe::traffic
