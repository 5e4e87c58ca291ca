#include "persistence/sqlite/conversion.hpp"

#include "persistence/sqlite/queries.hpp"
#include "persistence/sqlite/writer.hpp"

namespace troupe::sqlite {

namespace {

// event_seq: in the order of shards, so that `feed` is filled from left to right later.
constexpr char all_events[] = R"sql(
select shard, seq, stream, version, epoch, event_id, type, schema, at, principal, cause,
       correlation, data, hash
from event order by shard, seq)sql";

} // namespace

void bring_events_over(database& db) {
  writer out{db};
  auto q = db.query(all_events);
  records::record row;
  while (q.step()) {
    row.shard = static_cast<std::uint32_t>(q.number(0));
    row.seq = q.whole(1);
    row.version = q.whole(3);
    new_event const e{q.text(5),
                      q.text(6),
                      static_cast<std::int32_t>(q.number(7)),
                      time_point{duration{q.number(8)}},
                      q.text(9),
                      q.text(10),
                      q.text(11),
                      q.text(12),
                      q.text(13)};
    pack(row, q.whole(4), {&e, 1});
    out.put_record(q.number(2), row);
  }
}

} // namespace troupe::sqlite
