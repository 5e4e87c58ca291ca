#include "persistence/export_import.hpp"
#include "persistence/postgres/append_call.hpp"
#include "persistence/postgres/postgres_store.hpp"
#include "persistence/postgres/record.hpp"
#include "persistence/postgres/session.hpp"
#include "persistence/verify.hpp"
#include "tests/persistence/ledger.hpp"
#include "tests/persistence/needs_postgres.hpp"
#include "tests/persistence/record_edit.hpp"
#include "tests/persistence/refusals.hpp"

#include <catch2/catch.hpp>

#include <future>
#include <sstream>
#include <thread>

using namespace troupe;
using namespace troupe::test;

namespace {

/// A new database with its store; every case begins with `if (!postgres_server::installed())`.
struct fixture {
  postgres_server& server = postgres_server::shared();
  std::string url = server.new_database();
  std::string name = url.substr(url.rfind('/') + 1);
  store_factory factory = [this] {
    auto opened = open_postgres_store(url);
    if (!opened)
      FAIL(opened.error().message);
    return *opened;
  }();
  std::unique_ptr<event_store> store = *factory();

  std::string sql(std::string const& text) { return server.sql(name, text); }
  /// Ends every session of the store, as a takeover or an administrator does.
  void cut() {
    sql("select count(pg_terminate_backend(pid)) from pg_stat_activity "
        "where datname = '" +
        name + "' and application_name = 'troupe'");
  }
};

} // namespace

TEST_CASE("postgres: a batch is one call", "[persistence][postgres]") {
  TROUPE_NEEDS_POSTGRES(fixture);
  ledger l{*f.store};
  std::vector<unit> batch;
  for (int i = 0; i < 50; ++i) {
    batch.push_back(l.next(ticket("t" + std::to_string(i % 20)), 2));
    batch.back().inbox = inbox_entry{"api", std::to_string(i), "h", "{}"};
  }
  auto const xid = [&] { return std::stoul(f.sql("select txid_current()")); };
  auto const from = xid();
  l.ok(batch);
  CHECK(xid() - from == 2); // the append and the question itself
}

TEST_CASE("postgres: forgetting old answers writes only where there are some",
          "[persistence][postgres]") {
  TROUPE_NEEDS_POSTGRES(fixture);
  ledger l{*f.store};
  auto u = l.next(ticket("a"));
  u.inbox = inbox_entry{"api", "k", "h", "{}"};
  l.ok({u});
  auto const stored_at = f.store->inbox_rows(std::nullopt, 1)->front().stored_at;
  // Whoever writes takes a number; who only reads does not.
  auto const writers = [&] { return f.sql("select pg_snapshot_xmax(pg_current_snapshot())"); };
  auto const before = writers();
  CHECK(*f.store->prune_inbox(stored_at, 100) == 0);
  CHECK(writers() == before);
  CHECK(*f.store->prune_inbox(stored_at + duration{1}, 100) == 1);
  CHECK(writers() != before);
}

TEST_CASE(
    "postgres: a connection that the server has closed is replaced, and nothing is stored twice",
    "[persistence][postgres]") {
  TROUPE_NEEDS_POSTGRES(fixture);
  ledger l{*f.store};
  l.write(ticket("a"));
  f.cut();
  auto const u = l.next(ticket("a"));
  // The server ends the session when it gets to it: either the end is seen before anything is sent
  // and a new connection takes the append, or the append is lost on the way and so in doubt.
  auto const first = f.store->append(std::span{&u, 1});
  if (first) {
    CHECK(first->front().status == unit_status::ok);
  } else {
    CHECK(first.error().code == errc::unavailable);
    CHECK(l.one(u).status == unit_status::ok);
  }
  CHECK(l.one(u).status == unit_status::duplicate);
  CHECK(f.store->stream(ticket("a"))->version == 2);
}

