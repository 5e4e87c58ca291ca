#include "persistence/verify.hpp"
#include "tests/persistence/contract.hpp"

using namespace troupe;
using namespace troupe::test;

TROUPE_CONTRACT("versions of a stream are contiguous from 1") {
  ledger l{c.store()};
  auto const a = ticket("a");
  CHECK(l.one(l.next(a)).versions == std::vector<std::uint64_t>{1});
  CHECK(l.one(l.next(a, 3)).versions == std::vector<std::uint64_t>{4});
  auto const log = c.store().read_stream(a, 0, 10);
  REQUIRE(log.has_value());
  REQUIRE(log->size() == 4);
  for (std::size_t i = 0; i < 4; ++i)
    CHECK((*log)[i].version == i + 1);
}

TROUPE_CONTRACT("seq is gap-free from 1 in each shard, whatever the streams") {
  ledger l{c.store()};
  auto const refs = tickets_of(7, 3);
  std::uint64_t seq = 0;
  for (int round = 0; round < 4; ++round)
    for (auto const& ref : refs) {
      CHECK(l.one(l.next(ref, 2)).first_seq == seq + 1);
      seq += 2;
    }
  auto const feed = c.store().read_shard(7, 0, 100);
  REQUIRE(feed.has_value());
  REQUIRE(feed->size() == seq);
  for (std::size_t i = 0; i < feed->size(); ++i)
    CHECK((*feed)[i].seq == i + 1);
}

TROUPE_CONTRACT("shards count on their own") {
  ledger l{c.store()};
  CHECK(l.one(l.next(tickets_of(1, 1)[0], 5)).first_seq == 1);
  CHECK(l.one(l.next(tickets_of(2, 1)[0], 1)).first_seq == 1);
  auto const shards = c.store().shards();
  REQUIRE(shards.has_value());
  CHECK((*shards)[1].last_seq == 5);
  CHECK((*shards)[2].last_seq == 1);
  CHECK((*shards)[3].last_seq == 0);
}

TROUPE_CONTRACT("an empty batch is answered with nothing") {
  auto const out = c.store().append({});
  REQUIRE(out.has_value());
  CHECK(out->empty());
}

TROUPE_CONTRACT("every field of an event comes back as it was given") {
  ledger l{c.store()};
  auto const a = ticket("tally-7");
  auto u = l.next(a);
  auto& e = u.writes[0].events[0];
  e.schema = 17;
  e.at = at_ms(1'790'000'000'123);
  e.principal = "agent:tally.dev-ada";
  e.cause = "019f0000-0000-7000-8000-0000000000ff";
  e.correlation = "k3f9q2mx";
  e.data = R"({"list":[1,2.5,null,true],"text":"a\"b\\c\n"})";
  e.hash = chain_hash(no_hash(), a, 1, e);
  l.ok({u});
  auto const log = c.store().read_stream(a, 0, 1);
  REQUIRE(log.has_value());
  REQUIRE(log->size() == 1);
  CHECK(same(log->front(), stored_event{u.shard, 1, u.epoch, a, 1, e}));
}

TROUPE_CONTRACT("time before 1970, far away and at zero is kept") {
  ledger l{c.store()};
  auto const a = ticket("a");
  for (std::int64_t const ms : {std::int64_t{0}, std::int64_t{-1}, std::int64_t{-62135596800000},
                                std::int64_t{253402300799999}}) {
    auto u = l.next(a);
    u.writes[0].events[0].at = at_ms(ms);
    l.ok({u});
  }
  auto const log = c.store().read_stream(a, 0, 10);
  REQUIRE(log.has_value());
  CHECK(log->at(1).event.at == at_ms(-1));
  CHECK(log->at(2).event.at == at_ms(-62135596800000));
  CHECK(log->at(3).event.at == at_ms(253402300799999));
}

TROUPE_CONTRACT("an expected version that differs is a conflict and changes nothing") {
  ledger l{c.store()};
  auto const a = ticket("a");
  l.write(a, 2);
  auto const before = dump(c.store());
  for (std::uint64_t const wrong : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{3}}) {
    auto u = l.next(a);
    u.writes[0].expected_version = wrong;
    auto const r = l.one(u);
    CHECK(r.status == unit_status::conflict);
    CHECK_FALSE(r.by_inbox);
    CHECK(r.versions == std::vector<std::uint64_t>{2});
  }
  CHECK(dump(c.store()) == before);
}

