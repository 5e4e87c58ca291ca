#include "actors/instant_runner.hpp"
#include "persistence/memory/faulty_store.hpp"
#include "tests/actors/stage.hpp"
#include "tests/support/eventually.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <future>

using namespace troupe;

namespace {

tenant_id const tenant{"default"};

entity_ref token(std::string id) {
  return {tenant, entity_kind::principal, std::move(id)};
}

submit_options by_person() {
  submit_options o;
  o.by = principal_id{"human:ada"};
  return o;
}

node_settings settings() {
  node_settings s;
  s.owner = "test";
  s.journal.retry = duration{5};
  s.journal.retry_cap = duration{20};
  return s;
}

std::optional<error> probed(node& n) {
  auto box = std::make_shared<std::promise<std::optional<error>>>();
  auto answer = box->get_future();
  n.probe([box](std::optional<error> e) { box->set_value(std::move(e)); });
  REQUIRE(answer.wait_for(std::chrono::seconds{20}) == std::future_status::ready);
  return answer.get();
}

} // namespace

TEST_CASE("owner: a node whose shards were taken refuses, says why, and asks once to be ended",
          "[actors]") {
  auto const factory = open_memory_store();
  instant_runner runner;
  std::atomic<int> lost{0};
  auto s = settings();
  s.lost = [&] { ++lost; };
  auto started = node::start(std::move(s), factory, runner);
  REQUIRE(started.has_value());
  auto& n = **started;
  REQUIRE(n.tell(token("t1"), test::token_issue(), by_person()).has_value());
  CHECK_FALSE(probed(n).has_value());

  REQUIRE((*factory())->claim_all("another").has_value());
  auto const refused =
      n.tell(token("t1"), principal::command{principal::revoke{"lost"}}, by_person());
  REQUIRE(refused.has_error());
  CHECK(refused.error().code == errc::unavailable);
  CHECK(lost == 1);
  REQUIRE(n.trouble().has_value());
  CHECK(n.trouble()->code == errc::unavailable);
  CHECK(probed(n).has_value());
  for (int i = 0; i < 5; ++i) {
    auto const again = n.tell(token("t1"), principal::command{principal::revoke{"lost"}},
                              by_person()); // never "quarantined", never a dead letter
    REQUIRE(again.has_error());
    CHECK(again.error().code == errc::unavailable);
  }
  CHECK(lost == 1);
  CHECK(n.stop(std::chrono::seconds{5}));
  CHECK((*factory())->stream(token("t1"))->version == 1);
}

TEST_CASE("owner: a fenced entity blames no command and does not come back", "[actors]") {
  test::still_stage s;
  auto const first = s.send(token("t1"), test::token_issue(), "c1");
  s.run();
  auto const second = s.send(token("t1"), principal::command{principal::revoke{"x"}}, "c2");
  s.run(); // waits behind the first one
  REQUIRE(s.store->claim_all("another").has_value());
  s.log.commit();
  s.run();
  REQUIRE(first->has_value());
  CHECK((**first).error().code == errc::unavailable);
  REQUIRE(second->has_value());
  CHECK((**second).error().code == errc::unavailable);
  auto const loads = s.log.loads;
  s.pass(std::chrono::minutes{5});
  CHECK(s.log.loads == loads);
  auto const third = s.send(token("t1"), principal::command{principal::revoke{"x"}}, "c1");
  s.run();
  REQUIRE(third->has_value());
  CHECK((**third).error().code == errc::unavailable); // not `internal`: nothing was put aside
  auto const seen = s.look(token("t1"));
  REQUIRE(seen.has_value());
  CHECK(seen->error().code == errc::unavailable);
  CHECK(s.log.queue.empty());
}

TEST_CASE("owner: an idle node learns of it when it is asked whether it is ready", "[actors]") {
  auto const factory = open_memory_store();
  instant_runner runner;
  std::atomic<int> lost{0};
  auto s = settings();
  s.lost = [&] { ++lost; };
  auto started = node::start(std::move(s), factory, runner);
  REQUIRE(started.has_value());
  REQUIRE((*factory())->claim_all("another").has_value());
  CHECK_FALSE((*started)->trouble().has_value()); // nothing was written since
  CHECK(probed(**started).has_value());
  CHECK(lost == 1);
  CHECK((*started)->stop(std::chrono::seconds{5}));
}