TEST_CASE("postgres: a connection that dies while an append waits leaves nothing half done",
          "[persistence][postgres]") {
  TROUPE_NEEDS_POSTGRES(fixture);
  ledger l{*f.store};
  auto const u = l.next(ticket("a"), 3);
  // Somebody holds the shard; the append waits for it when its session is ended.
  auto held = std::async(std::launch::async, [&] {
    postgres::session s{f.url + "?application_name=holder"};
    s.begin();
    s.run("select 1 from troupe.shard where shard = " + std::to_string(u.shard) + " for update");
    s.run("select pg_sleep(0.4)");
    s.commit();
  });
  while (f.sql("select count(*) from pg_locks where relation = 'troupe.shard'::regclass "
               "and mode = 'RowShareLock'") == "0")
    std::this_thread::yield();
  auto out = std::async(std::launch::async, [&] { return f.store->append(std::span{&u, 1}); });
  while (f.sql("select count(*) from pg_stat_activity where datname = '" + f.name +
               "' and application_name = 'troupe' and wait_event_type = 'Lock'") == "0" &&
         out.wait_for(std::chrono::milliseconds{0}) != std::future_status::ready)
    std::this_thread::yield();
  f.cut();
  auto const r = out.get();
  held.get();
  if (r.has_error()) {
    CHECK(r.error().code == errc::unavailable);
    CHECK(f.store->stream(ticket("a"))->version == 0);
    CHECK(l.one(u).status == unit_status::ok);
  }
  CHECK(f.store->stream(ticket("a"))->version == 3);
}

TEST_CASE("postgres: a shard that stays locked makes the append busy, not endless",
          "[persistence][postgres]") {
  TROUPE_NEEDS_POSTGRES(fixture);
  ledger l{*f.store};
  auto const u = l.next(ticket("a"));
  postgres::session s{f.url};
  s.begin();
  s.run("select 1 from troupe.shard where shard = " + std::to_string(u.shard) + " for update");
  auto const began = std::chrono::steady_clock::now();
  auto const r = f.store->append(std::span{&u, 1});
  REQUIRE(r.has_error());
  CHECK(r.error().code == errc::busy);
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds{4});
  s.rollback();
  CHECK(l.one(u).status == unit_status::ok);
}

TEST_CASE("postgres: a claim that waits behind an append sees it, and the append its epoch",
          "[persistence][postgres]") {
  TROUPE_NEEDS_POSTGRES(fixture);
  ledger l{*f.store};
  auto const u = l.next(ticket("a"));
  postgres::session s{f.url};
  s.begin();
  s.run("update troupe.shard set epoch = epoch + 1 where shard = " + std::to_string(u.shard));
  auto out = std::async(std::launch::async, [&] { return f.store->append(std::span{&u, 1}); });
  while (f.sql("select count(*) from pg_stat_activity where datname = '" + f.name +
               "' and wait_event_type = 'Lock'") == "0")
    std::this_thread::yield();
  s.commit();
  auto const r = out.get();
  REQUIRE(r.has_value());
  CHECK(r->front().status == unit_status::fenced);
}

TEST_CASE("postgres: a server that stops and starts again loses nothing that was answered",
          "[persistence][postgres]") {
  TROUPE_NEEDS_POSTGRES(fixture);
  ledger l{*f.store};
  l.write(ticket("a"), 3);
  f.server.stop();
  auto const u = l.next(ticket("a"));
  CHECK(f.store->append(std::span{&u, 1}).error().code == errc::unavailable);
  CHECK(f.store->append(std::span{&u, 1}).error().code == errc::unavailable);
  CHECK(f.factory().error().code == errc::unavailable);
  f.server.start();
  CHECK(l.one(u).versions == std::vector<std::uint64_t>{4});
}

TEST_CASE("postgres: a database that cannot be reached is unavailable", "[persistence][postgres]") {
  TROUPE_NEEDS_POSTGRES(fixture);
  CHECK(refusal(open_postgres_store("postgresql://postgres@127.0.0.1:1/x")).code ==
        errc::unavailable);
  CHECK(refusal(open_postgres_store(f.server.url("no_such_database"))).code == errc::unavailable);
  CHECK(refusal(open_postgres_store("no words of libpq")).code == errc::unavailable);
}

TEST_CASE("postgres: a refusal does not show the password", "[persistence]") {
  auto const e = refusal(open_postgres_store("postgresql://u:hunter2@127.0.0.1:1/x"));
  CHECK(e.message.find("hunter2") == std::string::npos);
}

TEST_CASE("postgres: key words are as good as a URL", "[persistence][postgres]") {
  TROUPE_NEEDS_POSTGRES(fixture);
  CHECK(open_postgres_store("host=127.0.0.1 port=" + std::to_string(f.server.port()) +
                            " user=postgres dbname=" + f.name)
            .has_value());
}

