#include "actors/domain/kinds.hpp"
#include "actors/instant_runner.hpp"
#include "actors/node.hpp"
#include "actors/population.hpp"
#include "actors/stream_fold.hpp"
#include "persistence/memory/memory_store.hpp"
#include "tests/actors/stage.hpp"
#include "tests/support/eventually.hpp"

#include <catch2/catch.hpp>

/// Who is in memory, who has to go, and in which order those come that must.
using namespace troupe;
using namespace std::chrono_literals;

namespace {

/// Names of tokens that lie in one shard.
std::vector<entity_ref> of_one_shard(std::size_t many) {
  std::vector<entity_ref> out;
  for (int i = 0; out.size() < many; ++i) {
    auto r = test::still_stage::ref(entity_kind::principal, "p" + std::to_string(i));
    if (shard_of(r) == 7)
      out.push_back(std::move(r));
  }
  return out;
}

entity_ref token(int i) {
  return {tenant_id{"default"}, entity_kind::principal, "t" + std::to_string(i)};
}

/// Tokens in a store, as a server would have stored them; all of them must be awake.
store_factory ledger_of(int tokens) {
  auto const factory = open_memory_store();
  auto const store = *factory();
  auto const epochs = *store->claim_all("filler");
  test::counted_ids ids;
  for (int i = 0; i < tokens; ++i) {
    stream_fold<principal_domain> fold{token(i)};
    command_context context;
    context.id = "c" + std::to_string(i);
    context.by = principal_id{"human:ada"};
    context.now = time_point{duration{1'750'000'000'000}};
    auto const what = std::get<principal::command>(test::token_issue());
    auto const decided = decide_clean<principal_domain>(*fold.state, what, context);
    REQUIRE(decided.has_value());
    unit u;
    u.writes.push_back(fold.write(token(i), *decided, context, ids));
    u.writes.back().wake_at = time_point{};
    u.shard = shard_of(token(i));
    u.epoch = epochs[u.shard];
    u.tenant = token(i).tenant;
    REQUIRE(store->append(std::span{&u, 1})->front().status == unit_status::ok);
  }
  return factory;
}

std::unique_ptr<node> start(store_factory const& factory, instant_runner& runner,
                            std::size_t live_limit) {
  node_settings s;
  s.owner = "test";
  s.live_limit = live_limit;
  auto n = node::start(std::move(s), factory, runner);
  REQUIRE(n.has_value());
  return std::move(*n);
}

} // namespace

TEST_CASE("population: above the limit those go that were not called for the longest time",
          "[population]") {
  population crowd{4};
  test::still_stage s;
  s.rt.crowd = &crowd;
  auto const all = of_one_shard(12);
  for (auto const& r : all) {
    (void)s.send(r, test::token_issue(), "c-" + r.id);
    s.settle();
    s.pass(1s);
    (void)s.look(all[0]); // somebody comes back to this one
  }
  CHECK(crowd.live() == 4);
  CHECK(crowd.reading() == 0);
  auto const loads = s.log.loads;
  (void)s.look(all[0]);
  (void)s.look(all[11]);
  CHECK(s.log.loads == loads); // they are there
  auto const back = s.look(all[1]);
  CHECK(s.log.loads == loads + 1); // it was let go, and nothing of it is lost
  REQUIRE(back.has_value());
  CHECK((*back)->at("who").as_string() == "human:bob");
  s.run();
  CHECK(crowd.live() == 4);
}

TEST_CASE("population: what has something to do stays, limit or not", "[population]") {
  population crowd{2};
  test::still_stage s;
  s.rt.crowd = &crowd;
  auto const all = of_one_shard(8);
  for (auto const& r : all)
    (void)s.send(r, test::token_issue(), "c-" + r.id); // none of them is durable yet
  s.run();
  CHECK(crowd.live() == 8);
  CHECK(s.log.queue.size() == 8);
  s.settle();
  for (auto const& r : all)
    CHECK(s.store->stream(r)->version == 1);
}

TEST_CASE("population: one that goes down while it is read is not counted any more",
          "[population]") {
  population crowd{100};
  {
    test::still_stage s;
    s.rt.crowd = &crowd;
    s.log.hold_loads = true;
    s.where->wake(of_one_shard(1)[0]);
    s.run();
    CHECK(crowd.live() == 1);
    CHECK(crowd.reading() == 1);
  }
  CHECK(crowd.live() == 0);
  CHECK(crowd.reading() == 0);
}

TEST_CASE("population: after a start all that must be awake come, and who asks is not behind them",
          "[population]") {
  constexpr int many = 20'000;
  auto const factory = ledger_of(many);
  instant_runner runner;
  auto const n = start(factory, runner, 50'000);
  REQUIRE(n->resume().has_value());
  auto const last = n->ask(token(many - 1));
  REQUIRE(last.has_value());
  CHECK(last->at("who").as_string() == "human:bob");
  CHECK(n->live() < many); // most of them are still asleep
  CHECK(test::eventually([&] { return n->live() == many; }));
  CHECK(n->stop(5s));
}

TEST_CASE("population: a node that is stopped while they come stops at once", "[population]") {
  auto const factory = ledger_of(3000);
  instant_runner runner;
  auto const n = start(factory, runner, 50'000);
  REQUIRE(n->resume().has_value());
  CHECK(n->stop(5s));
  CHECK(n->live() < 3000);
}

TEST_CASE("population: a node keeps about as many as it may", "[population]") {
  constexpr int many = 3000;
  auto const factory = ledger_of(many);
  instant_runner runner;
  auto const n = start(factory, runner, 500);
  for (int i = 0; i < many; ++i)
    REQUIRE(n->ask(token(i)).has_value());
  // Each of the 256 shards looks after its own, and lets none go that was just called.
  CHECK(test::eventually([&] { return n->live() <= 500 + shard_count; }));
  for (int i = 0; i < many; i += 100)
    CHECK(n->ask(token(i)).has_value());
  CHECK(n->stop(5s));
}
