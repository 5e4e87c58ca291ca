#include "persistence/postgres/session.hpp"
#include "tests/persistence/ledger.hpp"
#include "tests/persistence/postgres_fixture.hpp"
#include "tests/persistence/refusals.hpp"

#include <catch2/catch.hpp>

#include <future>
#include <thread>

using namespace troupe;
using namespace troupe::test;

TEST_CASE(
    "postgres: a connection that the server has closed is replaced, and nothing is stored twice",
    "[persistence][postgres]") {
  TROUPE_NEEDS_POSTGRES(postgres_fixture);
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
  TROUPE_NEEDS_POSTGRES(postgres_fixture);
  ledger l{*f.store};
  auto const u = l.next(ticket("a"), 3);
  // Somebody shuts others out; the append waits for it when its session is ended.
  auto held = std::async(std::launch::async, [&] {
    postgres::session s{f.url + "?application_name=holder"};
    s.begin();
    s.run("lock table troupe.segment in share row exclusive mode");
    s.run("select pg_sleep(0.4)");
    s.commit();
  });
  while (f.sql("select count(*) from pg_locks where relation = 'troupe.segment'::regclass "
               "and mode = 'ShareRowExclusiveLock'") == "0")
    std::this_thread::yield();
  auto out = std::async(std::launch::async, [&] { return f.store->append(std::span{&u, 1}); });
  while (!f.waits_for_lock() &&
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

TEST_CASE("postgres: a server that stops and starts again loses nothing that was answered",
          "[persistence][postgres]") {
  TROUPE_NEEDS_POSTGRES(postgres_fixture);
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
  TROUPE_NEEDS_POSTGRES(postgres_fixture);
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
  TROUPE_NEEDS_POSTGRES(postgres_fixture);
  CHECK(open_postgres_store("host=127.0.0.1 port=" + std::to_string(f.server.port()) +
                            " user=postgres dbname=" + f.name)
            .has_value());
}

TEST_CASE("postgres: programs that start at once make the schema once", "[persistence][postgres]") {
  TROUPE_NEEDS_POSTGRES(postgres_fixture);
  auto const url = f.server.new_database();
  std::vector<std::future<bool>> all;
  for (int i = 0; i < 5; ++i)
    all.push_back(
        std::async(std::launch::async, [&] { return open_postgres_store(url).has_value(); }));
  for (auto& one : all)
    CHECK(one.get());
  CHECK(f.server.sql(url.substr(url.rfind('/') + 1), "select count(*) from troupe.migration") ==
        "4");
}

TEST_CASE("postgres: a newer schema, another text or another encoding is refused",
          "[persistence][postgres]") {
  TROUPE_NEEDS_POSTGRES(postgres_fixture);
  SECTION("newer") {
    f.sql("insert into troupe.migration values (5, '0005_later.sql', 'x', 0)");
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
  TROUPE_NEEDS_POSTGRES(postgres_fixture);
  ledger l{*f.store};
  l.write(ticket("a"), 3);
  f.settle();
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
            "append, records_with, lane, segment, bar, settle, refuse_settled, but its record of "
            "schema changes");
  }
  SECTION("a record of schema changes without the last one") {
    f.sql("delete from troupe.migration where number = 4");
    by_both("the store has refuse_settled, but its record");
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
    f.sql("drop function troupe.settle");
    by_both("the store lacks settle;");
  }
  SECTION("a shard that ends too early") {
    end("1");
  }
  SECTION("a shard that ends too late") {
    end("9");
  }
}

TEST_CASE("postgres: reading only needs a schema and writes nothing", "[persistence][postgres]") {
  TROUPE_NEEDS_POSTGRES(postgres_fixture);
  CHECK(refusal(open_postgres_readonly(f.server.new_database())).code == errc::unsupported);
  ledger l{*f.store};
  l.write(ticket("a"));
  auto const reader = *(*open_postgres_readonly(f.url))();
  CHECK(dump(*reader) == dump(*f.store));
  CHECK(reader->claim(1, "x").error().code == errc::unsupported);
}

TEST_CASE("postgres: a frozen store whose connection is lost says so until it is thawed",
          "[persistence][postgres]") {
  TROUPE_NEEDS_POSTGRES(postgres_fixture);
  REQUIRE(f.store->freeze().has_value());
  f.cut();
  CHECK(f.store->shards().error().code == errc::unavailable);
  CHECK(f.store->shards().error().code == errc::unavailable);
  CHECK(f.store->thaw().has_value());
  CHECK(f.store->shards().has_value());
}

TEST_CASE("postgres: a store that was frozen when its database went sees what comes after it",
          "[persistence][postgres]") {
  TROUPE_NEEDS_POSTGRES(postgres_fixture);
  ledger l{*f.store};
  auto const ref = ticket("a");
  l.write(ref);
  auto const reader = *f.factory();
  REQUIRE(reader->freeze().has_value());
  CHECK(reader->read_stream(ref, 0, 10)->size() == 1);
  auto const admit = [&](std::string const& whom) {
    f.server.sql("postgres", "alter database " + f.name + " allow_connections " + whom);
  };
  admit("false");
  f.server.sql("postgres", "select count(pg_terminate_backend(pid)) from pg_stat_activity "
                           "where datname = '" +
                               f.name + "'");
  CHECK(reader->read_stream(ref, 0, 10).error().code == errc::unavailable);
  CHECK(reader->thaw().error().code == errc::unavailable);
  admit("true");
  l.write(ref);
  CHECK(reader->read_stream(ref, 0, 10)->size() == 2);
}

TEST_CASE("postgres: a store that could not be frozen goes on", "[persistence][postgres]") {
  TROUPE_NEEDS_POSTGRES(postgres_fixture);
  postgres::session other{f.url};
  other.begin();
  other.run("lock table troupe.shard in access exclusive mode");
  CHECK(f.store->freeze().error().code == errc::busy); // after the two seconds of `lock_timeout`
  other.rollback();
  ledger l{*f.store};
  l.write(ticket("a"));
  CHECK(f.store->freeze().has_value());
  CHECK(f.store->read_stream(ticket("a"), 0, 10)->size() == 1);
}

TEST_CASE("postgres: sessions have the limits that a takeover counts on",
          "[persistence][postgres]") {
  TROUPE_NEEDS_POSTGRES(postgres_fixture);
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

TEST_CASE("postgres: a database of the form before records is refused and says what to do",
          "[persistence][postgres]") {
  TROUPE_NEEDS_POSTGRES(postgres_fixture);
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
