#include "persistence/memory/faulty_store.hpp"
#include "persistence/memory/memory_store.hpp"
#include "tests/actors/desk.hpp"
#include "tests/support/eventually.hpp"

#include <catch2/catch.hpp>

#include <future>

using namespace troupe;
using test::a_unit;
using test::desk;

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
    auto const taker = system.spawn<test::asker>([&](appended const& a) {
      std::lock_guard lock{m};
      answers.emplace(a.id, a.outcome);
      cv.notify_all();
    });
    log.append(a_unit(**store, 1, "01900000-0000-7000-8000-000000000001"),
               {1, taker, true, nullptr});
    auto bad = a_unit(**store, 2, "01900000-0000-7000-8000-000000000002");
    bad.writes.front().events.front().type = std::string{"project\0archived", 16};
    log.append(std::move(bad), {2, taker, true, nullptr});
    log.append(a_unit(**store, 3, "01900000-0000-7000-8000-000000000003"),
               {3, taker, true, nullptr});
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

namespace {

/// What is wrong with the store's appends, changed by the test.
struct weather {
  std::mutex mutex;
  std::condition_variable changed;
  fault now = fault::none;
  int tries = 0;

  void turn(fault f) {
    std::lock_guard lock{mutex};
    now = f;
    tries = 0;
  }
  void wait_for_tries(int n) {
    std::unique_lock lock{mutex};
    REQUIRE(changed.wait_for(lock, std::chrono::seconds{20}, [&] { return tries >= n; }));
  }
  fault_plan plan() {
    fault_plan p;
    p.choose = [this](std::string_view call, std::uint64_t) {
      if (call != "append")
        return fault::none;
      std::lock_guard lock{mutex};
      ++tries;
      changed.notify_all();
      return now;
    };
    return p;
  }
};

char const* const ids[] = {"01900000-0000-7000-8000-000000000001",
                           "01900000-0000-7000-8000-000000000002",
                           "01900000-0000-7000-8000-000000000003"};

} // namespace

TEST_CASE("journal: while the store cannot be reached, who asks is told and nothing is stored",
          "[actors]") {
  weather w;
  auto const memory = open_memory_store();
  auto const factory = make_faulty(memory, w.plan());
  auto store = memory();
  REQUIRE(store.has_value());
  journal_settings fast;
  fast.retry = duration{5};
  fast.retry_cap = duration{20};
  auto opened = journal::open(factory, fast);
  REQUIRE(opened.has_value());
  auto& log = **opened;
  desk d{log};

  w.turn(fault::unsent);
  d.append(a_unit(**store, 1, ids[0]), 1, true);
  auto const refused = d.answer(1);
  REQUIRE(refused.has_error());
  CHECK(refused.error().code == errc::unavailable);
  CHECK(is_not_stored(refused.error()));

  // What only the node knows of is kept and tried again.
  d.append(a_unit(**store, 2, ids[1]), 2, false);
  w.wait_for_tries(3);
  CHECK(log.away().has_value());
  CHECK_FALSE(d.answered(2));

  w.turn(fault::none);
  CHECK(d.answer(2).has_value());
  d.append(a_unit(**store, 3, ids[2]), 3, true);
  CHECK(d.answer(3).has_value());
  CHECK_FALSE(log.away().has_value());
  for (int n = 1; n <= 3; ++n) {
    entity_ref const stream{tenant_id{"default"}, entity_kind::project, "p" + std::to_string(n)};
    CHECK((*store)->stream(stream)->version == (n == 1 ? 0 : 1));
  }
}

TEST_CASE("journal: a batch that is lost gives its place in the queue back", "[actors]") {
  auto const factory = open_memory_store();
  auto store = factory();
  REQUIRE(store.has_value());
  journal_settings full;
  full.queue_bytes = 1; // with one unit waiting
  auto opened = journal::open(factory, full);
  REQUIRE(opened.has_value());
  auto& log = **opened;
  log.on_fenced([] { throw std::runtime_error("what nobody thought of"); });
  desk d{log};
  CHECK(log.accepts());
  auto late = a_unit(**store, 1, ids[0]);
  REQUIRE((*store)->claim(late.shard, "another").has_value());
  d.append(std::move(late), 1, false);
  auto const lost = d.answer(1);
  REQUIRE(lost.has_error());
  CHECK(lost.error().code == errc::unavailable);
  CHECK(log.accepts());
  d.append(a_unit(**store, 2, ids[1]), 2, false); // and the writer goes on
  CHECK(d.answer(2).has_value());
}

TEST_CASE("journal: where an append may have been stored nobody is told that it was not",
          "[actors]") {
  weather w;
  auto const memory = open_memory_store();
  auto store = memory();
  REQUIRE(store.has_value());
  journal_settings fast;
  fast.retry = duration{5};
  fast.retry_cap = duration{20};
  auto opened = journal::open(make_faulty(memory, w.plan()), fast);
  REQUIRE(opened.has_value());
  desk d{**opened};
  w.turn(fault::after); // stored, and the answer is lost
  d.append(a_unit(**store, 1, ids[0]), 1, true);
  w.wait_for_tries(1);
  w.turn(fault::unsent); // and then it cannot be reached at all
  w.wait_for_tries(3);
  CHECK_FALSE(d.answered(1));
  w.turn(fault::none);
  auto const answer = d.answer(1);
  REQUIRE(answer.has_value());
  CHECK(answer->status == unit_status::duplicate); // it had been stored, once
}

