#include "tests/persistence/contract.hpp"

#include <algorithm>
#include <limits>

using namespace troupe;
using namespace troupe::test;

namespace {
constexpr auto no_bound = std::numeric_limits<std::uint64_t>::max();
}

TROUPE_CONTRACT("a stream is read in order, from a version, up to a limit") {
  ledger l{c.store()};
  auto const a = ticket("a");
  l.write(a, 10);
  auto const part = c.store().read_stream(a, 3, 4);
  REQUIRE(part.has_value());
  REQUIRE(part->size() == 4);
  CHECK(part->front().version == 4);
  CHECK(part->back().version == 7);
  CHECK(c.store().read_stream(a, 10, 4)->empty());
  CHECK(c.store().read_stream(a, 0, 0)->empty());
  CHECK(c.store().read_stream(a, no_bound, 4)->empty());
  CHECK(c.store().read_stream(a, 0, no_bound)->size() == 10);
  CHECK(c.store().read_stream(ticket("none"), 0, 4)->empty());
}

TROUPE_CONTRACT("a feed is read in order, from a seq, up to a limit") {
  ledger l{c.store()};
  auto const refs = tickets_of(20, 2);
  for (int i = 0; i < 5; ++i) {
    l.write(refs[0]);
    l.write(refs[1]);
  }
  l.write(tickets_of(21, 1)[0]);
  auto const part = c.store().read_shard(20, 4, 3);
  REQUIRE(part.has_value());
  REQUIRE(part->size() == 3);
  CHECK(part->front().seq == 5);
  CHECK(part->back().seq == 7);
  CHECK(c.store().read_shard(20, 10, 5)->empty());
  CHECK(c.store().read_shard(20, no_bound, 5)->empty());
  CHECK(c.store().read_shard(20, 0, no_bound)->size() == 10);
}

TROUPE_CONTRACT("reading may begin and end within what one unit has written") {
  ledger l{c.store()};
  auto const refs = tickets_of(20, 2);
  std::vector<new_event> written;
  for (std::size_t const n : {5u, 1u, 7u, 2u, 30u}) {
    auto u = l.next(refs[0], n);
    l.also(u, refs[1], 3);
    l.ok({u});
    for (auto const& e : u.writes[0].events)
      written.push_back(e);
  }
  auto const all = *c.store().read_shard(20, 0, 1000);
  REQUIRE(all.size() == 45 + 15);
  for (std::uint64_t after = 0; after <= all.size(); ++after)
    for (std::size_t const limit : {1u, 4u, 100u}) {
      auto const part = c.store().read_shard(20, after, limit);
      REQUIRE(part.has_value());
      REQUIRE(part->size() == std::min(limit, all.size() - after));
      for (std::size_t i = 0; i < part->size(); ++i)
        REQUIRE(same((*part)[i], all[after + i]));
    }
  for (std::uint64_t after = 0; after <= written.size(); ++after) {
    auto const part = c.store().read_stream(refs[0], after, 6);
    REQUIRE(part.has_value());
    REQUIRE(part->size() == std::min<std::size_t>(6, written.size() - after));
    for (std::size_t i = 0; i < part->size(); ++i) {
      auto const& e = (*part)[i];
      REQUIRE(e.version == after + i + 1);
      REQUIRE(same(e, {e.shard, e.seq, e.epoch, refs[0], e.version, written[after + i]}));
    }
  }
}

TROUPE_CONTRACT("a long stream comes back whole, in one go and in pages") {
  ledger l{c.store()};
  auto const a = ticket("a");
  std::uint64_t version = 0;
  std::vector<unit> batch;
  for (std::size_t i = 0; i < 700; ++i) {
    batch.push_back(l.next(a, i % 97 == 0 ? 40 : 1));
    version += batch.back().writes[0].events.size();
    if (batch.size() == 100) {
      l.ok(batch);
      batch.clear();
    }
  }
  auto const whole = c.store().read_stream(a, 0, no_bound);
  REQUIRE(whole.has_value());
  REQUIRE(whole->size() == version);
  std::uint64_t seen = 0;
  while (true) {
    auto const page = c.store().read_stream(a, seen, 333);
    REQUIRE(page.has_value());
    if (page->empty())
      break;
    for (auto const& e : *page)
      REQUIRE(same(e, (*whole)[seen++]));
  }
  CHECK(seen == version);
}

TROUPE_CONTRACT("a follower that reads by cursor sees every event once") {
  ledger l{c.store()};
  auto const refs = tickets_of(20, 3);
  std::uint64_t cursor = 0;
  std::vector<std::string> seen;
  std::vector<std::string> written;
  for (int i = 0; i < 12; ++i) {
    auto const u = l.next(refs[static_cast<std::size_t>(i) % 3], 2);
    l.ok({u});
    for (auto const& e : u.writes[0].events)
      written.push_back(e.event_id);
    for (auto const& e : *c.store().read_shard(20, cursor, 3)) {
      seen.push_back(e.event.event_id);
      cursor = e.seq;
    }
  }
  CHECK(seen == written);
}

