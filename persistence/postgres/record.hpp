#pragma once

#include "persistence/event_store.hpp"

#include <span>

namespace troupe::postgres {

/// Events that are stored in one row, as in docs/event-encoding.md, section 6.
struct record {
  std::uint32_t shard = 0;
  std::uint64_t seq = 0; ///< of its last event
  std::uint64_t epoch = 0;
  entity_ref stream;
  std::uint64_t version = 0; ///< of its last event
  std::uint64_t count = 0;
  std::string first_id; ///< smallest and largest event id
  std::string last_id;
  std::string hash; ///< of the last event
  std::int32_t sum = 0;
  std::string body;
};

/// Fills what follows from the events of a row: count, ids, hash, sum and body.
void pack(record& out, std::span<new_event const> events);

/// The events of a row. Throws failure (corrupt, naming the row) unless the row is one that `pack`
/// has filled.
[[nodiscard]] std::vector<stored_event> unpack(record const& row);

/// FNV-1a, 32 bits, of body, ids and hash: no change of one byte leaves it the same.
[[nodiscard]] std::int32_t sum_of(record const& row);

} // namespace troupe::postgres