TEST_CASE("postgres: programs that start at once make the schema once", "[persistence][postgres]") {
  TROUPE_NEEDS_POSTGRES(fixture);
  auto const url = f.server.new_database();
  std::vector<std::future<bool>> all;
  for (int i = 0; i < 5; ++i)
    all.push_back(
        std::async(std::launch::async, [&] { return open_postgres_store(url).has_value(); }));
  for (auto& one : all)
    CHECK(one.get());
  CHECK(f.server.sql(url.substr(url.rfind('/') + 1), "select count(*) from troupe.migration") ==
        "2");
}

TEST_CASE("postgres: a newer schema, another text or another encoding is refused",
          "[persistence][postgres]") {
  TROUPE_NEEDS_POSTGRES(fixture);
  SECTION("newer") {
    f.sql("insert into troupe.migration values (3, '0003_later.sql', 'x', 0)");
    CHECK(refusal(open_postgres_store(f.url)).code == errc::unsupported);
    CHECK(refusal(open_postgres_readonly(f.url)).code == errc::unsupported);
  }
  SECTION("another text") {
    f.sql("update troupe.migration set checksum = 'x' where number = 1");
    CHECK(refusal(open_postgres_store(f.url)).code == errc::corrupt);
  }
  SECTION("another encoding") {
    f.server.sql("postgres", "drop database if exists latin;");
    f.server.sql("postgres", "create database latin template template0 encoding 'LATIN1'");
    auto const e = refusal(open_postgres_store(f.server.url("latin")));
    CHECK(e.code == errc::unsupported);
    CHECK(e.message.find("LATIN1") != std::string::npos);
  }
}

TEST_CASE("postgres: a store that something else has changed is refused, with what is wrong and "
          "what to do",
          "[persistence][postgres]") {
  TROUPE_NEEDS_POSTGRES(fixture);
  ledger l{*f.store};
  l.write(ticket("a"), 3);
  auto const shard = std::to_string(shard_of(ticket("a")));
  auto const by_both = [&](std::string const& what) {
    is_damaged(open_postgres_store(f.url), what);
    is_damaged(open_postgres_readonly(f.url), what);
  };
  auto const end = [&](std::string const& seq) {
    f.sql("update troupe.shard set last_seq = " + seq + " where shard = " + shard);
    is_damaged(open_postgres_store(f.url), "shard " + shard +
                                               " says that its last event is number " + seq +
                                               ", but it is number 3");
    CHECK(open_postgres_readonly(f.url).has_value()); // `troupe verify` says more
  };
  SECTION("an emptied record of schema changes") {
    f.sql("delete from troupe.migration");
    by_both("the store has shard, record, record_ids, wake, inbox, inbox_age, outbox, snapshot, "
            "append, append_one, records_with, but its record of schema changes");
  }
  SECTION("a record of schema changes without the last one") {
    f.sql("delete from troupe.migration where number = 2");
    by_both("the store has append, append_one, records_with, but its record");
  }
  SECTION("no record of schema changes") {
    f.sql("drop table troupe.migration");
    by_both("the store has shard, ");
  }
  SECTION("a table that is gone") {
    f.sql("drop table troupe.inbox");
    by_both("the store lacks inbox, inbox_age;");
  }
  SECTION("a function that is gone") {
    f.sql("drop function troupe.append_one");
    by_both("the store lacks append_one;");
  }
  SECTION("a shard that ends too early") {
    end("1");
  }
  SECTION("a shard that ends too late") {
    end("9");
  }
}

TEST_CASE("postgres: reading only needs a schema and writes nothing", "[persistence][postgres]") {
  TROUPE_NEEDS_POSTGRES(fixture);
  CHECK(refusal(open_postgres_readonly(f.server.new_database())).code == errc::unsupported);
  ledger l{*f.store};
  l.write(ticket("a"));
  auto const reader = *(*open_postgres_readonly(f.url))();
  CHECK(dump(*reader) == dump(*f.store));
  CHECK(reader->claim(1, "x").error().code == errc::unsupported);
}

TEST_CASE("postgres: a frozen store whose connection is lost says so until it is thawed",
          "[persistence][postgres]") {
  TROUPE_NEEDS_POSTGRES(fixture);
  REQUIRE(f.store->freeze().has_value());
  f.cut();
  CHECK(f.store->shards().error().code == errc::unavailable);
  CHECK(f.store->shards().error().code == errc::unavailable);
  CHECK(f.store->thaw().has_value());
  CHECK(f.store->shards().has_value());
}

