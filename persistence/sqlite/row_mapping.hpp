#pragma once

#include "persistence/event_store.hpp"
#include "persistence/record/packed_text.hpp"
#include "persistence/record/record.hpp"
#include "persistence/sqlite/database.hpp"
#include "protocol/hex.hpp"

#include <limits>

/// Between our types and the columns of queries.hpp.
namespace troupe::sqlite {

inline std::int64_t num(std::uint32_t n) {
  return n;
}
inline std::int64_t num(entity_kind kind) {
  return static_cast<std::int64_t>(kind);
}
/// SQLite counts in 63 bits; what is above stands for "no bound".
inline std::int64_t num(std::uint64_t n) {
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  return n > static_cast<std::uint64_t>(most) ? most : static_cast<std::int64_t>(n);
}
inline time_point at(std::int64_t ms) {
  return time_point{duration{ms}};
}
inline std::int64_t ms(time_point t) {
  return t.time_since_epoch().count();
}

/// Empty, which is no id, for what cannot be one.
inline std::string id_of(std::string const& bytes) {
  return bytes.size() == uuid_bytes{}.size() ? uuid_of(bytes) : std::string{};
}

inline records::record record_of(statement const& q) {
  records::record x;
  x.shard = static_cast<std::uint32_t>(q.number(0));
  x.seq = q.whole(1);
  x.stream = {tenant_id{q.text(2)}, static_cast<entity_kind>(q.number(3)), q.text(4)};
  x.version = q.whole(5);
  x.first_id = id_of(q.bytes(6));
  x.last_id = id_of(q.bytes(7));
  x.hash = hex_of(q.bytes(8));
  x.body = q.bytes(9);
  return x;
}

inline stream_info stream_of(statement const& q) {
  stream_info s;
  s.stream = {tenant_id{q.text(0)}, static_cast<entity_kind>(q.number(1)), q.text(2)};
  s.version = q.whole(3);
  s.hash = q.text(4);
  if (!q.null(5))
    s.wake_at = at(q.number(5));
  return s;
}

inline due_stream due_of(statement const& q) {
  return {{tenant_id{q.text(0)}, static_cast<entity_kind>(q.number(1)), q.text(2)},
          at(q.number(3))};
}

} // namespace troupe::sqlite
