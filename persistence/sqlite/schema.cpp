#include "persistence/sqlite/schema.hpp"

#include "persistence/migrations/migrations.hpp"
#include "protocol/crash_point.hpp"

#include <chrono>
#include <vector>

namespace troupe::sqlite {

namespace {

constexpr std::int64_t application_id = 0x54725031;

constexpr char has_tables[] = "select count(*) from sqlite_schema";
constexpr char has_migrations[] = "select count(*) from sqlite_schema where name = 'migration'";
constexpr char make_migrations[] = R"sql(
create table if not exists migration (
  number integer primary key,
  name text not null,
  checksum text not null,
  applied_at integer not null
) strict)sql";
constexpr char read_migrations[] = "select number, checksum from migration order by number";
constexpr char record_migration[] = "insert into migration values (?, ?, ?, ?)";

std::int64_t number_of(database& db, char const* sql) {
  auto q = db.query(sql);
  return q.step() ? q.number(0) : 0;
}

result<std::span<migration const>> still_pending(database& db) {
  if (number_of(db, has_tables) != 0 && number_of(db, "pragma application_id") != application_id)
    return fail(errc::corrupt, "the file is a database of another program, not a troupe store");
  std::vector<applied_migration> applied;
  if (number_of(db, has_migrations) != 0)
    for (auto q = db.query(read_migrations); q.step();)
      applied.push_back({static_cast<int>(q.number(0)), q.text(1)});
  return pending(sqlite_migrations(), applied);
}

} // namespace

result<void> migrate(database& db) {
  // Before anything is written: a file that is not ours stays as it is.
  if (auto const first = still_pending(db); !first)
    return first.error();
  db.run("pragma journal_mode = wal");
  while (true) {
    // Asked again inside the transaction: another process may have come first.
    transaction tx{db};
    auto const left = still_pending(db);
    if (!left)
      return left.error();
    if (left->empty())
      return {};
    auto const& next = left->front();
    db.run(make_migrations);
    db.run(std::string{next.sql}.c_str());
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
  auto const left = still_pending(db);
  if (!left)
    return left.error();
  if (!left->empty())
    return fail(errc::unsupported,
                "the store is empty or has an older schema: start the server on it once");
  return {};
}

} // namespace troupe::sqlite