TEST_CASE("postgres: sessions have the limits that a takeover counts on",
          "[persistence][postgres]") {
  TROUPE_NEEDS_POSTGRES(fixture);
  postgres::session s{f.url};
  auto const setting = [&](std::string const& name) {
    return s.query("select current_setting($1)", postgres::with(name)).text(0, 0);
  };
  CHECK(setting("statement_timeout") == "5s");
  CHECK(setting("lock_timeout") == "2s");
  CHECK(setting("idle_in_transaction_session_timeout") == "5s");
  CHECK(setting("client_connection_check_interval") == "2s");
  CHECK(setting("synchronous_commit") == "on");
  CHECK(setting("application_name") == "troupe");
}

TEST_CASE("postgres: array elements are read back as they were given", "[persistence][postgres]") {
  TROUPE_NEEDS_POSTGRES(fixture);
  postgres::session s{f.url};
  std::vector<std::string> const texts = {"", "NULL", "a,b", "{}", "\"", "\\", "\\\"", " x ", "'"};
  postgres::array given;
  for (auto const& t : texts)
    given.add(t);
  auto const r = s.query("select x from unnest($1::text[]) with ordinality as u (x, n) order by n",
                         postgres::with(std::move(given)));
  REQUIRE(r.size() == texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    CHECK_FALSE(r.null(i, 0));
    CHECK(r.text(i, 0) == texts[i]);
  }
}

TEST_CASE("postgres: binary array elements are read back as they were given",
          "[persistence][postgres]") {
  TROUPE_NEEDS_POSTGRES(fixture);
  postgres::session s{f.url};
  using of = postgres::binary_array::of;
  postgres::binary_array texts{of::texts}, numbers{of::int8}, ids{of::uuids}, none{of::texts},
      truths{of::booleans}, small{of::int2}, bytes{of::bytes};
  std::vector<std::string> const given = {"", "NULL", "a\"\\,{}", "\xc3\xa4"};
  for (auto const& t : given)
    texts.add_text(t);
  for (std::int64_t const n : {std::int64_t{-1}, std::int64_t{1} << 40})
    numbers.add_int8(n);
  numbers.add_null();
  ids.add_hex("019f0000-0000-7000-8000-00000000abcd");
  truths.add(true);
  truths.add(false);
  small.add_int2(-7);
  bytes.add_hex("00ff10");
  auto const r = s.query_binary(
      "select $1::text[] = array['', 'NULL', 'a\"\\,{}', 'ä'], $2::bigint[]::text, "
      "$3::uuid[]::text, cardinality($4::text[]), $5::boolean[]::text, $6::smallint[]::text, "
      "encode(($7::bytea[])[1], 'hex'), $8::bigint",
      {texts.bytes(), numbers.bytes(), ids.bytes(), none.bytes(), truths.bytes(), small.bytes(),
       bytes.bytes(), postgres::binary_int8(-5)});
  CHECK(r.truth(0, 0));
  CHECK(r.text(0, 1) == "{-1,1099511627776,NULL}");
  CHECK(r.text(0, 2) == "{019f0000-0000-7000-8000-00000000abcd}");
  CHECK(r.number(0, 3) == 0);
  CHECK(r.text(0, 4) == "{t,f}");
  CHECK(r.text(0, 5) == "{-7}");
  CHECK(r.text(0, 6) == "00ff10");
  CHECK(r.number(0, 7) == -5);
}

