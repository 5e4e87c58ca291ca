#include "tests/persistence/contract.hpp"

using namespace troupe;
using namespace troupe::test;

namespace {

inbox_entry request(std::string key, std::string hash = "h1", std::string answer = R"({"ok":1})") {
  return {"api", std::move(key), std::move(hash), std::move(answer)};
}

outbox_row effect(std::string id, std::int64_t not_before = 0) {
  return {std::move(id), "mail", effect_class::idempotent, R"({"to":"ada"})", at_ms(not_before)};
}

std::vector<std::string> ids(event_store& store, std::uint32_t shard) {
  auto const rows = store.outbox(shard, 100);
  REQUIRE(rows.has_value());
  std::vector<std::string> out;
  for (auto const& row : *rows)
    out.push_back(row.effect_id);
  return out;
}

using names = std::vector<std::string>;

} // namespace

TROUPE_CONTRACT("an answered request is found by tenant, source and key") {
  ledger l{c.store()};
  auto u = l.next(ticket("a"));
  u.inbox = request("k1", "h1", R"({"ticket":"a"})");
  l.ok({u});
  auto const found = c.store().find_inbox(u.tenant, "api", "k1");
  REQUIRE(found.has_value());
  REQUIRE(found->has_value());
  CHECK((*found)->source == "api");
  CHECK((*found)->key == "k1");
  CHECK((*found)->request_hash == "h1");
  CHECK((*found)->answer == R"({"ticket":"a"})");
  CHECK_FALSE(c.store().find_inbox(u.tenant, "api", "k2")->has_value());
  CHECK_FALSE(c.store().find_inbox(u.tenant, "webhook:x", "k1")->has_value());
  CHECK_FALSE(c.store().find_inbox(tenant_id{"rival"}, "api", "k1")->has_value());
}

TROUPE_CONTRACT("the same key with the same hash is a duplicate with the stored answer") {
  ledger l{c.store()};
  auto u = l.next(ticket("a"));
  u.inbox = request("k1");
  l.ok({u});
  auto again = l.next(ticket("a"));
  again.inbox = request("k1", "h1", R"({"ok":2})");
  auto const before = dump(c.store());
  auto const r = l.one(again);
  CHECK(r.status == unit_status::duplicate);
  CHECK(r.by_inbox);
  CHECK(r.stored_answer == R"({"ok":1})");
  CHECK(dump(c.store()) == before);
}

TROUPE_CONTRACT("the same key with another hash is a conflict that shows the stored answer") {
  ledger l{c.store()};
  auto u = l.next(ticket("a"));
  u.inbox = request("k1");
  l.ok({u});
  auto other = l.next(ticket("b"));
  other.inbox = request("k1", "h2");
  auto const r = l.one(other);
  CHECK(r.status == unit_status::conflict);
  CHECK(r.by_inbox);
  CHECK(r.versions.empty());
  CHECK(r.stored_answer == R"({"ok":1})");
  CHECK(c.store().stream(ticket("b"))->version == 0);
}

TROUPE_CONTRACT("a key is judged before versions: the late answer is not a version conflict") {
  ledger l{c.store()};
  auto u = l.next(ticket("a"));
  u.inbox = request("k1");
  l.ok({u});
  auto again = l.next(ticket("a"));
  again.writes[0].expected_version = 0;
  again.inbox = request("k1");
  CHECK(l.one(again).status == unit_status::duplicate);
}

TROUPE_CONTRACT("the same unit again answers with its inbox answer, but by its events") {
  ledger l{c.store()};
  auto u = l.next(ticket("a"));
  u.inbox = request("k1");
  l.ok({u});
  auto const r = l.one(u);
  CHECK(r.status == unit_status::duplicate);
  CHECK_FALSE(r.by_inbox);
  CHECK(r.first_seq == 1);
  CHECK(r.stored_answer == R"({"ok":1})");
}

TROUPE_CONTRACT("the same key twice in a batch is stored once") {
  ledger l{c.store()};
  auto u = l.next(ticket("a"));
  u.inbox = request("k1");
  auto v = l.next(ticket("b"));
  v.inbox = request("k1", "h1", R"({"ok":2})");
  auto const out = c.store().append(std::vector{u, v});
  REQUIRE(out.has_value());
  CHECK((*out)[0].status == unit_status::ok);
  CHECK((*out)[1].status == unit_status::duplicate);
  CHECK((*out)[1].stored_answer == R"({"ok":1})");
  CHECK(c.store().stream(ticket("b"))->version == 0);
}

TROUPE_CONTRACT("a refused unit stores no answer") {
  ledger l{c.store()};
  auto u = l.next(ticket("a"));
  u.writes[0].expected_version = 4;
  u.inbox = request("k1");
  CHECK(l.one(u).status == unit_status::conflict);
  CHECK_FALSE(c.store().find_inbox(u.tenant, "api", "k1")->has_value());
}

