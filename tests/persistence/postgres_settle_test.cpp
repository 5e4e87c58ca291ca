#include "persistence/export_import.hpp"
#include "persistence/postgres/session.hpp"
#include "persistence/verify.hpp"
#include "tests/persistence/ledger.hpp"
#include "tests/persistence/postgres_fixture.hpp"

#include <catch2/catch.hpp>

#include <future>
#include <thread>

using namespace troupe;
using namespace troupe::test;

TEST_CASE("postgres: what is settled moves, and nobody who reads sees it",
          "[persistence][postgres]") {
  TROUPE_NEEDS_POSTGRES(postgres_fixture);
  ledger l{*f.store};
  auto const refs = tickets_of(7, 3);
  auto const reader = *f.factory();
  f.settle(); // the barrier of the claim
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 4; ++i)
      for (auto const& ref : refs) {
        auto u = l.next(ref, 2);
        if (i % 2 == 0)
          u.writes[0].wake_at = at_ms(100 + i);
        l.ok({u});
      }
    auto const before = dump(*f.store);
    CHECK(dump(*reader) == before);
    CHECK(f.sql("select count(*) from troupe.segment") == "12");
    f.settle();
    CHECK(f.sql("select count(*) from troupe.segment") == "0");
    CHECK(dump(*f.store) == before);
    CHECK(dump(*reader) == before);
    // Three streams in turn, four writes each: a record a stream.
    CHECK(f.sql("select count(*) from troupe.record") == std::to_string(3 * (round + 1)));
    CHECK(verify_store(*f.store)->ok());
  }
}

