#pragma once

#include "actors/ports.hpp"

#include <mutex>

namespace troupe {

/// The machine's clock.
class system_clock_port : public clock_port {
public:
  [[nodiscard]] time_point now() const override;
};

/// Random names from OpenSSL. UUIDs of one object sort in the order in which they were made: the
/// time comes first, then a counter within the millisecond (RFC 9562, 6.2, method 1). A clock that
/// goes back makes them go on from the last one.
class random_id_port : public id_port {
public:
  [[nodiscard]] std::string uuid() override;
  [[nodiscard]] std::string short_id() override;
  /// Every later name sorts after this one (UUID v7 text; anything else is ignored). Told at start
  /// with the greatest stored one, so that the order holds over restarts too.
  void go_on_after(std::string_view uuid);

private:
  std::mutex mutex_;
  std::int64_t last_ms_ = 0;
  std::uint32_t counter_ = 0;
};

} // namespace troupe
