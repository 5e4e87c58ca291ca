#pragma once

#include "persistence/record/record_body.hpp"

#include <vector>

namespace troupe::records {

/// The column `body` of a row that was made of several writes of one stream
/// (docs/event-encoding.md, section 6.5).
struct merged_body {
  /// What one write has put there.
  struct part {
    std::uint64_t count = 0; ///< of events, 1 or more
    std::uint64_t seq = 0;   ///< of the last of them
    std::uint64_t epoch = 0;
    std::int64_t at = 0; ///< of the first of them, in ms
    std::string lines;
  };
  std::uint64_t run = 0;
  std::string first_hash; ///< of the first event, in hex; empty if it is the only one
  std::vector<part> parts;
};

/// False: the other form, of `record_body`.
[[nodiscard]] bool is_merged(std::string_view body);

[[nodiscard]] std::string encode_merged(merged_body const& body, body_keys const& keys);

/// The same backwards. Throws malformed unless `encode_merged` has made the bytes, for these keys.
[[nodiscard]] merged_body decode_merged(std::string_view bytes, body_keys const& keys);

} // namespace troupe::records