TROUPE_CONTRACT("an event is found by its id") {
  ledger l{c.store()};
  l.write(ticket("a"), 3);
  auto const u = l.next(ticket("a"), 2);
  l.ok({u});
  auto const found = c.store().find_event(tenant_id{"acme"}, u.writes[0].events[1].event_id);
  REQUIRE(found.has_value());
  CHECK(found->version == 5);
  CHECK(found->stream == ticket("a"));
  for (auto const& e : all_events(c.store()))
    CHECK(same(*c.store().find_event(tenant_id{"acme"}, e.event.event_id), e));
  CHECK(c.store().find_event(tenant_id{"acme"}, event_id(999'999'999)).error().code ==
        errc::not_found);
  CHECK(c.store().find_event(tenant_id{"acme"}, "not an id").error().code == errc::not_found);
}

TROUPE_CONTRACT("streams of a shard are listed in pages") {
  ledger l{c.store()};
  auto refs = tickets_of(30, 7);
  auto const others = tickets_of(30, 2, "rival");
  refs.insert(refs.end(), others.begin(), others.end());
  for (auto const& ref : refs)
    l.write(ref);
  l.write(tickets_of(31, 1)[0]);
  std::sort(refs.begin(), refs.end());
  std::vector<entity_ref> seen;
  std::optional<entity_ref> after;
  while (true) {
    auto const page = c.store().streams(30, after, 2);
    REQUIRE(page.has_value());
    REQUIRE(page->size() <= 2);
    if (page->empty())
      break;
    for (auto const& s : *page)
      seen.push_back(s.stream);
    after = seen.back();
  }
  CHECK(seen == refs);
}

TROUPE_CONTRACT("a wake-up is due from its time on") {
  ledger l{c.store()};
  auto const a = ticket("a");
  auto u = l.next(a);
  u.writes[0].wake_at = at_ms(5000);
  l.ok({u});
  auto const shard = shard_of(a);
  CHECK(c.store().due(shard, at_ms(4999), 10)->empty());
  auto const due = c.store().due(shard, at_ms(5000), 10);
  REQUIRE(due.has_value());
  REQUIRE(due->size() == 1);
  CHECK(due->front().stream == a);
  CHECK(due->front().wake_at == at_ms(5000));
  CHECK(c.store().stream(a)->wake_at == at_ms(5000));
  CHECK(c.store().due((shard + 1) % shard_count, at_ms(9000), 10)->empty());
}

TROUPE_CONTRACT("time zero is due at once") {
  ledger l{c.store()};
  auto u = l.next(ticket("a"));
  u.writes[0].wake_at = time_point{};
  l.ok({u});
  CHECK(c.store().due(u.shard, time_point{}, 10)->size() == 1);
}

TROUPE_CONTRACT("due streams come oldest first and stop at the limit") {
  ledger l{c.store()};
  auto const refs = tickets_of(40, 5);
  std::int64_t const times[] = {300, 100, 500, 100, 200};
  for (std::size_t i = 0; i < 5; ++i) {
    auto u = l.next(refs[i]);
    u.writes[0].wake_at = at_ms(times[i]);
    l.ok({u});
  }
  auto const due = c.store().due(40, at_ms(400), 10);
  REQUIRE(due.has_value());
  REQUIRE(due->size() == 4);
  CHECK(due->at(0).wake_at == at_ms(100));
  CHECK(due->at(1).wake_at == at_ms(100));
  CHECK(due->at(0).stream < due->at(1).stream);
  CHECK(due->at(2).stream == refs[4]);
  CHECK(due->at(3).stream == refs[0]);
  CHECK(c.store().due(40, at_ms(400), 1)->size() == 1);
}

