#pragma once

#include "persistence/event_store.hpp"
#include "persistence/scanner.hpp"

namespace troupe::records {

/// What one write put into one stream, as it stands in a segment and later in a record: its place,
/// and its events as text (docs/event-encoding.md, section 7).
struct section {
  std::uint32_t shard = 0;
  entity_ref stream;
  std::uint64_t seq = 0;     ///< of its last event
  std::uint64_t version = 0; ///< of its last event, or of the stream if it has none
  std::uint64_t epoch = 0;
  std::uint64_t count = 0;           ///< of events
  std::int64_t at = 0;               ///< of its first event, in ms
  std::optional<time_point> wake_at; ///< of the stream from here on
  std::string first_hash;            ///< of its first event, in hex; empty without events
  std::string end_hash;              ///< of its last one, where it is known without working it out
  std::string lines;                 ///< two an event
};

/// What `w` puts there. `seq`: of its last event.
[[nodiscard]] section make_section(std::uint32_t shard, std::uint64_t epoch, std::uint64_t seq,
                                   stream_write const& w);

/// Its events. The hash of the first is `first_hash`, or follows from that of the event before it
/// in the stream, if this is given; those behind it follow from it. Throws malformed.
[[nodiscard]] std::vector<stored_event> events_of(section const& s, std::string_view previous = {});

/// Hash of its last event. Throws malformed.
[[nodiscard]] std::string last_hash(section const& s);

/// Smallest and largest event id, found in the lines without reading the events. Throws malformed.
struct id_span {
  std::string_view first;
  std::string_view last;
};
[[nodiscard]] id_span ids_of(section const& s);

} // namespace troupe::records
