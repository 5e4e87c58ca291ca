#pragma once

#include "protocol/result.hpp"

#include <cstdint>

/// How the server ends a daemon's link, and other sockets (RFC 6455, 7.4.1, and the registry).
namespace troupe {

constexpr std::uint16_t close_normal = 1000;
constexpr std::uint16_t close_going_away = 1001;
constexpr std::uint16_t close_protocol = 1002;
constexpr std::uint16_t close_policy = 1008;
constexpr std::uint16_t close_too_large = 1009;
constexpr std::uint16_t close_internal = 1011;
constexpr std::uint16_t close_try_again = 1013;

/// Whether the same may be taken when it is sent again.
[[nodiscard]] inline bool may_pass(error const& e) {
  return e.code == errc::busy || e.code == errc::unavailable || e.code == errc::timeout;
}

} // namespace troupe
