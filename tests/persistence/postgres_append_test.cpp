#include "persistence/postgres/session.hpp"
#include "tests/persistence/ledger.hpp"
#include "tests/persistence/postgres_fixture.hpp"

#include <catch2/catch.hpp>

#include <future>
#include <thread>

using namespace troupe;
using namespace troupe::test;

TEST_CASE("postgres: a batch is one call", "[persistence][postgres]") {
  TROUPE_NEEDS_POSTGRES(postgres_fixture);
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
  TROUPE_NEEDS_POSTGRES(postgres_fixture);
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

TEST_CASE("postgres: a table that stays locked makes the append busy, not endless",
          "[persistence][postgres]") {
  TROUPE_NEEDS_POSTGRES(postgres_fixture);
  ledger l{*f.store};
  auto const u = l.next(ticket("a"));
  postgres::session s{f.url};
  s.begin();
  s.run("lock table troupe.segment in share row exclusive mode");
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
  TROUPE_NEEDS_POSTGRES(postgres_fixture);
  ledger l{*f.store};
  auto const u = l.next(ticket("a"));
  postgres::session s{f.url};
  s.begin();
  s.run("select troupe.bar(array[0, 1]::smallint[])");
  s.run("update troupe.shard set epoch = epoch + 1 where shard = " + std::to_string(u.shard));
  auto out = std::async(std::launch::async, [&] { return f.store->append(std::span{&u, 1}); });
  while (!f.waits_for_lock())
    std::this_thread::yield();
  s.commit();
  auto const r = out.get();
  REQUIRE(r.has_value());
  CHECK(r->front().status == unit_status::fenced);
}

TEST_CASE("postgres: array elements are read back as they were given", "[persistence][postgres]") {
  TROUPE_NEEDS_POSTGRES(postgres_fixture);
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
  TROUPE_NEEDS_POSTGRES(postgres_fixture);
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
  ids.add_uuid("019f0000-0000-7000-8000-00000000abcd");
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

TEST_CASE("postgres: a timer that stays is not written again", "[persistence][postgres]") {
  TROUPE_NEEDS_POSTGRES(postgres_fixture);
  ledger l{*f.store};
  auto const a = ticket("a");
  auto const row = [&] { return f.sql("select ctid, xmin, xmax, wake_at from troupe.wake"); };
  auto const wake = [&](std::optional<std::int64_t> at) {
    auto u = l.next(a);
    if (at)
      u.writes[0].wake_at = at_ms(*at);
    l.ok({u});
    f.settle();
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
