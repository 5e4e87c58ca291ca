#include "persistence/postgres/batch_params.hpp"
#include "persistence/postgres/postgres_store.hpp"
#include "tests/persistence/ledger.hpp"
#include "tests/persistence/needs_postgres.hpp"

#include <catch2/catch.hpp>

#include <future>
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

error refusal(result<store_factory> const& opened) {
  REQUIRE(opened.has_error());
  return opened.error();
}

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

TEST_CASE("postgres: runs are cut where units meet", "[persistence]") {
  auto const touching = [](std::string id, std::string key = {}, std::string effect = {}) {
    unit u;
    u.tenant = tenant_id{"acme"};
    u.writes = {{ticket(std::move(id)), 0, {}, {}}};
    if (!key.empty())
      u.inbox = inbox_entry{"api", key, "h", "{}"};
    if (!effect.empty()) {
      u.outbox_done = {effect};
      u.outbox = {{effect, "mail", effect_class::pure, "{}"}};
    }
    return u;
  };
  using ends = std::vector<std::size_t>;
  auto const runs = [](std::vector<unit> const& units) {
    return postgres::independent_runs(units);
  };
  CHECK(runs({touching("a"), touching("b"), touching("c")}) == ends{3});
  CHECK(runs({touching("a"), touching("b"), touching("a")}) == ends{2, 3});
  CHECK(runs({touching("a"), touching("a"), touching("a")}) == ends{1, 2, 3});
  CHECK(runs({touching("a", "k"), touching("b", "k"), touching("c")}) == ends{1, 3});
  CHECK(runs({touching("a", "", "e"), touching("b", "", "f"), touching("c", "", "e")}) ==
        ends{2, 3});
  CHECK(runs({touching("a", "", "e")}) == ends{1});
}
