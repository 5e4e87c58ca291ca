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
/// time comes first, then a counter within the millisecond (RFC 9562, 6.2, method 1).
class random_id_port : public id_port {
public:
  [[nodiscard]] std::string uuid() override;
  [[nodiscard]] std::string short_id() override;

private:
  std::mutex mutex_;
  std::int64_t last_ms_ = 0;
  std::uint32_t counter_ = 0;
};

} // namespace troupe