TROUPE_CONTRACT("a stream that must exist but does not is a conflict") {
  ledger l{c.store()};
  auto u = l.next(ticket("a"));
  u.writes[0].expected_version = 1;
  auto const r = l.one(u);
  CHECK(r.status == unit_status::conflict);
  CHECK(r.versions == std::vector<std::uint64_t>{0});
}

TROUPE_CONTRACT("a bad unit does not reject its neighbours") {
  ledger l{c.store()};
  l.write(ticket("b"));
  auto bad = l.next(ticket("b"));
  bad.writes[0].expected_version = 5;
  auto fenced = l.next(ticket("c"));
  fenced.epoch += 1;
  std::vector<unit> const batch = {l.next(ticket("a")), bad, l.next(ticket("d")), fenced,
                                   l.next(ticket("e"))};
  auto const out = c.store().append(batch);
  REQUIRE(out.has_value());
  REQUIRE(out->size() == 5);
  CHECK((*out)[0].status == unit_status::ok);
  CHECK((*out)[1].status == unit_status::conflict);
  CHECK((*out)[2].status == unit_status::ok);
  CHECK((*out)[3].status == unit_status::fenced);
  CHECK((*out)[4].status == unit_status::ok);
  CHECK(c.store().stream(ticket("e"))->version == 1);
  CHECK(c.store().stream(ticket("c"))->version == 0);
}

TROUPE_CONTRACT("refused units leave no hole in seq") {
  ledger l{c.store()};
  auto const refs = tickets_of(9, 3);
  auto bad = l.next(refs[1], 4);
  bad.writes[0].expected_version = 9;
  std::vector<unit> const batch = {l.next(refs[0], 2), bad, l.next(refs[2], 2)};
  auto const out = c.store().append(batch);
  REQUIRE(out.has_value());
  CHECK((*out)[0].first_seq == 1);
  CHECK((*out)[1].first_seq == 0);
  CHECK((*out)[2].first_seq == 3);
}

TROUPE_CONTRACT("later units of a batch see earlier ones") {
  ledger l{c.store()};
  auto const a = ticket("a");
  std::vector<unit> batch;
  for (int i = 0; i < 10; ++i)
    batch.push_back(l.next(a, 2));
  auto const out = l.ok(batch);
  for (std::size_t i = 0; i < 10; ++i) {
    CHECK(out[i].first_seq == 2 * i + 1);
    CHECK(out[i].versions == std::vector<std::uint64_t>{2 * i + 2});
  }
}

TROUPE_CONTRACT("the second of two units with the same expected version is a conflict") {
  ledger l{c.store()};
  auto const a = ticket("a");
  auto const first = l.next(a);
  l.forget();
  auto const second = l.next(a);
  auto const out = c.store().append(std::vector{first, second});
  REQUIRE(out.has_value());
  CHECK((*out)[0].status == unit_status::ok);
  CHECK((*out)[1].status == unit_status::conflict);
  CHECK((*out)[1].versions == std::vector<std::uint64_t>{1});
}

TROUPE_CONTRACT("a unit that builds on a refused one is refused too") {
  ledger l{c.store()};
  auto const a = ticket("a");
  auto first = l.next(a);
  auto const second = l.next(a);
  first.writes[0].expected_version = 3;
  auto const out = c.store().append(std::vector{first, second});
  REQUIRE(out.has_value());
  CHECK((*out)[0].status == unit_status::conflict);
  CHECK((*out)[1].status == unit_status::conflict);
  CHECK(c.store().stream(a)->version == 0);
}

TROUPE_CONTRACT("units of one batch keep their order in seq, also when they depend") {
  ledger l{c.store()};
  auto const refs = tickets_of(11, 4);
  std::vector<unit> batch;
  for (auto const i : {0u, 1u, 0u, 2u, 1u, 3u, 0u})
    batch.push_back(l.next(refs[i]));
  auto const out = l.ok(batch);
  for (std::size_t i = 0; i < out.size(); ++i)
    CHECK(out[i].first_seq == i + 1);
}