TEST_CASE("postgres: a page of a shard ends within a run as well", "[persistence][postgres]") {
  TROUPE_NEEDS_POSTGRES(postgres_fixture);
  ledger l{*f.store};
  auto const refs = tickets_of(7, 9);
  for (int round = 0; round < 12; ++round) {
    for (auto const& ref : refs)
      l.write(ref, 1 + static_cast<std::size_t>(round % 3));
    if (round % 5 == 4)
      f.settle();
  }
  auto const all = *f.store->read_shard(7, 0, 100'000);
  REQUIRE(all.size() == 9 * 24);
  for (std::size_t const limit : {1u, 2u, 7u, 40u, 150u})
    for (std::size_t after = 0; after <= all.size(); after += 5) {
      auto const part = *f.store->read_shard(7, after, limit);
      REQUIRE(part.size() == std::min(limit, all.size() - after));
      for (std::size_t i = 0; i < part.size(); ++i)
        REQUIRE(same(part[i], all[after + i]));
    }
}

TEST_CASE("postgres: a number whose row was settled away is not taken by a writer that slept",
          "[persistence][postgres]") {
  TROUPE_NEEDS_POSTGRES(postgres_fixture);
  ledger l{*f.store};
  auto const a = tickets_of(7, 2)[0];
  auto const b = tickets_of(7, 2)[1];
  l.write(a); // this handle knows its lane from here on
  auto const other = *f.factory();
  auto const theirs = l.next(a);
  REQUIRE(other->append(std::span{&theirs, 1})->front().status == unit_status::ok);
  while (*other->settle()) {
  }
  REQUIRE(f.sql("select count(*) from troupe.segment") == "0");
  // The number that it would take next is that of the other's batch, whose row is gone.
  auto stale = l.next(b);
  CHECK(l.one(stale).first_seq == 3);
  CHECK(f.store->read_shard(7, 0, 10)->size() == 3);
  CHECK(verify_store(*f.store)->ok());
}

TEST_CASE("postgres: a number that is taken and settled while an append waits for it is not taken "
          "again",
          "[persistence][postgres]") {
  TROUPE_NEEDS_POSTGRES(postgres_fixture);
  ledger l{*f.store};
  auto const a = tickets_of(7, 1)[0];
  auto const b = tickets_of(8, 1)[0];
  auto const c = tickets_of(9, 1)[0];
  l.write(a);
  l.write(b); // this handle knows the heads of both from here on, and asks for none
  f.settle();
  std::vector<unit> batch{l.next(a)};
  SECTION("as one segment") {}
  SECTION("as one of two") {
    batch.push_back(l.next(b));
  }
  SECTION("with a stream whose head is compared") {
    batch.push_back(l.next(c));
  }
  // Somebody else takes the number that comes next,
  postgres::session other{f.url};
  other.begin();
  other.run("insert into troupe.segment (lane, number, body) "
            "select lane, settled + 1, '' from troupe.lane where lane = 1");
  auto waiting = std::async(std::launch::async, [&] { return f.store->append(batch); });
  while (!f.waits_for_lock())
    std::this_thread::yield();
  // and it is settled at once: its row is gone when the append looks.
  other.run("update troupe.lane set settled = settled + 1 where lane = 1");
  other.run("delete from troupe.segment where lane = 1");
  other.commit();
  auto const stored = waiting.get();
  REQUIRE(stored.has_value());
  for (auto const& r : *stored)
    CHECK(r.status == unit_status::ok);
  CHECK(f.sql("select s.number - l.settled from troupe.segment s join troupe.lane l using (lane) "
              "where lane = 1") == "1");
  CHECK(f.store->read_stream(a, 0, 10)->size() == 2);
}

TEST_CASE("postgres: what was appended here and what comes from the database settle alike",
          "[persistence][postgres]") {
  TROUPE_NEEDS_POSTGRES(postgres_fixture);
  ledger l{*f.store};
  auto const refs = tickets_of(7, 3);
  f.settle();
  auto const stranger = *(*open_postgres_store(f.url))(); // as another program has it
  for (int round = 0; round < 4; ++round) {
    for (auto const& ref : refs) {
      auto u = l.next(ref, 1 + static_cast<std::size_t>(round));
      u.writes[0].wake_at = at_ms(100 + round);
      l.ok({u});
    }
    auto const before = dump(*stranger);
    auto& by = round % 2 == 0 ? *f.store : *stranger;
    while (*by.settle()) {
    }
    CHECK(f.sql("select count(*) from troupe.segment") == "0");
    CHECK(dump(*f.store) == before);
    CHECK(dump(*stranger) == before);
  }
  CHECK(verify_store(*f.store)->ok());
}

TEST_CASE(
    "postgres: a segment is settled as the database has it, also where another was stored here",
    "[persistence][postgres]") {
  TROUPE_NEEDS_POSTGRES(postgres_fixture);
  ledger l{*f.store};
  auto const a = tickets_of(7, 2)[0];
  auto const b = tickets_of(7, 2)[1];
  l.write(a);
  f.settle();
  auto const stranger = *(*open_postgres_store(f.url))();
  l.write(a); // known here
  // The database was set back to before that, as by a standby that had not got it; and then another
  // server has appended.
  f.sql("delete from troupe.segment");
  auto theirs = l.next(b, 2);
  theirs.writes[0].expected_version = 0;
  REQUIRE(stranger->append(std::span{&theirs, 1})->front().status == unit_status::ok);
  auto const before = dump(*stranger);
  while (*f.store->settle()) {
  }
  CHECK(f.sql("select count(*) from troupe.segment") == "0");
  CHECK(dump(*stranger) == before);
  CHECK(stranger->read_stream(b, 0, 10)->size() == 2);
  CHECK(stranger->read_stream(a, 0, 10)->size() == 1);
  CHECK(verify_store(*stranger)->ok());
}

TEST_CASE("postgres: a claim fences a writer that has long settled", "[persistence][postgres]") {
  TROUPE_NEEDS_POSTGRES(postgres_fixture);
  ledger l{*f.store};
  auto const a = tickets_of(7, 1)[0];
  l.write(a);
  auto const other = *f.factory();
  REQUIRE(other->claim(7, "the next one").has_value());
  f.settle();
  CHECK(l.one(l.next(a)).status == unit_status::fenced);
  unit nothing = l.empty(a);
  nothing.inbox = inbox_entry{"api", "k", "h", "{}"};
  CHECK(l.one(nothing).status == unit_status::fenced);
  CHECK_FALSE(f.store->find_inbox(tenant_id{"acme"}, "api", "k")->has_value());
}

TEST_CASE("postgres: a damaged or missing segment is told with its place",
          "[persistence][postgres]") {
  TROUPE_NEEDS_POSTGRES(postgres_fixture);
  ledger l{*f.store};
  auto const a = tickets_of(7, 1)[0];
  for (int i = 0; i < 3; ++i)
    l.write(a);
  SECTION("a flipped bit") {
    f.sql("update troupe.segment set body = set_byte(body, 20, get_byte(body, 20) # 1) "
          "where number = (select max(number) - 1 from troupe.segment where lane = 1) "
          "and lane = 1");
  }
  SECTION("a row that is gone") {
    f.sql("delete from troupe.segment "
          "where number = (select max(number) - 1 from troupe.segment where lane = 1) "
          "and lane = 1");
  }
  auto const reader = *f.factory();
  for (auto const& e : {reader->read_stream(a, 0, 10).error(), reader->settle().error(),
                        reader->shards().error()}) {
    CHECK(e.code == errc::corrupt);
    CHECK(e.message.find("of lane 1 is damaged") != std::string::npos);
    CHECK(e.message.find("backup") != std::string::npos);
  }
}

TEST_CASE("postgres: an import puts itself behind what was appended", "[persistence][postgres]") {
  TROUPE_NEEDS_POSTGRES(postgres_fixture);
  ledger l{*f.store};
  auto const a = tickets_of(7, 1)[0];
  l.write(a, 2);
  auto more = l.next(a);
  std::vector<stored_event> const events{{7, 3, l.epochs[7], a, 3, more.writes[0].events[0]}};
  REQUIRE(f.store->import(events).has_value());
  CHECK(l.one(more).status == unit_status::duplicate);
  l.write(a);
  CHECK(f.store->stream(a)->version == 4);
  CHECK(verify_store(*f.store)->ok());
}

TEST_CASE("postgres: a stream that is not settled is not forgotten among many",
          "[persistence][postgres]") {
  TROUPE_NEEDS_POSTGRES(postgres_fixture);
  ledger l{*f.store};
  auto const first = tickets_of(7, 1)[0];
  auto const u = l.next(first);
  REQUIRE(l.one(u).status == unit_status::ok);
  std::vector<unit> batch;
  int others = 0;
  for (int n = 0; others < 20'500; ++n) {
    auto const ref = ticket("other-" + std::to_string(n));
    if (shard_of(ref) % 2 != 1) // the lane of shard 7
      continue;
    batch.push_back(l.next(ref));
    ++others;
    if (batch.size() == 128) {
      l.ok(batch);
      batch.clear();
    }
  }
  auto other = u; // as of a writer that does not know that there is such a stream
  other.writes[0].events[0].event_id = event_id(999'999);
  CHECK(l.one(other).status == unit_status::conflict);
  CHECK(l.one(u).status == unit_status::duplicate);
  f.settle();
  CHECK(l.one(other).status == unit_status::conflict);
  CHECK(l.one(u).status == unit_status::duplicate);
  CHECK(f.store->stream(first)->version == 1);
}

TEST_CASE("postgres: what was stored, and settled by another, before its answer was lost is a "
          "duplicate when it comes again",
          "[persistence][postgres]") {
  TROUPE_NEEDS_POSTGRES(postgres_fixture);
  ledger l{*f.store};
  auto const refs = tickets_of(7, 2);
  l.write(refs[0]);
  auto const u = l.next(refs[1], 2);
  REQUIRE(l.one(u).status == unit_status::ok);
  f.cut(); // the answer might as well have been lost with the connection
  auto const other = *f.factory();
  while (*other->settle()) {
  }
  auto const again = f.store->append(std::span{&u, 1});
  if (again) // else its connection was found dead while the append was on its way
    CHECK(again->front().status == unit_status::duplicate);
  CHECK(l.one(u).status == unit_status::duplicate);
  CHECK(l.one(u).first_seq == 2);
}

TEST_CASE("postgres: a batch on two lanes of which another has moved one",
          "[persistence][postgres]") {
  TROUPE_NEEDS_POSTGRES(postgres_fixture);
  ledger l{*f.store};
  auto const even = tickets_of(8, 1)[0];
  auto const odd = tickets_of(7, 1)[0];
  l.write(even);
  l.write(odd);
  auto const other = *f.factory();
  auto const theirs = l.next(odd);
  REQUIRE(other->append(std::span{&theirs, 1})->front().status == unit_status::ok);
  l.ok({l.next(even), l.next(odd)});
  CHECK(f.store->stream(even)->version == 2);
  CHECK(f.store->stream(odd)->version == 3);
  REQUIRE(other->claim(7, "the next one").has_value());
  std::vector<unit> const both{l.next(even), l.next(odd)};
  auto const r = f.store->append(both);
  REQUIRE(r.has_value());
  CHECK(r->at(0).status == unit_status::ok);
  CHECK(r->at(1).status == unit_status::fenced);
  CHECK(f.store->stream(odd)->version == 3);
  CHECK(verify_store(*f.store)->ok());
}

TEST_CASE("postgres: a frozen store sees nothing of a settling", "[persistence][postgres]") {
  TROUPE_NEEDS_POSTGRES(postgres_fixture);
  ledger l{*f.store};
  auto const ref = tickets_of(7, 1)[0];
  l.write(ref, 2);
  auto const reader = *f.factory();
  REQUIRE(reader->freeze().has_value());
  auto const before = dump(*reader);
  l.write(ref, 2);
  f.settle();
  l.write(ref);
  CHECK(dump(*reader) == before);
  REQUIRE(reader->thaw().has_value());
  CHECK(dump(*reader) == dump(*f.store));
}

TEST_CASE("postgres: whoever settles leaves a lane alone that another is settling",
          "[persistence][postgres]") {
  TROUPE_NEEDS_POSTGRES(postgres_fixture);
  ledger l{*f.store};
  auto const ref = tickets_of(7, 1)[0];
  l.write(ref);
  postgres::session s{f.url};
  s.begin();
  s.run("select settled from troupe.lane for update");
  CHECK_FALSE(f.store->settle().value());
  l.write(ref); // and whoever appends does not wait either
  s.rollback();
  f.settle();
  CHECK(f.sql("select count(*) from troupe.segment") == "0");
}
