#include "persistence/postgres/schema.hpp"

#include "persistence/migrations/migrations.hpp"
#include "protocol/crash_point.hpp"

#include <chrono>

namespace troupe::postgres {

namespace {

constexpr char encoding[] = "select current_setting('server_encoding')";
// System views; read in the snapshot of the transaction, which to_regclass is not.
constexpr char list_names[] = R"sql(
select c.relname::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = 'troupe'
union
select p.proname::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
where n.nspname = 'troupe')sql";
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
constexpr char event_rows[] = "event";
// record_seq, one step into it for each of the 256 shards.
constexpr char wrong_ends[] = R"sql(
select s.shard, s.last_seq, coalesce(r.seq, 0) from troupe.shard s
left join lateral (select seq from troupe.record r where r.shard = s.shard
                   order by seq desc limit 1) r on true
where s.last_seq <> coalesce(r.seq, 0) order by s.shard limit 1)sql";
constexpr char record_migration[] = "insert into troupe.migration values ($1, $2, $3, $4)";
// The number is ours, chosen once; locks are per database.
constexpr char lock[] = "select pg_advisory_lock(6084193275018264113)::text";
constexpr char unlock[] = "select pg_advisory_unlock(6084193275018264113)::text";

/// What is there and what is recorded, as of one moment: another program may be at it.
result<std::span<migration const>> still_pending(session& s) {
  if (auto const name = s.query(encoding).text(0, 0); name != "UTF8")
    return fail(errc::unsupported, "the database has the encoding " + name + ", not UTF8");
  s.run("begin isolation level repeatable read read only");
  std::set<std::string> present;
  auto const names = s.query(list_names);
  for (std::size_t i = 0; i < names.size(); ++i)
    present.insert(names.text(i, 0));
  std::vector<applied_migration> applied;
  if (present.contains("migration")) {
    auto const all = s.query(read_migrations);
    for (std::size_t i = 0; i < all.size(); ++i)
      applied.push_back({static_cast<int>(all.number(i, 0)), all.text(i, 1)});
  }
  s.commit();
  if (present.contains(event_rows))
    return fail(errc::unsupported,
                "the database holds a ledger of an earlier form, a row an event: write it to a "
                "file with the program that made it (troupe export) and import that into a new "
                "database (troupe import)");
  return pending(postgres_migrations(), applied, present);
}

/// A number that is too low would be given to the next event, and refused there as a conflict.
result<void> check_ends(session& s) {
  auto const r = s.query(wrong_ends);
  if (r.size() == 0)
    return {};
  return wrong_end(r.number(0, 0), r.number(0, 1), r.number(0, 2));
}

} // namespace

result<void> migrate(session& s) {
  if (auto const left = still_pending(s); !left)
    return left.error();
  else if (left->empty())
    return check_ends(s);
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
