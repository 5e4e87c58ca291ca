#include "tests/persistence/contract.hpp"

using namespace troupe;
using namespace troupe::test;

TROUPE_CONTRACT("an append under another epoch is fenced") {
  ledger l{c.store()};
  auto u = l.next(ticket("a"));
  SECTION("an older one") {
    REQUIRE(c.store().claim(u.shard, "other").has_value());
  }
  SECTION("one that nobody was given") {
    u.epoch += 1;
  }
  SECTION("none at all") {
    u.epoch = 0;
  }
  auto const r = l.one(u);
  CHECK(r.status == unit_status::fenced);
  CHECK(r.versions.empty());
  CHECK(r.first_seq == 0);
  CHECK(c.store().stream(ticket("a"))->version == 0);
}

TROUPE_CONTRACT("a shard that was never claimed accepts nothing") {
  auto& store = c.store();
  auto const a = ticket("a");
  unit u;
  u.shard = shard_of(a);
  u.tenant = a.tenant;
  u.inbox = inbox_entry{"api", "k", "h", "{}"};
  auto const out = store.append(std::span{&u, 1});
  REQUIRE(out.has_value());
  CHECK(out->front().status == unit_status::fenced);
}

TROUPE_CONTRACT("fencing comes before everything else, also before a duplicate") {
  ledger l{c.store()};
  auto const u = l.next(ticket("a"));
  l.ok({u});
  REQUIRE(c.store().claim(u.shard, "other").has_value());
  CHECK(l.one(u).status == unit_status::fenced);
}

TROUPE_CONTRACT("a claim counts the epoch up and names the owner") {
  CHECK(*c.store().claim(3, "node-a") == 1);
  CHECK(*c.store().claim(3, "node-b") == 2);
  CHECK(*c.store().claim(3, "node-b") == 3);
  auto const shards = c.store().shards();
  REQUIRE(shards.has_value());
  REQUIRE(shards->size() == shard_count);
  CHECK((*shards)[3].epoch == 3);
  CHECK((*shards)[3].owner == "node-b");
  CHECK((*shards)[4].epoch == 0);
  CHECK((*shards)[4].owner.empty());
}

TROUPE_CONTRACT("claim_all takes every shard, each with its own epoch") {
  REQUIRE(c.store().claim(3, "node-a").has_value());
  auto const epochs = c.store().claim_all("node-b");
  REQUIRE(epochs.has_value());
  REQUIRE(epochs->size() == shard_count);
  CHECK((*epochs)[3] == 2);
  CHECK((*epochs)[0] == 1);
  CHECK((*epochs)[255] == 1);
  for (auto const& s : *c.store().shards())
    CHECK(s.owner == "node-b");
}

TROUPE_CONTRACT("a claim does not touch other shards") {
  ledger l{c.store()};
  REQUIRE(c.store().claim(0, "other").has_value());
  l.write(tickets_of(1, 1)[0]);
}

TROUPE_CONTRACT("an unknown shard is refused") {
  CHECK(c.store().claim(256, "x").error().code == errc::invalid_argument);
  CHECK(c.store().read_shard(256, 0, 1).error().code == errc::invalid_argument);
  CHECK(c.store().due(256, {}, 1).error().code == errc::invalid_argument);
  CHECK(c.store().outbox(256, 1).error().code == errc::invalid_argument);
}

TROUPE_CONTRACT("events carry the epoch under which they were written") {
  ledger l{c.store()};
  auto const a = ticket("a");
  l.write(a);
  l.epochs[shard_of(a)] = *c.store().claim(shard_of(a), "again");
  l.write(a);
  auto const log = c.store().read_stream(a, 0, 10);
  REQUIRE(log.has_value());
  CHECK(log->at(0).epoch == 1);
  CHECK(log->at(1).epoch == 2);
}
