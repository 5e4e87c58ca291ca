#pragma once

#include "persistence/record/framed_body.hpp"

namespace troupe::records {

/// The column `body` of a row, taken apart (docs/event-encoding.md, section 6).
struct record_body {
  std::uint64_t epoch = 0;
  std::uint64_t count = 0; ///< of events
  std::string first_hash;  ///< of the first event, in hex; empty if it is the only one
  std::string lines;       ///< two an event
};

/// What stands beside a body and is covered by its sum.
struct body_keys {
  std::string_view first_id; ///< smallest and largest event id
  std::string_view last_id;
  std::string_view hash; ///< of the last event
};

/// The bytes of a body. Lines that hold none of the bytes 0x01 and 0x02 come back as they were;
/// canonical JSON has none.
[[nodiscard]] std::string encode_body(record_body const& body, body_keys const& keys);

/// The same backwards. Throws malformed unless `encode_body` has made the bytes, for these keys.
[[nodiscard]] record_body decode_body(std::string_view bytes, body_keys const& keys);

} // namespace troupe::records
