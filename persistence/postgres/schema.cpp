#include "persistence/postgres/schema.hpp"

#include "persistence/migrations/migrations.hpp"
#include "protocol/crash_point.hpp"

#include <chrono>

namespace troupe::postgres {

namespace {

constexpr char encoding[] = "select current_setting('server_encoding')";
constexpr char has_migrations[] = "select to_regclass('troupe.migration') is not null";
constexpr char make_migrations[] = R"sql(
create schema if not exists troupe;
create table if not exists troupe.migration (
  number integer primary key,
  name text not null,
  checksum text not null,
  applied_at bigint not null
))sql";
constexpr char read_migrations[] = "select number, checksum from troupe.migration order by number";
// The form with a row an event; it was never released, so there is no way from it but by a file.
constexpr char has_event_rows[] = "select to_regclass('troupe.event') is not null";
constexpr char record_migration[] = "insert into troupe.migration values ($1, $2, $3, $4)";
// The number is ours, chosen once; locks are per database.
constexpr char lock[] = "select pg_advisory_lock(6084193275018264113)::text";
constexpr char unlock[] = "select pg_advisory_unlock(6084193275018264113)::text";

result<std::span<migration const>> still_pending(session& s) {
  if (auto const name = s.query(encoding).text(0, 0); name != "UTF8")
    return fail(errc::unsupported, "the database has the encoding " + name + ", not UTF8");
  if (s.query(has_event_rows).truth(0, 0))
    return fail(errc::unsupported,
                "the database holds a ledger of an earlier form, a row an event: write it to a "
                "file with the program that made it (troupe export) and import that into a new "
                "database (troupe import)");
  std::vector<applied_migration> applied;
  if (s.query(has_migrations).truth(0, 0)) {
    auto const all = s.query(read_migrations);
    for (std::size_t i = 0; i < all.size(); ++i)
      applied.push_back({static_cast<int>(all.number(i, 0)), all.text(i, 1)});
  }
  return pending(postgres_migrations(), applied);
}

} // namespace

result<void> migrate(session& s) {
  if (auto const left = still_pending(s); !left)
    return left.error();
  else if (left->empty())
    return {};
  // Another program may be at it; a change of a large table takes its time.
  s.run("set statement_timeout = 0; set lock_timeout = 0;"
        "set idle_in_transaction_session_timeout = 0");
  s.query(lock);
  auto const left = still_pending(s);
  if (!left)
    return left.error();
  s.run(make_migrations);
  for (auto const& next : *left) {
    s.begin();
    s.run(std::string{next.sql});
    auto const now = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::system_clock::now().time_since_epoch());
    auto const sum = checksum(next);
    s.query(record_migration,
            with(std::int64_t{next.number}, next.name, sum, std::int64_t{now.count()}));
    TROUPE_CRASH_POINT(25, "first start: before the schema is committed");
    s.commit();
  }
  s.query(unlock);
  return {};
}

result<void> check_schema(session& s) {
  auto const left = still_pending(s);
  if (!left)
    return left.error();
  if (!left->empty())
    return fail(errc::unsupported,
                "the database has no ledger or an older schema: start the server on it once");
  return {};
}

} // namespace troupe::postgres