TEST_CASE("journal: what may be stored stays doubtful when its batch is sent one by one",
          "[actors]") {
  // What goes wrong with each append, on the way to the store and in it.
  struct trip {
    fault way = fault::none;
    fault inside = fault::none;
  };
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<trip> trips;
  trip usual{fault::unsent, fault::none};
  int after_script = 0;
  trip now;
  fault_plan way;
  way.choose = [&](std::string_view call, std::uint64_t) {
    if (call != "append")
      return fault::none;
    std::lock_guard lock{mutex};
    now = usual;
    if (!trips.empty()) {
      now = trips.front();
      trips.pop_front();
    } else {
      ++after_script;
    }
    changed.notify_all();
    return now.way;
  };
  fault_plan inside;
  inside.code = errc::internal; // a definite answer
  inside.choose = [&](std::string_view call, std::uint64_t) {
    std::lock_guard lock{mutex};
    return call == "append" ? now.inside : fault::none;
  };
  auto const memory = open_memory_store();
  auto store = memory();
  REQUIRE(store.has_value());
  journal_settings fast;
  fast.writers = 1;
  fast.retry = duration{5};
  fast.retry_cap = duration{20};
  auto opened = journal::open(make_faulty(make_faulty(memory, inside), way), fast);
  REQUIRE(opened.has_value());
  desk d{**opened};
  // The first waits for the store, so that the two others come into one batch.
  d.append(a_unit(**store, 1, ids[0]), 1, false);
  {
    std::unique_lock lock{mutex};
    REQUIRE(changed.wait_for(lock, std::chrono::seconds{20}, [&] { return after_script > 1; }));
  }
  d.append(a_unit(**store, 2, ids[1]), 2, true);
  d.append(a_unit(**store, 3, ids[2]), 3, true);
  {
    std::unique_lock lock{mutex};
    after_script = 0;
    trips = {{fault::none, fault::none},    // the first
             {fault::after, fault::none},   // both are stored, and the answer is lost
             {fault::none, fault::before}}; // and the batch is refused for certain
    REQUIRE(changed.wait_for(lock, std::chrono::seconds{20}, [&] { return after_script > 2; }));
    CHECK(trips.empty());
  }
  // Alone now, and out of reach: nobody may be told that it is not stored.
  CHECK_FALSE(d.answered(2));
  CHECK_FALSE(d.answered(3));
  {
    std::lock_guard lock{mutex};
    usual = {};
  }
  for (std::uint64_t id : {2, 3}) {
    auto const answer = d.answer(id);
    REQUIRE(answer.has_value());
    CHECK(answer->status == unit_status::duplicate);
  }
}

namespace {

/// Jobs of one reader, in the order in which they began.
struct read_log {
  std::mutex mutex;
  std::vector<std::string> begun;

  void note(std::string what) {
    std::lock_guard lock{mutex};
    begun.push_back(std::move(what));
  }
  [[nodiscard]] std::vector<std::string> all() {
    std::lock_guard lock{mutex};
    return begun;
  }
  [[nodiscard]] std::size_t count(std::string const& what) {
    auto const now = all();
    return static_cast<std::size_t>(std::count(now.begin(), now.end(), what));
  }
};

} // namespace

TEST_CASE("journal: what nobody's work waits for is read after all else", "[actors]") {
  auto opened = journal::open(open_memory_store(), {});
  REQUIRE(opened.has_value());
  auto& log = **opened;
  read_log seen;
  std::promise<void> gate;
  auto const opens = gate.get_future().share();
  log.read([opens](event_store&) { opens.wait(); });
  log.browse([&](event_store&) { seen.note("past 1"); });
  log.browse([&](event_store&) { seen.note("past 2"); });
  log.read([&](event_store&) { seen.note("work 1"); });
  log.read([&](event_store&) { seen.note("work 2"); });
  gate.set_value();
  REQUIRE(test::eventually([&] { return seen.all().size() == 4; }));
  CHECK(seen.all() == std::vector<std::string>{"work 1", "work 2", "past 1", "past 2"});
  log.stop(std::chrono::seconds{5});
}

TEST_CASE("journal: however many browse the past, a read waits for one of them at most",
          "[actors]") {
  auto opened = journal::open(open_memory_store(), {});
  REQUIRE(opened.has_value());
  auto& log = **opened;
  read_log seen;
  std::function<void(event_store&)> const browsing = [&](event_store&) {
    seen.note("past");
    log.browse(browsing); // there are always more
  };
  for (int i = 0; i < 50; ++i)
    log.browse(browsing);
  REQUIRE(test::eventually([&] { return seen.count("past") > 100; }));
  for (int i = 0; i < 200; ++i) {
    auto const before = seen.count("past");
    std::promise<std::size_t> begun;
    log.read([&](event_store&) { begun.set_value(seen.count("past")); });
    CHECK(begun.get_future().get() <= before + 1);
  }
  auto const then = seen.count("past");
  CHECK(test::eventually([&] { return seen.count("past") > then; })); // they go on
  log.stop(std::chrono::seconds{5});
}
