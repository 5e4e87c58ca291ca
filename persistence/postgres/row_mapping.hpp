#pragma once

#include "persistence/event_store.hpp"
#include "persistence/postgres/queries.hpp"
#include "persistence/postgres/session.hpp"
#include "persistence/record/record.hpp"

#include <limits>

/// Between our types and the columns of queries.hpp.
namespace troupe::postgres {

using records::record;

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

inline record record_of(rows const& r, std::size_t i) {
  record x;
  x.shard = static_cast<std::uint32_t>(r.number(i, 0));
  x.seq = r.whole(i, 1);
  x.stream = {tenant_id{r.text(i, 2)}, static_cast<entity_kind>(r.number(i, 3)), r.text(i, 4)};
  x.version = r.whole(i, 5);
  x.first_id = r.text(i, 6);
  x.last_id = r.null(i, 7) ? x.first_id : r.text(i, 7);
  x.hash = r.text(i, 8);
  x.body = r.bytes(i, 9);
  return x;
}

/// The two ids as columns.
inline void add_ids(binary_array& first, binary_array& last, record const& row) {
  first.add_uuid(row.first_id);
  if (row.last_id == row.first_id)
    last.add_null();
  else
    last.add_uuid(row.last_id);
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

inline due_stream due_of(rows const& r, std::size_t i) {
  return {{tenant_id{r.text(i, 0)}, static_cast<entity_kind>(r.number(i, 1)), r.text(i, 2)},
          at(r.number(i, 3))};
}

inline outbox_row effect_of(rows const& r, std::size_t i) {
  return {r.text(i, 1),  r.text(i, 2),       static_cast<effect_class>(r.number(i, 3)),
          r.text(i, 4),  at(r.number(i, 5)), static_cast<std::int32_t>(r.number(i, 6)),
          r.truth(i, 7), r.whole(i, 8),      tenant_id{r.text(i, 0)}};
}

inline std::optional<inbox_entry> find_inbox(session& s, tenant_id const& tenant,
                                             std::string const& source, std::string const& key) {
  auto const r = s.query(sql::find_inbox, with(tenant.value, source, key));
  if (r.size() == 0)
    return std::nullopt;
  return inbox_entry{source, key, r.text(0, 0), r.text(0, 1)};
}

/// Each row of an answer by `map(rows, place)`.
template <class Row, class Map>
[[nodiscard]] std::vector<Row> rows_as(rows const& r, Map map) {
  std::vector<Row> out;
  out.reserve(r.size());
  for (std::size_t i = 0; i < r.size(); ++i)
    out.push_back(map(r, i));
  return out;
}

} // namespace troupe::postgres