TEST_CASE("postgres: one call takes a batch unless its units contradict each other",
          "[persistence]") {
  auto const unit_of = [](std::string id, std::uint64_t expected, std::string key = {},
                          std::string effect = {}) {
    unit u;
    u.shard = 3;
    u.epoch = 1;
    u.tenant = tenant_id{"acme"};
    u.writes = {{ticket(std::move(id)), expected, {}, {}}};
    new_event e{event_id(1), "ticket.noted", 1, {}, "", "", "", "{}", std::string{no_hash()}};
    u.writes[0].events = {e, e};
    if (!key.empty())
      u.inbox = inbox_entry{"api", key, "h", "{}"};
    if (!effect.empty()) {
      u.outbox_done = {effect};
      u.outbox = {{effect, "mail", effect_class::pure, "{}"}};
    }
    return u;
  };
  auto const goes = [](std::vector<unit> const& units) {
    return postgres::make_call(units, time_point{}).has_value();
  };
  CHECK(goes({unit_of("a", 0), unit_of("b", 4), unit_of("c", 0)}));
  CHECK(goes({unit_of("a", 0), unit_of("b", 0), unit_of("a", 2), unit_of("a", 4)}));
  CHECK_FALSE(goes({unit_of("a", 0), unit_of("b", 0), unit_of("a", 3)}));
  CHECK_FALSE(goes({unit_of("a", 0), unit_of("a", 0)}));
  CHECK(goes({unit_of("a", 0, "k"), unit_of("b", 0, "l"), unit_of("c", 0)}));
  CHECK_FALSE(goes({unit_of("a", 0, "k"), unit_of("b", 0, "k")}));
  CHECK(goes({unit_of("a", 0, "", "e"), unit_of("b", 0, "", "f")}));
  CHECK_FALSE(goes({unit_of("a", 0, "", "e"), unit_of("b", 0, "", "e")}));
  auto other = unit_of("b", 0);
  other.epoch = 2;
  CHECK_FALSE(goes({unit_of("a", 0), other}));
  other.shard = 4;
  CHECK(goes({unit_of("a", 0), other}));
  other.epoch = 0;
  CHECK_FALSE(goes({unit_of("a", 0), other}));
}

TEST_CASE("postgres: a timer that changed while the append waited is not lost",
          "[persistence][postgres]") {
  TROUPE_NEEDS_POSTGRES(fixture);
  ledger l{*f.store};
  auto const a = ticket("a");
  l.write(a);
  auto const u = l.next(a); // clears the timer
  postgres::session s{f.url};
  s.begin();
  s.run("select 1 from troupe.shard where shard = " + std::to_string(u.shard) + " for update");
  s.run("insert into troupe.wake (shard, tenant, kind, id, wake_at) values (" +
        std::to_string(u.shard) + ", 'acme', 5, 'a', 77)");
  auto out = std::async(std::launch::async, [&] { return f.store->append(std::span{&u, 1}); });
  while (f.sql("select count(*) from pg_stat_activity where datname = '" + f.name +
               "' and wait_event_type = 'Lock'") == "0")
    std::this_thread::yield();
  s.commit();
  REQUIRE(out.get().has_value());
  CHECK_FALSE(f.store->stream(a)->wake_at.has_value());
}

TEST_CASE("postgres: a timer that stays is not written again", "[persistence][postgres]") {
  TROUPE_NEEDS_POSTGRES(fixture);
  ledger l{*f.store};
  auto const a = ticket("a");
  auto const row = [&] { return f.sql("select ctid, xmin, xmax, wake_at from troupe.wake"); };
  auto const wake = [&](std::optional<std::int64_t> at) {
    auto u = l.next(a);
    if (at)
      u.writes[0].wake_at = at_ms(*at);
    l.ok({u});
  };
  wake(5000);
  auto const first = row();
  wake(5000);
  CHECK(row() == first);
  wake(6000);
  CHECK(row() != first);
  wake(std::nullopt);
  CHECK(row().empty());
}

TEST_CASE("postgres: a database of the form before records is refused and says what to do",
          "[persistence][postgres]") {
  TROUPE_NEEDS_POSTGRES(fixture);
  f.sql(
      "drop schema troupe cascade; create schema troupe; create table troupe.event (seq bigint); "
      "create table troupe.migration (number integer primary key, name text, checksum text, "
      "applied_at bigint); insert into troupe.migration values (1, '0001_event_log.sql', 'x', 0)");
  for (auto const& opened : {open_postgres_store(f.url), open_postgres_readonly(f.url)}) {
    auto const e = refusal(opened);
    CHECK(e.code == errc::unsupported);
    CHECK(e.message.find("troupe export") != std::string::npos);
    CHECK(e.message.find("troupe import") != std::string::npos);
  }
  CHECK(f.sql("select count(*) from troupe.migration") == "1");
}