TROUPE_CONTRACT("the last append says whether and when a stream wakes") {
  ledger l{c.store()};
  auto const a = ticket("a");
  auto u = l.next(a);
  u.writes[0].wake_at = at_ms(100);
  l.ok({u});
  SECTION("another time") {
    auto v = l.next(a);
    v.writes[0].wake_at = at_ms(200);
    l.ok({v});
    CHECK(c.store().due(u.shard, at_ms(150), 10)->empty());
    CHECK(c.store().due(u.shard, at_ms(200), 10)->size() == 1);
  }
  SECTION("none") {
    l.ok({l.next(a)});
    CHECK(c.store().due(u.shard, at_ms(10'000), 10)->empty());
    CHECK_FALSE(c.store().stream(a)->wake_at.has_value());
  }
}

TROUPE_CONTRACT("a wake-up can change without an event") {
  ledger l{c.store()};
  auto const a = ticket("a");
  l.write(a, 2);
  auto const before = *c.store().stream(a);
  auto u = l.empty(a);
  u.writes = {{a, 2, {}, at_ms(700)}};
  auto const r = l.one(u);
  CHECK(r.status == unit_status::ok);
  CHECK(r.first_seq == 0);
  CHECK(r.versions == std::vector<std::uint64_t>{2});
  auto const after = *c.store().stream(a);
  CHECK(after.version == 2);
  CHECK(after.hash == before.hash);
  CHECK(after.wake_at == at_ms(700));
  u.writes[0].expected_version = 1;
  CHECK(l.one(u).status == unit_status::conflict);
  CHECK(l.one(l.next(a)).status == unit_status::ok);
}

TROUPE_CONTRACT(
    "a batch sets, moves, keeps and clears wake-ups, and the last write of a stream counts") {
  ledger l{c.store()};
  auto const refs = tickets_of(41, 6);
  auto const unit_of = [&](std::size_t i, std::optional<std::int64_t> at) {
    auto u = l.next(refs[i]);
    if (at)
      u.writes[0].wake_at = at_ms(*at);
    return u;
  };
  l.ok({unit_of(0, 10), unit_of(1, 20), unit_of(2, 30), unit_of(3, std::nullopt)});
  auto alone = l.empty(refs[3]);
  alone.writes = {{refs[3], 1, {}, at_ms(5)}};
  l.ok({unit_of(0, 11), unit_of(1, 20), unit_of(2, std::nullopt), alone, unit_of(4, 7),
        unit_of(4, 8), unit_of(5, 9), unit_of(5, std::nullopt), unit_of(1, 21)});
  auto const due = c.store().due(41, at_ms(1000), 10);
  REQUIRE(due.has_value());
  std::vector<std::pair<entity_ref, time_point>> seen;
  for (auto const& s : *due)
    seen.emplace_back(s.stream, s.wake_at);
  CHECK(seen ==
        std::vector<std::pair<entity_ref, time_point>>{
            {refs[3], at_ms(5)}, {refs[4], at_ms(8)}, {refs[0], at_ms(11)}, {refs[1], at_ms(21)}});
  alone.writes = {{refs[3], 1, {}, {}}};
  auto wrong = l.empty(refs[0]);
  wrong.writes = {{refs[0], 1, {}, {}}};
  auto const out = c.store().append(std::vector{alone, wrong});
  REQUIRE(out.has_value());
  CHECK((*out)[0].status == unit_status::ok);
  CHECK((*out)[1].status == unit_status::conflict);
  CHECK(c.store().due(41, at_ms(1000), 10)->size() == 3);
}

TROUPE_CONTRACT("a refused unit changes no wake-up") {
  ledger l{c.store()};
  auto const a = ticket("a");
  l.write(a);
  auto u = l.next(a);
  u.writes[0].expected_version = 7;
  u.writes[0].wake_at = at_ms(1);
  CHECK(l.one(u).status == unit_status::conflict);
  CHECK_FALSE(c.store().stream(a)->wake_at.has_value());
}

TROUPE_CONTRACT("the next wake-up is the earliest after a time, over all shards") {
  ledger l{c.store()};
  CHECK_FALSE(c.store().next_due(time_point{})->has_value());
  std::int64_t ms = 900;
  for (std::uint32_t const shard : {3u, 200u, 90u}) {
    auto u = l.next(tickets_of(shard, 1)[0]);
    u.writes[0].wake_at = at_ms(ms);
    l.ok({u});
    ms -= 300;
  }
  CHECK(*c.store().next_due(time_point{}) == at_ms(300));
  CHECK(*c.store().next_due(at_ms(299)) == at_ms(300));
  CHECK(*c.store().next_due(at_ms(300)) == at_ms(600));
  CHECK(*c.store().next_due(at_ms(899)) == at_ms(900));
  CHECK_FALSE(c.store().next_due(at_ms(900))->has_value());
}

TROUPE_CONTRACT("the newest snapshot of a fingerprint is loaded") {
  ledger l{c.store()};
  auto const a = ticket("a");
  l.write(a, 10);
  auto& store = c.store();
  CHECK_FALSE(store.load_snapshot(a, "v1")->has_value());
  REQUIRE(store.save_snapshot({a, 3, "v1", R"({"n":3})"}).has_value());
  REQUIRE(store.save_snapshot({a, 6, "v1", R"({"n":6})"}).has_value());
  auto const loaded = store.load_snapshot(a, "v1");
  REQUIRE(loaded.has_value());
  REQUIRE(loaded->has_value());
  CHECK((*loaded)->version == 6);
  CHECK((*loaded)->body == R"({"n":6})");
  CHECK((*loaded)->stream == a);
  CHECK_FALSE(store.load_snapshot(a, "v2")->has_value());
}

TROUPE_CONTRACT("two snapshots of a stream are kept") {
  ledger l{c.store()};
  auto const a = ticket("a");
  l.write(a, 10);
  auto& store = c.store();
  REQUIRE(store.save_snapshot({a, 2, "one", "{}"}).has_value());
  REQUIRE(store.save_snapshot({a, 4, "two", "{}"}).has_value());
  CHECK(store.load_snapshot(a, "one")->has_value());
  REQUIRE(store.save_snapshot({a, 6, "three", "{}"}).has_value());
  CHECK_FALSE(store.load_snapshot(a, "one")->has_value());
  CHECK(store.load_snapshot(a, "two")->has_value());
  CHECK(store.load_snapshot(a, "three")->has_value());
}

TROUPE_CONTRACT("an older snapshot is ignored, one of the same version takes its place") {
  ledger l{c.store()};
  auto const a = ticket("a");
  l.write(a, 10);
  auto& store = c.store();
  REQUIRE(store.save_snapshot({a, 6, "v1", R"({"n":6})"}).has_value());
  REQUIRE(store.save_snapshot({a, 6, "v1", R"({"n":0})"}).has_value());
  REQUIRE(store.save_snapshot({a, 5, "v2", "{}"}).has_value());
  CHECK((*store.load_snapshot(a, "v1"))->body == R"({"n":0})");
  CHECK_FALSE(store.load_snapshot(a, "v2")->has_value());
  // One of another build at the same place would keep this build's away for ever.
  REQUIRE(store.save_snapshot({a, 6, "v2", R"({"n":2})"}).has_value());
  CHECK((*store.load_snapshot(a, "v2"))->body == R"({"n":2})");
  CHECK_FALSE(store.load_snapshot(a, "v1")->has_value());
}

TROUPE_CONTRACT("snapshots go without a trace") {
  ledger l{c.store()};
  l.write(ticket("a"), 3);
  auto const before = dump(c.store());
  REQUIRE(c.store().save_snapshot({ticket("a"), 3, "v1", "{}"}).has_value());
  REQUIRE(c.store().drop_snapshots().has_value());
  CHECK_FALSE(c.store().load_snapshot(ticket("a"), "v1")->has_value());
  CHECK(dump(c.store()) == before);
  l.write(ticket("a"));
}

TROUPE_CONTRACT("a snapshot needs its stream") {
  CHECK(c.store().save_snapshot({ticket("a"), 1, "v1", "{}"}).error().code == errc::not_found);
}

TROUPE_CONTRACT("a frozen store shows one moment and writes nothing") {
  ledger l{c.store()};
  auto const a = ticket("a");
  l.write(a, 3);
  auto const reader = c.another();
  REQUIRE(reader->freeze().has_value());
  auto const moment = dump(*reader);
  auto u = l.next(a, 2);
  u.inbox = inbox_entry{"api", "k", "h", "{}"};
  u.outbox = {{"x", "mail", effect_class::pure, "{}"}};
  l.ok({u});
  CHECK(dump(*reader) == moment);
  CHECK(reader->stream(a)->version == 3);
  CHECK(reader->claim(1, "x").error().code == errc::unsupported);
  CHECK(reader->append(std::span{&u, 1}).error().code == errc::unsupported);
  REQUIRE(reader->thaw().has_value());
  CHECK(dump(*reader) == dump(c.store()));
  CHECK(reader->claim(1, "x").has_value());
}

TROUPE_CONTRACT("everything is there after a restart") {
  std::string before;
  {
    ledger l{c.store()};
    auto u = l.next(ticket("a"), 3);
    u.writes[0].wake_at = at_ms(77);
    u.inbox = inbox_entry{"api", "k", "h", R"({"n":1})"};
    u.outbox = {{"x", "mail", effect_class::probeable, "{}", at_ms(5)}};
    l.ok({u});
    REQUIRE(c.store().save_snapshot({ticket("a"), 3, "v1", R"({"s":1})"}).has_value());
    before = dump(c.store());
  }
  if (!c.reopen())
    return;
  CHECK(dump(c.store()) == before);
  CHECK((*c.store().load_snapshot(ticket("a"), "v1"))->body == R"({"s":1})");
  ledger l{c.store()};
  CHECK(l.epochs[0] == 2);
  CHECK(l.one(l.next(ticket("a"))).versions == std::vector<std::uint64_t>{4});
}

TROUPE_CONTRACT("an owner from before a restart is fenced") {
  unit late;
  {
    ledger l{c.store()};
    late = l.next(ticket("a"));
  }
  if (!c.reopen())
    return;
  REQUIRE(c.store().claim_all("new").has_value());
  CHECK(c.store().append(std::span{&late, 1})->front().status == unit_status::fenced);
}
