#pragma once

#include "persistence/postgres/segment.hpp"

#include <array>
#include <deque>
#include <memory>
#include <mutex>

namespace troupe::postgres {

/// What this program has appended of late: whoever settles it need not read, unpack and take apart
/// what was put together here. Only that is taken from here of which the database shows the
/// beginning: its sum, and the hash of its first event. Used by several threads.
class fresh_segments {
public:
  using part = std::vector<section>;

  /// As many bytes of a body as tell it from every other one: form, dictionary, sum, how many
  /// hashes, and the first of them.
  static constexpr std::size_t beginning = 48;

  struct one {
    std::uint64_t number = 0;
    std::string begins;
    std::size_t bytes = 0; ///< of its body
    std::shared_ptr<part const> sections;
  };

  /// It is durable.
  void add(std::uint32_t lane, one what);
  /// Those of a lane with numbers above `after`: no number between two of them is missing.
  [[nodiscard]] std::deque<one> above(std::uint32_t lane, std::uint64_t after) const;
  /// Up to this one they are settled.
  void forget(std::uint32_t lane, std::uint64_t through);

private:
  struct lane_of_them {
    std::deque<one> all; ///< numbers without a gap
    std::size_t bytes = 0;
  };

  mutable std::mutex mutex_;
  std::array<lane_of_them, lane_count> lanes_;
};

} // namespace troupe::postgres
