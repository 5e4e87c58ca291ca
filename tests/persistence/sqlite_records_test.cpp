#include "persistence/export_import.hpp"
#include "persistence/migrations/migrations.hpp"
#include "persistence/sqlite/sqlite_store.hpp"
#include "persistence/verify.hpp"
#include "tests/persistence/ledger.hpp"
#include "tests/persistence/record_edit.hpp"
#include "tests/persistence/refusals.hpp"
#include "tests/support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <sstream>

using namespace troupe;
using namespace troupe::test;

namespace {

/// A store in a file that a hand can change beside it.
struct filed {
  temporary_folder folder;
  std::filesystem::path file = folder.path() / "troupe.db";
  std::unique_ptr<event_store> store = *(*open_sqlite_store(file))();

  void sql(std::string const& text) const {
    sqlite::database db{file, sqlite::database::mode::read_write};
    db.run(text.c_str());
  }
  [[nodiscard]] std::int64_t count(char const* query) const {
    sqlite::database db{file, sqlite::database::mode::read_only};
    auto q = db.query(query);
    return q.step() ? q.number(0) : -1;
  }
  void reopen() {
    store.reset();
    store = *(*open_sqlite_store(file))();
  }
};

/// A store as the program wrote it when there was a row an event.
class first_schema {
public:
  explicit first_schema(std::filesystem::path const& file)
      : db_(file, sqlite::database::mode::read_write) {
    auto const& first = sqlite_migrations().front();
    db_.run("pragma journal_mode = wal");
    db_.run("create table migration (number integer primary key, name text not null, "
            "checksum text not null, applied_at integer not null) strict");
    db_.run(std::string{first.sql}.c_str());
    auto const sum = checksum(first);
    db_.query("insert into migration values (1, ?, ?, 0)").bind(first.name, sum).run();
  }
  void add(std::vector<stored_event> const& events) {
    std::map<entity_ref, std::int64_t> streams;
    for (auto const& e : events) {
      auto const [known, fresh] =
          streams.try_emplace(e.stream, static_cast<std::int64_t>(streams.size() + 1));
      if (fresh)
        db_.query("insert into stream (no, shard, tenant, kind, id, version, hash) "
                  "values (?, ?, ?, ?, ?, 1, '')")
            .bind(known->second, sqlite::num(e.shard), e.stream.tenant.value,
                  sqlite::num(e.stream.kind), e.stream.id)
            .run();
      db_.query("update stream set version = ?2, hash = ?3 where no = ?1")
          .bind(known->second, sqlite::num(e.version), e.event.hash)
          .run();
      db_.query("update shard set epoch = ?2, last_seq = ?3 where shard = ?1")
          .bind(sqlite::num(e.shard), sqlite::num(e.epoch), sqlite::num(e.seq))
          .run();
      db_.query("insert into event values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
          .bind(sqlite::num(e.shard), sqlite::num(e.seq), known->second, sqlite::num(e.version),
                sqlite::num(e.epoch), e.event.event_id, e.event.type, std::int64_t{e.event.schema},
                sqlite::ms(e.event.at), e.event.principal, e.event.cause, e.event.correlation,
                e.event.data, e.event.hash)
          .run();
    }
  }
  void run(char const* text) { db_.run(text); }

private:
  sqlite::database db_;
};

/// Some events of two streams of a shard and one of another, as a store has them.
std::vector<stored_event> some_events() {
  filed from;
  ledger l{*from.store};
  auto const refs = tickets_of(7, 2);
  for (std::size_t n = 1; n < 4; ++n) {
    l.write(refs[0], n);
    l.write(refs[1], 2);
  }
  l.write(tickets_of(9, 1)[0], 3);
  return all_events(*from.store);
}

} // namespace

TEST_CASE("sqlite: a write is a row, and is found before and after it has its place in the shard",
          "[persistence]") {
  filed f;
  ledger l{*f.store};
  auto const refs = tickets_of(7, 2);
  l.write(refs[0], 3);
  l.write(refs[1], 2);
  CHECK(f.count("select count(*) from record") == 2);
  CHECK(f.count("select count(*) from feed") == 0);
  auto const before = all_events(*f.store);
  REQUIRE(before.size() == 5);
  SECTION("by settling") {
    CHECK_FALSE(*f.store->settle());
  }
  SECTION("by the next start") {
    f.reopen();
  }
  CHECK(f.count("select count(*) from feed") == 2);
  auto const after = all_events(*f.store);
  REQUIRE(after.size() == 5);
  for (std::size_t i = 0; i < 5; ++i)
    CHECK(same(after[i], before[i]));
  // Some with a place and some without, from the middle of a row on.
  ledger{*f.store}.write(refs[0], 2);
  auto const mixed = *f.store->read_shard(7, 1, 5);
  REQUIRE(mixed.size() == 5);
  for (std::size_t i = 0; i < 5; ++i)
    CHECK(mixed[i].seq == i + 2);
  CHECK(f.store->read_shard(7, 1, 3)->back().seq == 4);
}

TEST_CASE("sqlite: places come in parts, and everything is found meanwhile", "[persistence]") {
  filed f;
  ledger l{*f.store};
  for (int i = 0; i < 40; ++i) {
    std::vector<unit> batch;
    for (int n = 0; n < 120; ++n)
      batch.push_back(l.next(ticket("t" + std::to_string(i) + "-" + std::to_string(n))));
    l.ok(batch);
  }
  CHECK(*f.store->settle()); // 4,800 rows are more than one part
  CHECK(f.count("select count(*) from feed") == 4096);
  CHECK(verify_store(*f.store)->ok());
  CHECK_FALSE(*f.store->settle());
  CHECK_FALSE(*f.store->settle());
  CHECK(f.count("select count(*) from feed") == 4800);
  CHECK(verify_store(*f.store)->ok());
}

TEST_CASE("sqlite: a damaged row is told with its place and hurts no other stream",
          "[persistence]") {
  filed f;
  ledger l{*f.store};
  auto const refs = tickets_of(7, 2);
  l.write(refs[0], 2);
  l.write(refs[1], 3); // seq 3 to 5
  auto const id = f.store->read_stream(refs[1], 1, 1)->front().event.event_id;
  if (GENERATE(false, true))
    REQUIRE_FALSE(*f.store->settle());
  SECTION("a body that is cut") {
    f.sql("update record set body = substr(body, 1, length(body) - 9) where seq = 5");
  }
  SECTION("no body") {
    f.sql("update record set body = x'' where seq = 5");
  }
  SECTION("a changed event whose sum was made to fit") {
    edit_sqlite_row(f.file, 7, 5, [](auto& events) { events.at(1).event.principal = "human:eve"; });
  }
  SECTION("another hash") {
    f.sql("update record set hash = zeroblob(32) where seq = 5");
  }
  SECTION("ids that are none") {
    f.sql("update record set first_id = x'' where seq = 5");
  }
  SECTION("ids that are too short") {
    f.sql("update record set last_id = x'0102' where seq = 5");
  }
  SECTION("ids that are not those of its events") {
    f.sql("update record set last_id = x'ffffffffffff7fff8fffffffffffffff' where seq = 5");
  }
  auto const damaged = [&](auto const& r) { tells_damage(r, refs[1]); };
  damaged(f.store->read_stream(refs[1], 0, 10));
  damaged(f.store->read_shard(7, 2, 10));
  damaged(verify_store(*f.store));
  if (f.count("select length(first_id) from record where seq = 5") == 16 &&
      f.count("select length(last_id) from record where seq = 5") == 16) // else it is not found
    damaged(f.store->find_event(tenant_id{"acme"}, id));
  CHECK(f.store->read_stream(refs[0], 0, 10)->size() == 2);
  CHECK(l.one(l.next(refs[0])).status == unit_status::ok);
}

TEST_CASE("sqlite: an event is found by its id among others of the same time", "[persistence]") {
  filed f;
  ledger l{*f.store};
  for (int i = 0; i < 50; ++i)
    l.write(ticket("t" + std::to_string(i)), 1 + static_cast<std::size_t>(i) % 3);
  for (auto const& e : all_events(*f.store)) {
    auto const found = f.store->find_event(tenant_id{"acme"}, e.event.event_id);
    REQUIRE(found.has_value());
    CHECK(same(*found, e));
    CHECK(f.store->find_event(tenant_id{"rival"}, e.event.event_id).error().code ==
          errc::not_found);
  }
  for (auto const* none :
       {"", "x", "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-7fff-8fff-ffffffffffff"})
    CHECK(f.store->find_event(tenant_id{"acme"}, none).error().code == errc::not_found);
}

TEST_CASE("sqlite: a store of the first schema is brought over with all its events",
          "[persistence]") {
  auto const events = some_events();
  temporary_folder folder;
  auto const file = folder.path() / "troupe.db";
  first_schema{file}.add(events);
  std::vector<std::pair<std::uint64_t, std::uint64_t>> heard;
  auto const listen = [&](std::uint64_t brought, std::uint64_t all) {
    heard.emplace_back(brought, all);
  };
  auto const store = *(*open_sqlite_store(file, listen))();
  CHECK(heard == decltype(heard){{0, events.size()}, {events.size(), events.size()}});
  auto const now = all_events(*store);
  REQUIRE(now.size() == events.size());
  for (std::size_t i = 0; i < now.size(); ++i)
    CHECK(same(now[i], events[i]));
  CHECK(verify_store(*store)->ok());
  ledger l{*store};
  CHECK(l.one(l.next(ticket("new"))).status == unit_status::ok);
  sqlite::database db{file, sqlite::database::mode::read_only};
  auto q = db.query("select count(*) from sqlite_schema where name in ('event', 'event_seq')");
  REQUIRE(q.step());
  CHECK(q.number(0) == 0);
}

TEST_CASE("sqlite: what was tampered with before a store is brought over is told after it",
          "[persistence]") {
  temporary_folder folder;
  auto const file = folder.path() / "troupe.db";
  {
    first_schema old{file};
    old.add(some_events());
    old.run("update event set data = '{}' where shard = 9 and seq = 2");
  }
  auto const store = *(*open_sqlite_store(file))();
  auto const report = verify_store(*store);
  REQUIRE(report.has_value());
  REQUIRE(report->first_bad.has_value());
  CHECK(report->first_bad->shard == 9);
  CHECK(report->first_bad->seq == 2);
}

TEST_CASE("sqlite: what is no event is not brought over, and the store stays as it was",
          "[persistence]") {
  temporary_folder folder;
  auto const file = folder.path() / "troupe.db";
  auto const change = GENERATE("data = '{' || char(10) || '}'", "event_id = 'x'",
                               "schema = 5000000000", "hash = 'none'");
  {
    first_schema old{file};
    old.add(some_events());
    old.run((std::string{"update event set "} + change + " where shard = 9 and seq = 2").c_str());
  }
  for (int i = 0; i < 2; ++i) { // and again
    auto const opened = open_sqlite_store(file);
    REQUIRE(opened.has_error());
    INFO(opened.error().message);
    CHECK(opened.error().code == errc::corrupt);
    CHECK(opened.error().message.find("shard 9") != std::string::npos);
  }
  sqlite::database db{file, sqlite::database::mode::read_only};
  auto q = db.query("select (select count(*) from event), (select count(*) from migration), "
                    "(select count(*) from sqlite_schema where name = 'record')");
  REQUIRE(q.step());
  CHECK(q.number(0) == static_cast<std::int64_t>(some_events().size()));
  CHECK(q.number(1) == 1);
  CHECK(q.number(2) == 0);
}

TEST_CASE("sqlite: a start goes on where one between two changes of the schema has ended",
          "[persistence]") {
  auto const events = some_events();
  temporary_folder folder;
  auto const file = folder.path() / "troupe.db";
  first_schema{file}.add(events);
  REQUIRE(open_sqlite_store(file).has_value());
  {
    // As it was behind the second change: the third only drops the old table.
    sqlite::database db{file, sqlite::database::mode::read_write};
    db.run("delete from migration where number = 3; create table event (shard integer) strict;");
  }
  auto const store = *(*open_sqlite_store(file))();
  CHECK(all_events(*store).size() == events.size());
  sqlite::database db{file, sqlite::database::mode::read_only};
  auto q = db.query("select count(*) from sqlite_schema where name = 'event'");
  REQUIRE(q.step());
  CHECK(q.number(0) == 0);
}

TEST_CASE("sqlite: the newest records are gone: that is told at the start", "[persistence]") {
  filed f;
  {
    ledger l{*f.store};
    l.write(tickets_of(7, 1)[0], 2);
    l.write(tickets_of(9, 1)[0], 2);
  }
  REQUIRE_FALSE(*f.store->settle());
  f.store.reset();
  SECTION("the last of all") {
    f.sql("delete from record where shard = 9");
  }
  SECTION("another one") {
    f.sql("delete from record where shard = 7");
  }
  auto const opened = open_sqlite_store(f.file);
  REQUIRE(opened.has_error());
  CHECK(opened.error().code == errc::corrupt);
  CHECK(opened.error().message.find("troupe verify") != std::string::npos);
}

TEST_CASE("sqlite: a unit that is sent again is known in the middle of a row", "[persistence]") {
  filed from;
  ledger l{*from.store};
  auto const ref = ticket("a");
  l.write(ref);
  auto const middle = l.next(ref, 2);
  l.ok({middle});
  l.write(ref);
  std::stringstream exported;
  REQUIRE(export_store(*from.store, exported).has_value());
  filed to;
  REQUIRE(import_store(*to.store, exported).has_value());
  REQUIRE(to.count("select count(*) from record") == 1);
  CHECK(to.count("select count(*) from feed") == 1); // settled with the import
  auto again = middle;
  again.epoch = *to.store->claim(again.shard, "me");
  auto const done = to.store->append(std::span{&again, 1});
  REQUIRE(done.has_value());
  CHECK(done->front().status == unit_status::duplicate);
  CHECK(done->front().first_seq == 2);
}

TEST_CASE("sqlite: another handle reads a shard while its places are made", "[persistence]") {
  filed f;
  ledger l{*f.store};
  auto const refs = tickets_of(7, 2);
  auto const opened = open_sqlite_readonly(f.file);
  auto const reader = *(*opened)();
  auto const frozen = *(*opened)();
  l.write(refs[0], 2);
  REQUIRE(frozen->freeze().has_value());
  for (std::size_t n = 1; n < 5; ++n) {
    l.write(refs[1], n);
    auto const before = *reader->read_shard(7, 0, 100);
    REQUIRE_FALSE(*f.store->settle());
    auto const after = *reader->read_shard(7, 0, 100);
    REQUIRE(before.size() == after.size());
    for (std::size_t i = 0; i < after.size(); ++i)
      CHECK(after[i].seq == i + 1);
    CHECK(frozen->read_shard(7, 0, 100)->size() == 2);
  }
}

TEST_CASE("sqlite: no question reads a whole table", "[persistence]") {
  filed const f;
  for (auto const* question :
       {sqlite::sql::read_shard, sqlite::sql::read_stream, sqlite::sql::record_at,
        sqlite::sql::find_records, sqlite::sql::find_stream, sqlite::sql::find_inbox,
        sqlite::sql::has_effect, sqlite::sql::list_streams, sqlite::sql::due}) {
    sqlite::database db{f.file, sqlite::database::mode::read_only};
    auto const explain = std::string{"explain query plan "} + question;
    auto q = db.query(explain.c_str());
    while (q.step()) {
      auto const step = q.text(3);
      INFO(question << "\n" << step);
      CHECK(step.find("AUTOMATIC") == std::string::npos);
      CHECK_FALSE((step.starts_with("SCAN ") && step != "SCAN feed_end")); // which has one row
    }
  }
}
