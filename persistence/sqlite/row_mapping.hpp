#pragma once

#include "persistence/event_store.hpp"
#include "persistence/sqlite/database.hpp"

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

inline stored_event event_of(statement const& q) {
  stored_event e;
  e.shard = static_cast<std::uint32_t>(q.number(0));
  e.seq = q.whole(1);
  e.epoch = q.whole(2);
  e.stream = {tenant_id{q.text(3)}, static_cast<entity_kind>(q.number(4)), q.text(5)};
  e.version = q.whole(6);
  e.event = {q.text(7),        q.text(8),  static_cast<std::int32_t>(q.number(9)),
             at(q.number(10)), q.text(11), q.text(12),
             q.text(13),       q.text(14), q.text(15)};
  return e;
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

} // namespace troupe::sqlite
