#pragma once

#include "persistence/event_store.hpp"
#include "persistence/postgres/session.hpp"

#include <limits>

/// Between our types and the columns of queries.hpp.
namespace troupe::postgres {

inline std::int64_t num(std::uint32_t n) {
  return n;
}
inline std::int64_t num(entity_kind kind) {
  return static_cast<std::int64_t>(kind);
}
/// Postgres counts in 63 bits; what is above stands for "no bound".
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

inline params named(entity_ref const& ref) {
  return with(num(shard_of(ref)), ref.tenant.value, num(ref.kind), ref.id);
}

inline stored_event event_of(rows const& r, std::size_t i) {
  stored_event e;
  e.shard = static_cast<std::uint32_t>(r.number(i, 0));
  e.seq = r.whole(i, 1);
  e.epoch = r.whole(i, 2);
  e.stream = {tenant_id{r.text(i, 3)}, static_cast<entity_kind>(r.number(i, 4)), r.text(i, 5)};
  e.version = r.whole(i, 6);
  e.event = {r.text(i, 7),        r.text(i, 8),  static_cast<std::int32_t>(r.number(i, 9)),
             at(r.number(i, 10)), r.text(i, 11), r.text(i, 12),
             r.text(i, 13),       r.text(i, 14), r.text(i, 15)};
  return e;
}

inline stream_info stream_of(rows const& r, std::size_t i) {
  stream_info s;
  s.stream = {tenant_id{r.text(i, 0)}, static_cast<entity_kind>(r.number(i, 1)), r.text(i, 2)};
  s.version = r.whole(i, 3);
  s.hash = r.text(i, 4);
  if (!r.null(i, 5))
    s.wake_at = at(r.number(i, 5));
  return s;
}

inline outbox_row effect_of(rows const& r, std::size_t i) {
  return {r.text(i, 1),  r.text(i, 2),       static_cast<effect_class>(r.number(i, 3)),
          r.text(i, 4),  at(r.number(i, 5)), static_cast<std::int32_t>(r.number(i, 6)),
          r.truth(i, 7), r.whole(i, 8),      tenant_id{r.text(i, 0)}};
}

} // namespace troupe::postgres