TROUPE_CONTRACT("an answer can be stored without any event") {
  ledger l{c.store()};
  auto u = l.empty(ticket("a"));
  u.inbox = request("k1", "h1", R"({"error":"not_found"})");
  auto const r = l.one(u);
  CHECK(r.status == unit_status::ok);
  CHECK(r.first_seq == 0);
  CHECK(r.versions.empty());
  CHECK(l.one(u).status == unit_status::duplicate);
  CHECK(c.store().find_inbox(u.tenant, "api", "k1")->has_value());
}

TROUPE_CONTRACT("tenants may use the same request key") {
  ledger l{c.store()};
  auto u = l.next(ticket("a"));
  auto v = l.next(ticket("a", "rival"));
  u.inbox = request("k1", "h1", R"({"of":"acme"})");
  v.inbox = request("k1", "h2", R"({"of":"rival"})");
  l.ok({u, v});
  CHECK((*c.store().find_inbox(v.tenant, "api", "k1"))->answer == R"({"of":"rival"})");
}

TROUPE_CONTRACT("old answers are pruned, a limited number at a time") {
  ledger l{c.store()};
  for (int i = 0; i < 5; ++i) {
    auto u = l.next(ticket("a"));
    u.inbox = request("k" + std::to_string(i));
    l.ok({u});
  }
  auto const rows = c.store().inbox_rows({}, 100);
  REQUIRE(rows.has_value());
  REQUIRE(rows->size() == 5);
  auto const last = rows->back().stored_at;
  CHECK(*c.store().prune_inbox(rows->front().stored_at - duration{1}, 100) == 0);
  CHECK(*c.store().prune_inbox(last + duration{10'000}, 3) == 3);
  CHECK(c.store().inbox_rows({}, 100)->size() == 2);
  CHECK(*c.store().prune_inbox(last + duration{10'000}, 100) == 2);
  CHECK(*c.store().prune_inbox(last + duration{10'000}, 100) == 0);
}

TROUPE_CONTRACT("answers are listed in pages") {
  ledger l{c.store()};
  for (auto const* tenant : {"b", "a"})
    for (auto const* source : {"y", "x"})
      for (auto const* key : {"2", "1", "3"}) {
        auto u = l.next(ticket("t", tenant));
        u.inbox = inbox_entry{source, key, "h", "{}"};
        l.ok({u});
      }
  std::vector<std::string> seen;
  std::optional<inbox_row> after;
  while (true) {
    auto const page = c.store().inbox_rows(after, 5);
    REQUIRE(page.has_value());
    if (page->empty())
      break;
    for (auto const& row : *page)
      seen.push_back(row.tenant.value + row.entry.source + row.entry.key);
    after = page->back();
  }
  CHECK(seen ==
        names{"ax1", "ax2", "ax3", "ay1", "ay2", "ay3", "bx1", "bx2", "bx3", "by1", "by2", "by3"});
}

TROUPE_CONTRACT("an effect is committed with its event, with every field") {
  ledger l{c.store()};
  auto u = l.next(ticket("a"));
  u.outbox = {
      {"a/1/mail", "http.post", effect_class::guarded, R"({"url":"x"})", at_ms(1234), 2, true, 9}};
  l.ok({u});
  auto const rows = c.store().outbox(u.shard, 10);
  REQUIRE(rows.has_value());
  REQUIRE(rows->size() == 1);
  auto const& row = rows->front();
  CHECK(row.effect_id == "a/1/mail");
  CHECK(row.kind == "http.post");
  CHECK(row.declared == effect_class::guarded);
  CHECK(row.payload == R"({"url":"x"})");
  CHECK(row.not_before == at_ms(1234));
  CHECK(row.attempt == 2);
  CHECK(row.running);
  CHECK(row.epoch == 9);
  CHECK(row.tenant == tenant_id{"acme"});
  CHECK(c.store().outbox((u.shard + 1) % shard_count, 10)->empty());
}

TROUPE_CONTRACT("effects come in the order of their time and stop at the limit") {
  ledger l{c.store()};
  auto u = l.next(ticket("a"));
  u.outbox = {effect("late", 300), effect("b", 100), effect("a", 100), effect("first", 5)};
  l.ok({u});
  CHECK(ids(c.store(), u.shard) == names{"first", "a", "b", "late"});
  CHECK(c.store().outbox(u.shard, 2)->size() == 2);
  CHECK(c.store().outbox(u.shard, 0)->empty());
}

TROUPE_CONTRACT("a started effect counts its attempts and the epoch of the last") {
  ledger l{c.store()};
  auto const a = ticket("a");
  auto u = l.next(a);
  u.outbox = {effect("x"), effect("y")};
  l.ok({u});
  auto start = l.empty(a);
  start.outbox_started = {"x"};
  auto const r = l.one(start);
  CHECK(r.status == unit_status::ok);
  auto rows = *c.store().outbox(u.shard, 10);
  CHECK(rows.at(0).attempt == 1);
  CHECK(rows.at(0).running);
  CHECK(rows.at(0).epoch == 1);
  CHECK(rows.at(1).attempt == 0);
  CHECK_FALSE(rows.at(1).running);
  start.epoch = l.epochs[u.shard] = *c.store().claim(u.shard, "again");
  l.ok({start});
  rows = *c.store().outbox(u.shard, 10);
  CHECK(rows.at(0).attempt == 2);
  CHECK(rows.at(0).epoch == 2);
}

TROUPE_CONTRACT("a fenced owner can neither start nor close an effect") {
  ledger l{c.store()};
  auto const a = ticket("a");
  auto u = l.next(a);
  u.outbox = {effect("x")};
  l.ok({u});
  REQUIRE(c.store().claim(u.shard, "other").has_value());
  auto start = l.empty(a);
  start.outbox_started = {"x"};
  CHECK(l.one(start).status == unit_status::fenced);
  auto done = l.empty(a);
  done.outbox_done = {"x"};
  CHECK(l.one(done).status == unit_status::fenced);
  auto const rows = *c.store().outbox(u.shard, 10);
  REQUIRE(rows.size() == 1);
  CHECK(rows.front().attempt == 0);
}

TROUPE_CONTRACT("a closed effect goes with the event that closes it") {
  ledger l{c.store()};
  auto const a = ticket("a");
  auto u = l.next(a);
  u.outbox = {effect("x"), effect("y")};
  l.ok({u});
  auto done = l.next(a);
  done.outbox_done = {"x"};
  l.ok({done});
  CHECK(ids(c.store(), u.shard) == names{"y"});
}

TROUPE_CONTRACT("closing an effect that is gone is no error") {
  ledger l{c.store()};
  auto done = l.empty(ticket("a"));
  done.outbox_done = {"gone"};
  CHECK(l.one(done).status == unit_status::ok);
}

TROUPE_CONTRACT("starting an effect that is not there is a conflict") {
  ledger l{c.store()};
  auto start = l.empty(ticket("a"));
  start.outbox_started = {"gone"};
  CHECK(l.one(start).status == unit_status::conflict);
  start.outbox_done = {"gone"};
  CHECK(l.one(start).status == unit_status::conflict);
}

TROUPE_CONTRACT("an effect id that is taken is a conflict") {
  ledger l{c.store()};
  auto u = l.next(ticket("a"));
  u.outbox = {effect("x")};
  l.ok({u});
  auto v = l.next(ticket("a"));
  v.outbox = {effect("x", 99)};
  CHECK(l.one(v).status == unit_status::conflict);
  CHECK(c.store().outbox(u.shard, 10)->front().not_before == at_ms(0));
}

TROUPE_CONTRACT("an effect is put off by closing and adding it in one unit") {
  ledger l{c.store()};
  auto const a = ticket("a");
  auto u = l.next(a);
  u.outbox = {effect("x", 10)};
  u.outbox_started = {"x"};
  l.ok({u});
  CHECK(c.store().outbox(u.shard, 10)->front().attempt == 1);
  auto later = l.next(a);
  later.outbox_done = {"x"};
  later.outbox = {effect("x", 5000)};
  later.outbox.front().attempt = 1;
  l.ok({later});
  auto const rows = *c.store().outbox(u.shard, 10);
  REQUIRE(rows.size() == 1);
  CHECK(rows.front().not_before == at_ms(5000));
  CHECK(rows.front().attempt == 1);
  CHECK_FALSE(rows.front().running);
}

TROUPE_CONTRACT("units of one batch see each other's effects") {
  ledger l{c.store()};
  auto const a = ticket("a");
  auto add = l.next(a);
  add.outbox = {effect("x")};
  auto start = l.empty(a);
  start.outbox_started = {"x"};
  auto done = l.next(a);
  done.outbox_done = {"x"};
  auto late = l.empty(a);
  late.outbox_started = {"x"};
  auto const out = c.store().append(std::vector{add, start, done, late});
  REQUIRE(out.has_value());
  CHECK((*out)[0].status == unit_status::ok);
  CHECK((*out)[1].status == unit_status::ok);
  CHECK((*out)[2].status == unit_status::ok);
  CHECK((*out)[3].status == unit_status::conflict);
  CHECK(c.store().outbox(add.shard, 10)->empty());
}

TROUPE_CONTRACT("a refused unit leaves the outbox alone") {
  ledger l{c.store()};
  auto const a = ticket("a");
  auto u = l.next(a);
  u.outbox = {effect("x")};
  l.ok({u});
  auto bad = l.next(a);
  bad.writes[0].expected_version = 9;
  bad.outbox = {effect("y")};
  bad.outbox_done = {"x"};
  CHECK(l.one(bad).status == unit_status::conflict);
  CHECK(ids(c.store(), u.shard) == names{"x"});
}

TROUPE_CONTRACT("tenants in one shard may use the same effect id") {
  ledger l{c.store()};
  auto const ours = tickets_of(50, 1)[0];
  auto const theirs = tickets_of(50, 1, "rival")[0];
  auto u = l.next(ours);
  auto v = l.next(theirs);
  u.outbox = {effect("x", 1)};
  v.outbox = {effect("x", 2)};
  l.ok({u, v});
  auto done = l.empty(theirs);
  done.outbox_done = {"x"};
  l.ok({done});
  auto const rows = *c.store().outbox(50, 10);
  REQUIRE(rows.size() == 1);
  CHECK(rows.front().tenant == tenant_id{"acme"});
}
