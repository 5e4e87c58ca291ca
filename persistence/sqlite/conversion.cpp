#include "persistence/sqlite/conversion.hpp"

#include "persistence/sqlite/queries.hpp"
#include "persistence/sqlite/row_mapping.hpp"
#include "persistence/sqlite/writer.hpp"
#include "persistence/store_failure.hpp"
#include "protocol/hex.hpp"

#include <tuple>

namespace troupe::sqlite {

namespace {

// event_seq: in the order of shards, so that `feed` is filled from left to right later.
constexpr char all_events[] = R"sql(
select e.shard, e.seq, s.tenant, s.kind, s.id, e.version, e.event_id, e.type, e.schema, e.at,
       e.principal, e.cause, e.correlation, e.data, e.hash, e.epoch, e.stream
from event e cross join stream s on s.no = e.stream order by e.shard, e.seq)sql";

constexpr char how_many[] = "select count(*) from event";

/// Whether the row is read as what was written: what a hand has put into the old table may be
/// nothing that an event can hold.
void check_back(records::record const& row, new_event const& e, std::int64_t schema) {
  auto const fields = [](new_event const& x) {
    return std::tie(x.event_id, x.type, x.schema, x.at, x.principal, x.cause, x.correlation, x.data,
                    x.hash);
  };
  constexpr std::size_t hash_digits = 64; // 32 bytes from here on
  auto const back = unpack(row);
  if (schema == e.schema && is_hex(e.hash) && e.hash.size() == hash_digits && back.size() == 1 &&
      fields(back.front().event) == fields(e))
    return;
  throw store_failure{errc::corrupt,
                      "event " + std::to_string(row.seq) + " of shard " +
                          std::to_string(row.shard) + " (" + to_string(row.stream) +
                          ") cannot be brought over to this version: it is not as a server wrote "
                          "it; run `troupe verify` of the version before, and restore the ledger",
                      false};
}

} // namespace

void bring_events_over(database& db, conversion_progress const& tell) {
  constexpr std::uint64_t told_each = 50'000; // a second or two
  std::uint64_t all = 0;
  if (auto count = db.query(how_many); count.step())
    all = count.whole(0);
  std::uint64_t brought = 0;
  auto const told = [&] {
    if (tell && all > 0)
      tell(brought, all);
  };
  told();
  writer out{db};
  auto q = db.query(all_events);
  records::record row;
  while (q.step()) {
    row.shard = static_cast<std::uint32_t>(q.number(0));
    row.seq = q.whole(1);
    row.stream = {tenant_id{q.text(2)}, static_cast<entity_kind>(q.number(3)), q.text(4)};
    row.version = q.whole(5);
    new_event const e{q.text(6),       q.text(7),  static_cast<std::int32_t>(q.number(8)),
                      at(q.number(9)), q.text(10), q.text(11),
                      q.text(12),      q.text(13), q.text(14)};
    pack(row, q.whole(15), {&e, 1});
    check_back(row, e, q.number(8));
    out.put_record(q.number(16), row);
    if (++brought == all || brought % told_each == 0)
      told();
  }
}

} // namespace troupe::sqlite