TROUPE_CONTRACT("a unit over several streams is stored whole") {
  ledger l{c.store()};
  auto const refs = tickets_of(5, 3);
  auto u = l.next(refs[0], 2);
  l.also(u, refs[1], 1);
  l.also(u, refs[2], 3);
  auto const r = l.one(u);
  CHECK(r.status == unit_status::ok);
  CHECK(r.versions == std::vector<std::uint64_t>{2, 1, 3});
  auto const feed = c.store().read_shard(5, 0, 10);
  REQUIRE(feed.has_value());
  REQUIRE(feed->size() == 6);
  CHECK((*feed)[2].stream == refs[1]);
  CHECK((*feed)[5].stream == refs[2]);
}

TROUPE_CONTRACT("a unit over several streams is refused whole") {
  ledger l{c.store()};
  auto const refs = tickets_of(5, 3);
  l.write(refs[1], 2);
  auto u = l.next(refs[0], 2);
  l.also(u, refs[1]);
  l.also(u, refs[2]);
  u.writes[1].expected_version = 1;
  auto const before = dump(c.store());
  auto const r = l.one(u);
  CHECK(r.status == unit_status::conflict);
  CHECK(r.versions == std::vector<std::uint64_t>{0, 2, 0});
  CHECK(dump(c.store()) == before);
}

TROUPE_CONTRACT("the same unit again is a duplicate with the original place") {
  ledger l{c.store()};
  auto const refs = tickets_of(5, 2);
  l.write(refs[0]);
  auto u = l.next(refs[0], 2);
  l.also(u, refs[1], 1);
  auto const first = l.one(u);
  l.write(refs[0], 3);
  auto const before = dump(c.store());
  auto const again = l.one(u);
  CHECK(again.status == unit_status::duplicate);
  CHECK_FALSE(again.by_inbox);
  CHECK(again.first_seq == first.first_seq);
  CHECK(again.versions == first.versions);
  CHECK(dump(c.store()) == before);
}

TROUPE_CONTRACT("the same unit twice in one batch is stored once") {
  ledger l{c.store()};
  auto const u = l.next(ticket("a"), 2);
  auto const out = c.store().append(std::vector{u, u});
  REQUIRE(out.has_value());
  CHECK((*out)[0].status == unit_status::ok);
  CHECK((*out)[1].status == unit_status::duplicate);
  CHECK((*out)[1].first_seq == 1);
  CHECK(c.store().stream(ticket("a"))->version == 2);
}

TROUPE_CONTRACT("an event id that stands elsewhere is refused, or found by verification") {
  ledger l{c.store()};
  auto const refs = tickets_of(5, 2);
  auto const stored = l.next(refs[0]);
  l.ok({stored});
  auto u = l.next(refs[1], 2);
  auto& events = u.writes[0].events;
  std::size_t const at = GENERATE(0u, 1u); // the first or a later event of the unit
  events[at].event_id = stored.writes[0].events[0].event_id;
  auto hash = std::string{no_hash()};
  for (std::size_t i = 0; i < 2; ++i)
    hash = events[i].hash = chain_hash(hash, refs[1], i + 1, events[i]);
  auto const status = l.one(u).status;
  auto const report = verify_store(c.store());
  REQUIRE(report.has_value());
  if (c.knows_ids()) {
    CHECK(status == unit_status::conflict);
    CHECK(c.store().stream(refs[1])->version == 0);
    CHECK(report->ok());
  } else {
    CHECK(status == unit_status::ok);
    REQUIRE(report->first_bad.has_value());
    CHECK(report->first_bad->seq == 2 + at);
    CHECK(report->first_bad->sentence.find("twice") != std::string::npos);
    CHECK(report->problem_count == 1);
  }
}

TROUPE_CONTRACT("a unit that was stored with other events than now is a conflict") {
  ledger l{c.store()};
  auto const a = ticket("a");
  auto const stored = l.next(a, 3);
  l.ok({stored});
  auto u = stored;
  auto& events = u.writes[0].events;
  SECTION("with one more") {
    events.push_back(l.next(a).writes[0].events[0]);
  }
  SECTION("with one less at its begin") {
    events.erase(events.begin());
  }
  SECTION("in another order") {
    std::swap(events[0], events[1]);
  }
  SECTION("with another one in the middle") {
    events[1].event_id = l.next(a).writes[0].events[0].event_id;
  }
  auto const before = dump(c.store());
  auto const r = l.one(u);
  CHECK(r.status == unit_status::conflict);
  CHECK(r.versions == std::vector<std::uint64_t>{3});
  CHECK(dump(c.store()) == before);
}

