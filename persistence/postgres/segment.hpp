#pragma once

#include "persistence/record/section.hpp"

#include <span>

namespace troupe::postgres {

using records::section;

/// Each lane is the row of batches of its shards; a batch of several lanes is a segment in each.
constexpr std::uint32_t lane_count = 2;
[[nodiscard]] constexpr std::uint32_t lane_of(std::uint32_t shard) {
  return shard % lane_count;
}

/// Where a segment stands.
struct segment_place {
  std::uint32_t lane = 0;
  std::uint64_t number = 0; ///< gap-free from 1 in its lane, in commit order
};

/// The column `body` of a segment (docs/event-encoding.md, section 7).
[[nodiscard]] std::string encode_segment(segment_place const& at, std::span<section const> all);

/// The same backwards; a barrier has no sections. Throws failure (corrupt, naming the segment)
/// unless `encode_segment` has made the bytes, for this place.
[[nodiscard]] std::vector<section> decode_segment(segment_place const& at, std::string_view body);

/// What is told of a segment that is not as it was written.
[[noreturn]] void damaged_segment(segment_place const& at, std::string const& why);
/// The same of a section in one that is. Both throw failure.
[[noreturn]] void damaged_section(section const& s, std::string const& why);

} // namespace troupe::postgres