TEST_CASE("postgres: a damaged row is told with its place and hurts no other stream",
          "[persistence][postgres]") {
  TROUPE_NEEDS_POSTGRES(fixture);
  ledger l{*f.store};
  auto const refs = tickets_of(7, 2);
  l.write(refs[0], 2);
  l.write(refs[1], 3); // seq 3 to 5
  l.write(refs[0], 1);
  auto const id = f.store->read_stream(refs[1], 1, 1)->front().event.event_id;
  auto const edit = [&](auto change) {
    int edited = 0;
    edit_records([&](std::string const& text) { return f.sql(text); }, "shard = 7 and seq = 5",
                 [&](postgres::record_body& body) { return ++edited, change(body), true; });
    REQUIRE(edited == 1);
  };
  SECTION("a body that is cut") {
    f.sql("update troupe.record set body = substr(body, 1, length(body) - 9) where seq = 5");
  }
  SECTION("no body") {
    f.sql("update troupe.record set body = '' where seq = 5");
  }
  SECTION("a flipped bit") {
    auto const at = GENERATE("0", "1", "3", "6", "7", "20", "length(body) / 2", "length(body) - 1");
    f.sql(std::string{"update troupe.record set body = set_byte(body, "} + at +
          ", get_byte(body, " + at + ") # 1) where seq = 5");
  }
  SECTION("a body without its last event") {
    edit([](auto& body) {
      body.lines.resize(body.lines.rfind('\n', body.lines.size() - 2));
      body.lines.resize(body.lines.rfind('\n') + 1);
    });
  }
  SECTION("a changed event whose sum was made to fit") {
    edit(putting(R"({"n":2})", R"({"n":3})"));
  }
  SECTION("a changed name whose sum was made to fit") {
    edit([](auto& body) {
      auto const end = body.lines.find("\"}\n", body.lines.find(R"("id")"));
      body.lines.insert(end + 1, R"(,"principal":"human:eve")");
    });
  }
  SECTION("a count that is too large") {
    edit([](auto& body) { body.count = 4; });
  }
  SECTION("a count that is too small") {
    edit([](auto& body) { body.count = 2; });
  }
  SECTION("a count that cannot be") {
    edit([](auto& body) { body.count = 1'000'000'000'000; });
  }
  SECTION("another hash") {
    f.sql("update troupe.record set hash = set_byte(hash, 9, get_byte(hash, 9) # 1) where seq = 5");
  }
  SECTION("ids that are not those of its events") {
    f.sql(
        "update troupe.record set last_id = 'ffffffff-ffff-7fff-8fff-ffffffffffff' where seq = 5");
  }
  CHECK(f.sql("select count(*) from troupe.record") == "3");
  auto const damaged = [&](auto const& r) {
    REQUIRE(r.has_error());
    CHECK(r.error().code == errc::corrupt);
    CHECK(r.error().message.find("shard 7") != std::string::npos);
    CHECK(r.error().message.find("seq 5 (" + to_string(refs[1])) != std::string::npos);
  };
  damaged(f.store->read_stream(refs[1], 0, 10));
  damaged(f.store->read_stream(refs[1], 2, 1));
  damaged(f.store->read_shard(7, 2, 10));
  damaged(verify_store(*f.store));
  damaged(f.store->find_event(tenant_id{"acme"}, id));
  CHECK(f.store->read_stream(refs[0], 0, 10)->size() == 3);
  CHECK(l.one(l.next(refs[0])).status == unit_status::ok);
}

TEST_CASE("postgres: what stands in a row that was made to fit is found by its hashes",
          "[persistence][postgres]") {
  TROUPE_NEEDS_POSTGRES(fixture);
  ledger l{*f.store};
  auto const ref = tickets_of(7, 1)[0];
  l.write(ref, 3);
  // The hash of the first event stands in the row: only the chain before it contradicts.
  edit_records([&](std::string const& text) { return f.sql(text); }, "shard = 7",
               putting(R"({"n":7})", R"({"n":1})"));
  auto const read = f.store->read_shard(7, 0, 10);
  REQUIRE(read.has_value());
  CHECK(read->front().event.data == R"({"n":7})");
  auto const report = verify_store(*f.store);
  REQUIRE(report.has_value());
  REQUIRE(report->first_bad.has_value());
  CHECK(report->first_bad->seq == 1);
  CHECK(report->first_bad->sentence.find("hash") != std::string::npos);
}

