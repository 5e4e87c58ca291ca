#include "actors/journal.hpp"
#include "persistence/memory/memory_store.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <catch2/catch.hpp>

using namespace troupe;

namespace {

unit a_unit(event_store& store, int n, std::string id) {
  entity_ref const stream{tenant_id{"default"}, entity_kind::project, "p" + std::to_string(n)};
  unit u;
  u.shard = shard_of(stream);
  u.epoch = store.claim(u.shard, "test").value();
  u.tenant = stream.tenant;
  new_event e;
  e.event_id = std::move(id);
  e.type = "project.archived";
  e.at = time_point{duration{1'750'000'000'000}};
  e.principal = "human:ada";
  e.cause = "c1";
  e.data = "{}";
  e.hash = chain_hash(no_hash(), stream, 1, e);
  u.writes.push_back({stream, 0, {std::move(e)}, std::nullopt});
  return u;
}

} // namespace

TEST_CASE("journal: a unit that no store would take is refused by itself", "[actors]") {
  auto const factory = open_memory_store();
  auto store = factory();
  REQUIRE(store.has_value());
  auto opened = journal::open(factory, {});
  REQUIRE(opened.has_value());
  auto& log = **opened;

  std::mutex m;
  std::condition_variable cv;
  std::map<std::uint64_t, result<unit_result>> answers;
  caf::actor_system_config config;
  {
    caf::actor_system system{config};
    auto const taker = system.spawn([&](caf::event_based_actor*) -> caf::behavior {
      return {[&](appended_ptr const& a) {
        std::lock_guard lock{m};
        answers.emplace(a->id, a->outcome);
        cv.notify_all();
      }};
    });
    log.append(a_unit(**store, 1, "01900000-0000-7000-8000-000000000001"), 1, taker);
    auto bad = a_unit(**store, 2, "01900000-0000-7000-8000-000000000002");
    bad.writes.front().events.front().type = std::string{"project\0archived", 16};
    log.append(std::move(bad), 2, taker);
    log.append(a_unit(**store, 3, "01900000-0000-7000-8000-000000000003"), 3, taker);
    std::unique_lock lock{m};
    REQUIRE(cv.wait_for(lock, std::chrono::seconds{20}, [&] { return answers.size() == 3; }));
    lock.unlock();
    CHECK(answers.at(1).has_value());
    REQUIRE(answers.at(2).has_error());
    CHECK(answers.at(2).error().code == errc::invalid_argument);
    CHECK(answers.at(3).has_value());
    CHECK(log.counters().units == 2); // the bad one never came to the store
    log.stop(std::chrono::seconds{5});
    caf::anon_send_exit(taker, caf::exit_reason::user_shutdown);
  }
}
