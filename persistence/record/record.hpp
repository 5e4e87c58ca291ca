#pragma once

#include "persistence/record/section.hpp"

#include <functional>
#include <span>

namespace troupe::records {

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

/// Puts events into rows, in their order, each filled as a whole: those that follow each other in
/// one stream share one, up to a bound. Their hashes are as `pack` needs them.
void pack_all(std::span<stored_event const> events, std::function<void(record const&)> const& row);

/// The whole of a row from sections of one stream in their order, each with events. `run`: the seq
/// in their shard after which everything up to the next record of another run stands in records of
/// this one. Throws malformed.
void merge(record& out, std::uint64_t run, std::span<section const* const> sections);

/// The events of a row, and its run: what was settled together. Seqs of a run are those of no
/// other.
struct run_of_events {
  std::vector<stored_event> events;
  std::uint64_t run = 0; ///< seq of the last event of the shard before it
};
[[nodiscard]] run_of_events unpack_run(record const& row);

/// The events of a row. Throws store_failure (corrupt, naming the row) unless the row is one that
/// `pack` or `merge` has filled; so does `unpack_run`.
[[nodiscard]] std::vector<stored_event> unpack(record const& row);

} // namespace troupe::records
