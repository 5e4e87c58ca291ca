#include "persistence/memory/faulty_store.hpp"
#include "persistence/memory/memory_store.hpp"
#include "tests/persistence/ledger.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::test;

namespace {

fault_plan once(std::string call, std::uint64_t which, fault what) {
  fault_plan plan;
  plan.choose = [=](std::string_view name, std::uint64_t n) {
    return name == call && n == which ? what : fault::none;
  };
  return plan;
}

} // namespace

TEST_CASE("faulty store: a fault before the call leaves nothing behind", "[persistence]") {
  auto const store = make_faulty(*open_memory_store()(), once("append", 2, fault::before));
  ledger l{*store};
  l.write(ticket("a"));
  auto const u = l.next(ticket("a"));
  CHECK(store->append(std::span{&u, 1}).error().code == errc::unavailable);
  CHECK(store->stream(ticket("a"))->version == 1);
  CHECK(l.one(u).status == unit_status::ok);
}

TEST_CASE("faulty store: a fault after the call hides what was stored", "[persistence]") {
  auto const store = make_faulty(*open_memory_store()(), once("append", 1, fault::after));
  ledger l{*store};
  auto const u = l.next(ticket("a"));
  CHECK(store->append(std::span{&u, 1}).error().code == errc::unavailable);
  CHECK(store->stream(ticket("a"))->version == 1);
  auto const again = l.one(u);
  CHECK(again.status == unit_status::duplicate);
  CHECK(again.first_seq == 1);
}

TEST_CASE("faulty store: a late answer waits as long as it says", "[persistence]") {
  auto plan = once("stream", 1, fault::late);
  duration waited{};
  plan.late_by = duration{250};
  plan.wait = [&](duration d) { waited = d; };
  auto const store = make_faulty(*open_memory_store()(), plan);
  CHECK(store->stream(ticket("a")).has_value());
  CHECK(waited == duration{250});
}

TEST_CASE("faulty store: every call can fail, with the code that was asked for", "[persistence]") {
  fault_plan plan;
  std::vector<std::string> seen;
  plan.code = errc::busy;
  plan.choose = [&](std::string_view name, std::uint64_t) {
    seen.emplace_back(name);
    return fault::before;
  };
  auto const s = (*make_faulty(open_memory_store(), plan)());
  auto const a = ticket("a");
  CHECK(s->claim(0, "x").error().code == errc::busy);
  CHECK(s->claim_all("x").error().code == errc::busy);
  CHECK(s->shards().error().code == errc::busy);
  CHECK(s->append({}).error().code == errc::busy);
  CHECK(s->read_stream(a, 0, 1).error().code == errc::busy);
  CHECK(s->read_shard(0, 0, 1).error().code == errc::busy);
  CHECK(s->find_event(a.tenant, "x").error().code == errc::busy);
  CHECK(s->stream(a).error().code == errc::busy);
  CHECK(s->due(0, {}, 1).error().code == errc::busy);
  CHECK(s->next_due({}).error().code == errc::busy);
  CHECK(s->find_inbox(a.tenant, "x", "y").error().code == errc::busy);
  CHECK(s->prune_inbox({}, 1).error().code == errc::busy);
  CHECK(s->outbox(0, 1).error().code == errc::busy);
  CHECK(s->save_snapshot({a, 1, "x", "{}"}).error().code == errc::busy);
  CHECK(s->load_snapshot(a, "x").error().code == errc::busy);
  CHECK(s->drop_snapshots().error().code == errc::busy);
  CHECK(s->import({}).error().code == errc::busy);
  CHECK(s->restore({}).error().code == errc::busy);
  CHECK(s->streams(0, {}, 1).error().code == errc::busy);
  CHECK(s->inbox_rows({}, 1).error().code == errc::busy);
  CHECK(s->freeze().error().code == errc::busy);
  CHECK(s->thaw().error().code == errc::busy);
  CHECK(seen.size() == 22);
}
