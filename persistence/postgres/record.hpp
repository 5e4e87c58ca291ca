#pragma once

#include "persistence/event_store.hpp"

#include <span>

namespace troupe::postgres {

/// Events that are stored in one row, as in docs/event-encoding.md, section 6.
struct record {
  std::uint32_t shard = 0;
  std::uint64_t seq = 0; ///< of its last event
  entity_ref stream;
  std::uint64_t version = 0; ///< of its last event
  std::string first_id;      ///< smallest and largest event id
  std::string last_id;
  std::string hash; ///< of the last event
  std::string body; ///< bytes
};

/// Fills what follows from the events of a row: ids, hash and body. Each event's hash but the
/// first's must be its `chain_hash` behind the one before it: those between the first and the last
/// are not stored but worked out again.
void pack(record& out, std::uint64_t epoch, std::span<new_event const> events);

/// The events of a row. Throws failure (corrupt, naming the row) unless the row is one that `pack`
/// has filled.
[[nodiscard]] std::vector<stored_event> unpack(record const& row);

} // namespace troupe::postgres
