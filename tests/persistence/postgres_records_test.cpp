#include "persistence/export_import.hpp"
#include "persistence/record/record.hpp"
#include "persistence/verify.hpp"
#include "protocol/hex.hpp"
#include "tests/persistence/ledger.hpp"
#include "tests/persistence/postgres_fixture.hpp"
#include "tests/persistence/record_edit.hpp"
#include "tests/persistence/refusals.hpp"

#include <catch2/catch.hpp>

#include <sstream>

using namespace troupe;
using namespace troupe::test;

namespace {

void chain_breaks_at(std::uint64_t seq, event_store& store) {
  auto const report = verify_store(store);
  REQUIRE(report.has_value());
  REQUIRE(report->first_bad.has_value());
  CHECK(report->first_bad->seq == seq);
  CHECK(report->first_bad->sentence.find("hash") != std::string::npos);
}

} // namespace

TEST_CASE("postgres: a damaged row is told with its place and hurts no other stream",
          "[persistence][postgres]") {
  TROUPE_NEEDS_POSTGRES(postgres_fixture);
  ledger l{*f.store};
  auto const refs = tickets_of(7, 2);
  l.write(refs[0], 2);
  l.write(refs[1], 3); // seq 3 to 5
  f.settle();
  l.write(refs[0], 1);
  f.settle();
  auto const id = f.store->read_stream(refs[1], 1, 1)->front().event.event_id;
  auto const edit = [&](auto change) {
    int edited = 0;
    edit_records(
        [&](std::string const& text) { return f.sql(text); }, "shard = 7 and seq = 5",
        [&](records::merged_body& merged) { return ++edited, change(merged.parts.at(0)), true; });
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
    edit([](records::merged_body::part& body) {
      body.lines.resize(body.lines.rfind('\n', body.lines.size() - 2));
      body.lines.resize(body.lines.rfind('\n') + 1);
    });
  }
  SECTION("a changed event whose sum was made to fit") {
    edit(
        [](records::merged_body::part& body) { put_text(body.lines, R"({"n":2})", R"({"n":3})"); });
  }
  SECTION("a changed name whose sum was made to fit") {
    edit([](records::merged_body::part& body) {
      auto const end = body.lines.find("\"}\n", body.lines.find(R"("id")"));
      body.lines.insert(end + 1, R"(,"principal":"human:eve")");
    });
  }
  SECTION("a count that is too large") {
    edit([](records::merged_body::part& body) { body.count = 4; });
  }
  SECTION("a count that is too small") {
    edit([](records::merged_body::part& body) { body.count = 2; });
  }
  SECTION("a count that cannot be") {
    edit([](records::merged_body::part& body) { body.count = 1'000'000'000'000; });
  }
  SECTION("another hash") {
    f.sql("update troupe.record set hash = set_byte(hash, 9, get_byte(hash, 9) # 1) where seq = 5");
  }
  SECTION("ids that are not those of its events") {
    f.sql(
        "update troupe.record set last_id = 'ffffffff-ffff-7fff-8fff-ffffffffffff' where seq = 5");
  }
  CHECK(f.sql("select count(*) from troupe.record") == "3");
  auto const damaged = [&](auto const& r) { tells_damage(r, refs[1]); };
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
  TROUPE_NEEDS_POSTGRES(postgres_fixture);
  ledger l{*f.store};
  auto const ref = tickets_of(7, 1)[0];
  l.write(ref, 3);
  f.settle();
  // The hash of the first event stands in the row: only the chain before it contradicts.
  edit_records([&](std::string const& text) { return f.sql(text); }, "shard = 7",
               putting(R"({"n":7})", R"({"n":1})"));
  auto const read = f.store->read_shard(7, 0, 10);
  REQUIRE(read.has_value());
  CHECK(read->front().event.data == R"({"n":7})");
  chain_breaks_at(1, *f.store);
}

TEST_CASE("postgres: a row that was made again with its hashes breaks the next of its stream",
          "[persistence][postgres]") {
  TROUPE_NEEDS_POSTGRES(postgres_fixture);
  ledger l{*f.store};
  auto const ref = tickets_of(7, 1)[0];
  l.write(ref, 3);
  f.settle();
  l.write(ref, 2);
  f.settle();
  std::vector<new_event> events;
  std::string hash{no_hash()};
  for (auto const& e : *f.store->read_stream(ref, 0, 3)) {
    events.push_back(e.event);
    events.back().principal = "human:eve";
    hash = events.back().hash = chain_hash(hash, ref, e.version, events.back());
  }
  records::record row;
  records::pack(row, l.epochs[7], events);
  f.sql("update troupe.record set hash = decode('" + hash + "', 'hex'), body = decode('" +
        hex_of(row.body) + "', 'hex') where shard = 7 and seq = 3");
  CHECK(f.store->read_stream(ref, 0, 10)->at(2).event.principal == "human:eve");
  chain_breaks_at(4, *f.store);
}

TEST_CASE("postgres: a record that is gone is found, also the last one",
          "[persistence][postgres]") {
  TROUPE_NEEDS_POSTGRES(postgres_fixture);
  ledger l{*f.store};
  auto const ref = tickets_of(7, 1)[0];
  for (int i = 0; i < 3; ++i) {
    l.write(ref, 2);
    f.settle();
  }
  auto const gone = GENERATE(2, 4, 6);
  f.sql("delete from troupe.record where shard = 7 and seq = " + std::to_string(gone));
  auto const report = verify_store(*f.store);
  REQUIRE(report.has_value());
  CHECK_FALSE(report->ok());
}

TEST_CASE("postgres: an event is found by its id among many pages", "[persistence][postgres]") {
  TROUPE_NEEDS_POSTGRES(postgres_fixture);
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
  f.settle();
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
  TROUPE_NEEDS_POSTGRES(postgres_fixture);
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
