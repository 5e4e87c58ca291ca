#pragma once

#include "actors/ports.hpp"

#include <array>
#include <mutex>

namespace troupe {

/// The machine's clock.
class system_clock_port : public clock_port {
public:
  [[nodiscard]] time_point now() const override;
};

/// Random names from OpenSSL. UUIDs of one object sort in the order in which they were made: the
/// time comes first, then a counter within the millisecond (RFC 9562, 6.2, method 1). A clock that
/// goes back makes them go on from the last one. What tells them from those of other objects, 62
/// random bits, is the same in all of them: a ledger has a name of it three bytes instead of eleven
/// (docs/event-encoding.md, section 6.5). So they are no secrets: who has one can guess others.
class random_id_port : public id_port {
public:
  random_id_port();
  [[nodiscard]] std::string uuid() override;
  [[nodiscard]] std::string short_id() override;
  /// Every later name sorts after this one (UUID v7 text; anything else is ignored). Told at start
  /// with the greatest stored one, so that the order holds over restarts too.
  void go_on_after(std::string_view uuid);

private:
  std::mutex mutex_;
  std::int64_t last_ms_ = 0;
  std::uint32_t counter_ = 0;
  std::array<unsigned char, 8> tail_;
};

} // namespace troupe