TEST_CASE("owner: a node is not ready while nothing becomes durable, and is again", "[actors]") {
  std::atomic<bool> away{false};
  fault_plan plan;
  plan.choose = [&](std::string_view call, std::uint64_t) {
    return away && (call == "append" || call == "shards") ? fault::before : fault::none;
  };
  auto const factory = make_faulty(open_memory_store(), plan);
  instant_runner runner;
  auto started = node::start(settings(), factory, runner);
  REQUIRE(started.has_value());
  auto& n = **started;
  CHECK_FALSE(probed(n).has_value());
  away = true;
  auto const idle = probed(n); // nobody writes, and it is seen all the same
  REQUIRE(idle.has_value());
  CHECK(idle->code == errc::unavailable);
  CHECK_FALSE(n.trouble().has_value());

  auto box = std::make_shared<std::promise<command_result>>();
  auto answer = box->get_future();
  n.submit(token("t1"), test::token_issue(), by_person(),
           [box](command_result r) { box->set_value(std::move(r)); });
  CHECK(test::eventually([&] { return n.trouble().has_value(); }));
  CHECK(probed(n).has_value());
  away = false;
  REQUIRE(answer.wait_for(std::chrono::seconds{20}) == std::future_status::ready);
  CHECK(answer.get().has_value());
  CHECK_FALSE(n.trouble().has_value());
  CHECK_FALSE(probed(n).has_value());
  CHECK(n.stop(std::chrono::seconds{5}));
  CHECK(n.trouble().has_value());
}

TEST_CASE("owner: a store that another holds is not claimed", "[actors]") {
  auto const inner = open_memory_store();
  fault_plan plan;
  plan.code = errc::busy;
  plan.choose = [](std::string_view call, std::uint64_t) {
    return call == "hold" ? fault::before : fault::none;
  };
  auto const factory = make_faulty(inner, plan);
  instant_runner runner;
  REQUIRE((*inner())->claim_all("first").has_value());
  auto started = node::start(settings(), factory, runner);
  REQUIRE(started.has_error());
  CHECK(started.error().code == errc::busy);
  CHECK((*(*inner())->shards())[0].owner == "first");
  auto s = settings();
  s.take_over = true;
  auto const taken = node::start(std::move(s), factory, runner);
  REQUIRE(taken.has_value());
  CHECK((*(*inner())->shards())[0].owner == "test");
  CHECK((*taken)->stop(std::chrono::seconds{5}));
}

TEST_CASE("owner: who took a store over holds it once the other has ended", "[actors]") {
  std::atomic<bool> other{true};
  std::atomic<int> tries{0};
  std::atomic<int> had{0};
  fault_plan plan;
  plan.code = errc::busy;
  plan.choose = [&](std::string_view call, std::uint64_t) {
    if (call != "hold")
      return fault::none;
    ++tries;
    if (other)
      return fault::before;
    ++had;
    return fault::none;
  };
  auto const factory = make_faulty(open_memory_store(), plan);
  instant_runner runner;
  auto s = settings();
  s.take_over = true;
  auto const started = node::start(std::move(s), factory, runner);
  REQUIRE(started.has_value());
  // It works meanwhile: the other one is fenced, whatever it still holds.
  CHECK((*started)->tell(token("t1"), test::token_issue(), by_person()).has_value());
  CHECK(test::eventually([&] { return tries > 2; }));
  SECTION("which it does") {
    other = false;
    CHECK(test::eventually([&] { return had == 1; }));
    auto const until_held = tries.load();
    CHECK((*started)->stop(std::chrono::seconds{5}));
    CHECK(tries == until_held);
  }
  SECTION("and ends in order while it has not") {
    CHECK((*started)->stop(std::chrono::seconds{5}));
    CHECK(had == 0);
  }
}

TEST_CASE("shard: queries of an entity that is down are bounded like its commands", "[actors]") {
  test::still_stage s;
  (void)s.send(token("t1"), test::token_issue());
  s.run();
  caf::anon_send_exit(s.log.queue.front().caller.reply_to, caf::exit_reason::kill);
  s.run(); // it comes back after its backoff only
  int waiting = 0;
  int busy = 0;
  for (int i = 0; i < 1100; ++i) {
    ++waiting;
    s.where->query(std::make_shared<query_message>(
        query_message{token("t1"), [&](result<json::value> r) {
                        --waiting;
                        if (r.has_error() && r.error().code == errc::busy)
                          ++busy;
                      }}));
  }
  s.run();
  CHECK(busy == 100);
  CHECK(waiting == 1000);
  s.pass(std::chrono::seconds{1});
  CHECK(waiting == 0);
}