TROUPE_CONTRACT("a part of a unit that was stored is a duplicate of that part") {
  ledger l{c.store()};
  auto const a = ticket("a");
  l.write(a);
  auto const stored = l.next(a, 3);
  l.ok({stored});
  auto u = stored;
  u.writes[0].events.pop_back();
  auto r = l.one(u);
  CHECK(r.status == unit_status::duplicate);
  CHECK(r.first_seq == 2);
  u = stored;
  u.writes[0].expected_version = 2;
  u.writes[0].events.erase(u.writes[0].events.begin());
  r = l.one(u);
  CHECK(r.status == unit_status::duplicate);
  CHECK(r.first_seq == 3);
}

TROUPE_CONTRACT("a batch in which much is refused gets the same answers as its units alone") {
  ledger l{c.store()};
  auto const refs = tickets_of(12, 4);
  auto const stored = l.next(refs[0], 2);
  l.ok({stored});
  auto bad = l.next(refs[1], 3);
  bad.writes[0].expected_version = 1;
  l.forget();
  auto const good = l.next(refs[1], 2);
  auto on_top = l.next(refs[1]);
  on_top.writes[0].wake_at = at_ms(50);
  auto const again = stored;
  auto const last = l.next(refs[2]);
  std::vector<unit> const batch = {again, bad, good, on_top, last, last};
  auto const out = c.store().append(batch);
  REQUIRE(out.has_value());
  using enum unit_status;
  std::vector<unit_status> statuses;
  std::vector<std::uint64_t> seqs;
  for (auto const& r : *out) {
    statuses.push_back(r.status);
    seqs.push_back(r.first_seq);
  }
  CHECK(statuses == std::vector{duplicate, conflict, ok, ok, ok, duplicate});
  CHECK(seqs == std::vector<std::uint64_t>{1, 0, 3, 5, 6, 6});
  CHECK(c.store().stream(refs[1])->wake_at == at_ms(50));
  CHECK(c.store().read_shard(12, 0, 100)->size() == 6);
}

TROUPE_CONTRACT("the same event id in another shard is another event") {
  ledger l{c.store()};
  auto const u = l.next(tickets_of(1, 1)[0]);
  auto v = l.next(tickets_of(2, 1)[0]);
  v.writes[0].events[0].event_id = u.writes[0].events[0].event_id;
  l.ok({u, v});
}

TROUPE_CONTRACT("a stream that is not there has version 0 and no hash") {
  auto const info = c.store().stream(ticket("a"));
  REQUIRE(info.has_value());
  CHECK(info->version == 0);
  CHECK(info->hash == no_hash());
  CHECK_FALSE(info->wake_at.has_value());
}

TROUPE_CONTRACT("a stream's head has the hash of its last event") {
  ledger l{c.store()};
  auto const u = l.next(ticket("a"), 3);
  l.ok({u});
  auto const info = c.store().stream(ticket("a"));
  REQUIRE(info.has_value());
  CHECK(info->version == 3);
  CHECK(info->hash == u.writes[0].events[2].hash);
}

TROUPE_CONTRACT("tenants with the same names do not meet") {
  ledger l{c.store()};
  auto const ours = ticket("a");
  auto const theirs = ticket("a", "rival");
  l.write(ours, 2);
  auto u = l.next(theirs);
  CHECK(u.writes[0].expected_version == 0);
  l.ok({u});
  CHECK(c.store().stream(ours)->version == 2);
  CHECK(c.store().read_stream(theirs, 0, 10)->size() == 1);
  auto const id = u.writes[0].events[0].event_id;
  CHECK(c.store().find_event(tenant_id{"rival"}, id).has_value());
  CHECK(c.store().find_event(tenant_id{"acme"}, id).error().code == errc::not_found);
}

TROUPE_CONTRACT("kinds with the same id are different streams") {
  ledger l{c.store()};
  auto const as_ticket = ticket("a");
  auto as_brief = as_ticket;
  as_brief.kind = entity_kind::brief;
  l.write(as_ticket, 2);
  l.write(as_brief, 1);
  CHECK(c.store().stream(as_ticket)->version == 2);
  CHECK(c.store().stream(as_brief)->version == 1);
}
