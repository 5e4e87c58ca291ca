#pragma once

#include "actors/tap/header.hpp"

#include <atomic>

namespace troupe::traffic {

namespace detail {
/// One bit a category. Written by the hub only.
inline constinit std::atomic<std::uint8_t> wanted{0};
/// Whether a watch wants to see contents. Written by the hub only.
inline constinit std::atomic<bool> contents_wanted{false};

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
