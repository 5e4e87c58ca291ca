#include "persistence/sqlite/schema.hpp"

#include "persistence/migrations/migrations.hpp"
#include "persistence/sqlite/conversion.hpp"
#include "persistence/sqlite/feed.hpp"
#include "protocol/crash_point.hpp"

#include <chrono>
#include <vector>

namespace troupe::sqlite {

namespace {

constexpr std::int64_t application_id = 0x54725031;

constexpr char list_names[] = "select name from sqlite_schema";
constexpr char make_migrations[] = R"sql(
create table if not exists migration (
  number integer primary key,
  name text not null,
  checksum text not null,
  applied_at integer not null
) strict)sql";
constexpr char read_migrations[] = "select number, checksum from migration order by number";
// feed_seq, one step into it for each of the 256 shards, and the record there; what has no entry
// yet is few.
constexpr char wrong_ends[] = R"sql(
with rest as materialized (
  select shard, max(seq) as seq from record
  where no > (select record from feed_end) group by shard)
select shard, last_seq, is_at from (
  select shard, last_seq,
         max(coalesce((select r.seq
                       from feed f left join record r
                         on r.no = f.record and r.shard = f.shard and r.seq = f.seq
                       where f.shard = s.shard order by f.seq desc limit 1), 0),
             coalesce((select seq from rest r where r.shard = s.shard), 0)) as is_at
  from shard s)
where last_seq <> is_at order by shard limit 1)sql";
constexpr int to_records = 2; ///< the change in which SQL alone does not do
constexpr char record_migration[] = "insert into migration values (?, ?, ?, ?)";

std::int64_t number_of(database& db, char const* sql) {
  auto q = db.query(sql);
  return q.step() ? q.number(0) : 0;
}

/// In a transaction, so that all of it is of one moment.
result<std::span<migration const>> still_pending(database& db) {
  std::set<std::string> present;
  for (auto q = db.query(list_names); q.step();)
    present.insert(q.text(0));
  if (!present.empty() && number_of(db, "pragma application_id") != application_id)
    return fail(errc::corrupt, "the file is a database of another program, not a troupe store");
  std::vector<applied_migration> applied;
  if (present.contains("migration"))
    for (auto q = db.query(read_migrations); q.step();)
      applied.push_back({static_cast<int>(q.number(0)), q.text(1)});
  return pending(sqlite_migrations(), applied, present);
}

/// Writes nothing.
result<std::span<migration const>> look(database& db) {
  db.run("begin");
  auto left = still_pending(db);
  db.run("commit");
  return left;
}

/// A number that is too low would be given to the next event, and refused there as a conflict.
result<void> check_ends(database& db) {
  auto q = db.query(wrong_ends);
  if (!q.step())
    return {};
  return wrong_end(q.number(0), q.number(1), q.number(2));
}

} // namespace

result<void> migrate(database& db, conversion_progress const& tell) {
  // Before anything is written: a file that is not ours stays as it is.
  if (auto const first = look(db); !first)
    return first.error();
  db.run("pragma journal_mode = wal");
  while (true) {
    // Asked again inside the transaction: another process may have come first.
    transaction tx{db};
    auto const left = still_pending(db);
    if (!left)
      return left.error();
    if (left->empty()) {
      auto const ends = find_feed_ends(db);
      if (ends.last < ends.done)
        return fail(errc::corrupt, "the newest records are gone: there are " +
                                       std::to_string(ends.last) + " of " +
                                       std::to_string(ends.done) +
                                       "; run `troupe verify`, and restore the ledger");
      if (ends.last > ends.done) {
        feed(db, ends);
        tx.commit();
      }
      return check_ends(db);
    }
    auto const& next = left->front();
    db.run(make_migrations);
    db.run(std::string{next.sql}.c_str());
    if (next.number == to_records)
      bring_events_over(db, tell);
    auto const now = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::system_clock::now().time_since_epoch());
    auto const sum = checksum(next);
    db.query(record_migration)
        .bind(std::int64_t{next.number}, next.name, sum, std::int64_t{now.count()})
        .run();
    TROUPE_CRASH_POINT(25, "first start: before the schema is committed");
    tx.commit();
  }
}

result<void> check_schema(database& db) {
  auto const left = look(db);
  if (!left)
    return left.error();
  if (!left->empty())
    return fail(errc::unsupported,
                "the store is empty or has an older schema: start the server on it once");
  return {};
}

} // namespace troupe::sqlite