TEST_CASE("postgres: a row that was made again with its hashes breaks the next of its stream",
          "[persistence][postgres]") {
  TROUPE_NEEDS_POSTGRES(fixture);
  ledger l{*f.store};
  auto const ref = tickets_of(7, 1)[0];
  l.write(ref, 3);
  l.write(ref, 2);
  std::vector<new_event> events;
  std::string hash{no_hash()};
  for (auto const& e : *f.store->read_stream(ref, 0, 3)) {
    events.push_back(e.event);
    events.back().principal = "human:eve";
    hash = events.back().hash = chain_hash(hash, ref, e.version, events.back());
  }
  postgres::record row;
  postgres::pack(row, l.epochs[7], events);
  f.sql("update troupe.record set hash = decode('" + hash + "', 'hex'), body = decode('" +
        postgres::hex_of(row.body) + "', 'hex') where shard = 7 and seq = 3");
  CHECK(f.store->read_stream(ref, 0, 10)->at(2).event.principal == "human:eve");
  auto const report = verify_store(*f.store);
  REQUIRE(report.has_value());
  REQUIRE(report->first_bad.has_value());
  CHECK(report->first_bad->seq == 4);
  CHECK(report->first_bad->sentence.find("hash") != std::string::npos);
}

TEST_CASE("postgres: a record that is gone is found, also the last one",
          "[persistence][postgres]") {
  TROUPE_NEEDS_POSTGRES(fixture);
  ledger l{*f.store};
  auto const ref = tickets_of(7, 1)[0];
  for (int i = 0; i < 3; ++i)
    l.write(ref, 2);
  auto const gone = GENERATE(2, 4, 6);
  f.sql("delete from troupe.record where shard = 7 and seq = " + std::to_string(gone));
  auto const report = verify_store(*f.store);
  REQUIRE(report.has_value());
  CHECK_FALSE(report->ok());
}

TEST_CASE("postgres: an event is found by its id among many pages", "[persistence][postgres]") {
  TROUPE_NEEDS_POSTGRES(fixture);
  ledger l{*f.store};
  std::vector<std::string> ids;
  for (int i = 0; i < 40; ++i) {
    std::vector<unit> batch;
    for (int n = 0; n < 32; ++n) {
      batch.push_back(l.next(ticket("t" + std::to_string(i) + "-" + std::to_string(n)), 2));
      ids.push_back(batch.back().writes[0].events[1].event_id);
    }
    l.ok(batch);
  }
  auto const found = [&](std::string const& id) {
    auto const e = f.store->find_event(tenant_id{"acme"}, id);
    return e.has_value() && e->event.event_id == id;
  };
  CHECK(found(ids.front()));
  CHECK(found(ids.back()));
  f.sql("select brin_summarize_new_values('troupe.record_ids'::regclass)");
  for (std::size_t i = 0; i < ids.size(); i += 111)
    CHECK(found(ids[i]));
  CHECK(f.store->find_event(tenant_id{"rival"}, ids[5]).error().code == errc::not_found);
  // It is the summary that finds it, not a walk through a tree or the table.
  auto const plan = f.sql("set enable_indexscan = off; set enable_seqscan = off; explain select * "
                          "from troupe.record where first_id <= '" +
                          ids[5] + "' and coalesce(last_id, first_id) >= '" + ids[5] + "'");
  CHECK(plan.find("Bitmap Index Scan on record_ids") != std::string::npos);
}

TEST_CASE("postgres: an import and an export give the same file, however the events were written",
          "[persistence][postgres]") {
  TROUPE_NEEDS_POSTGRES(fixture);
  ledger l{*f.store};
  auto const refs = tickets_of(9, 2);
  for (std::size_t const n : {1u, 4u, 70u, 2u}) {
    auto u = l.next(refs[0], n);
    l.also(u, refs[1], 2);
    u.writes[1].wake_at = at_ms(static_cast<std::int64_t>(n));
    l.ok({u});
    l.write(refs[0]);
  }
  std::ostringstream first;
  REQUIRE(export_store(*f.store, first).has_value());
  auto const url = f.server.new_database();
  auto const other = *(*open_postgres_store(url))();
  std::istringstream in{first.str()};
  REQUIRE(import_store(*other, in).has_value());
  std::ostringstream second;
  REQUIRE(export_store(*other, second).has_value());
  CHECK(second.str() == first.str());
  auto const last = all_events(*f.store).back();
  CHECK(same(*other->find_event(tenant_id{"acme"}, last.event.event_id), last));
}
