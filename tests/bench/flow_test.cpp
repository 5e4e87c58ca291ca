#include "bench/flow.hpp"
#include "tests/support/postgres_server.hpp"
#include "tests/support/temporary_folder.hpp"

#include <catch2/catch.hpp>
#include <unistd.h>

#include <set>

using namespace troupe;
using namespace troupe::bench;

namespace {

timing short_time() {
  return {seconds{0.1}, seconds{0.4}, 1};
}

measure must(result<measure> m) {
  if (!m)
    FAIL(m.error().message);
  return *m;
}

} // namespace

TEST_CASE("bench: a ticket goes through four durable stages, and each answer has 200 bytes",
          "[bench]") {
  REQUIRE(answer().size() == 200);
  auto const at = memory_stores().open().value();
  bench::stage on;
  REQUIRE(on.open(at.store, 8).has_value());
  std::mutex mutex;
  int answers = 0;
  std::vector<std::string> stages;
  int settled = 0;
  auto const listener = on.at().view().subscribe(
      [&](board_event const& e) {
        std::lock_guard lock{mutex};
        auto const& type = e.event->event.type;
        if (type == "ticket.attempt_ended")
          answers += e.event->event.data.find(answer()) != std::string::npos ? 1 : 0;
        settled += type == "ticket.settled" ? 1 : 0;
        for (auto const* ends : {"evidence_attached", "reviewed", "gated", "merged"})
          if (type == std::string{"ticket."} + ends)
            stages.push_back(ends);
      },
      {});
  {
    ticket_flow flow{on, at};
    flow.open_window();
    flow.keep(1);
    REQUIRE(flow.wait(seconds{0}, 1, seconds{20}, 1).has_value());
    flow.end();
    REQUIRE(flow.drain(seconds{20}).has_value());
    auto const w = flow.close_window(false);
    std::lock_guard lock{mutex};
    CHECK(w.tickets * 4 == static_cast<double>(stages.size()));
    CHECK(w.latency.count() * 4 == stages.size());
    CHECK(answers == static_cast<int>(stages.size()));
    CHECK(w.under_way == 0);
    CHECK(settled == 0); // the engine is the server's own and has no workspace to give up
  }
  CHECK(on.close());
  on.at().view().unsubscribe(listener);
  REQUIRE(stages.size() >= 4);
  CHECK(std::vector<std::string>(stages.begin(), stages.begin() + 4) ==
        std::vector<std::string>{"evidence_attached", "reviewed", "gated", "merged"});
}

TEST_CASE("bench: a closed loop of tickets has its costs, and SQLite syncs at least each commit",
          "[bench]") {
  test::temporary_folder folder;
  auto const m = must(tickets(sqlite_stores(folder.path()), 10, short_time()));
  CHECK(m.loop == "closed");
  CHECK(m.rate > 1);
  CHECK(m.count >= 10);
  CHECK(m.p50_us <= m.p99_us);
  CHECK(m.p99_us <= m.p999_us);
  CHECK(m.events_each > 5);
  CHECK(m.commits_each > 0.1);
  // The edges of the window are not the same moment: of each writer's commit there, the sync may be
  // outside.
  CHECK((m.fsyncs_each - m.commits_each * 0.8) * static_cast<double>(m.count) > -2);
  CHECK(m.log_bytes_each > 1000);
  CHECK(m.cpu_us_each > 10);
  CHECK(m.cpu_store_us_each == 0);
}

TEST_CASE("bench: tickets by the clock come at their rate and count from when they were due",
          "[bench]") {
  auto const m = must(arrivals(memory_stores(), 100, {seconds{0.1}, seconds{1}, 1}, 3));
  CHECK(m.loop == "open");
  CHECK(m.level == 100);
  CHECK(m.count + m.refused + m.unfinished == 100);
  CHECK(m.unfinished == 0);
  CHECK(m.p50_us > 0);
}

TEST_CASE("bench: what was due while the server stood still has waited that long", "[bench]") {
  /// Takes no work until it is opened.
  struct gate : runner_port {
    void launch(troupe::launch const& l) override {
      std::lock_guard lock{mutex};
      if (open)
        return to->launch(l);
      held.push_back(l);
    }
    void forget(ticket_id const&, std::int64_t) override {}
    void notify(troupe::notify const&, std::function<void()> done) override { done(); }
    void release() {
      std::lock_guard lock{mutex};
      open = true;
      for (auto const& l : held)
        to->launch(l);
    }
    std::mutex mutex;
    bool open = false;
    std::vector<troupe::launch> held;
    instant_runner* to = nullptr;
  };
  auto const at = memory_stores().open().value();
  bench::stage on;
  gate closed;
  closed.to = &on.engine();
  REQUIRE(on.open(at.store, 100, true, &closed).has_value());
  {
    ticket_flow flow{on, at};
    flow.open_window();
    REQUIRE(flow.arrive(100, seconds{0.5}).has_value());
    closed.release();
    REQUIRE(flow.drain(seconds{20}).has_value());
    auto const w = flow.close_window(true);
    CHECK(w.latency.count() == 50);
    CHECK(w.unfinished == 0);
    CHECK(w.latency.max() >= 490'000'000); // the first one
    CHECK(w.latency.at(0.5) >= 240'000'000);
  }
  CHECK(on.close());
}

TEST_CASE("bench: what is not done in time is counted with what it has waited", "[bench]") {
  struct never : runner_port {
    void launch(troupe::launch const&) override {}
    void forget(ticket_id const&, std::int64_t) override {}
    void notify(troupe::notify const&, std::function<void()> done) override { done(); }
  };
  auto const at = memory_stores().open().value();
  bench::stage on;
  never idle;
  REQUIRE(on.open(at.store, 100, true, &idle).has_value());
  {
    ticket_flow flow{on, at};
    flow.open_window();
    REQUIRE(flow.arrive(50, seconds{0.2}).has_value());
    auto const drained = flow.drain(seconds{0.05});
    REQUIRE(drained.has_error());
    CHECK(drained.error().code == errc::timeout);
    auto const w = flow.close_window(true);
    CHECK(w.unfinished == 10);
    CHECK(w.latency.count() == 10);
    CHECK(w.latency.max() >= 200'000'000);
    CHECK(w.tickets == 0);
  }
  CHECK(on.close());
}

TEST_CASE("bench: messages of every kind are counted", "[bench]") {
  auto const all = messages({seconds{0.05}, seconds{0.1}, 1});
  REQUIRE(all.size() == 7);
  std::set<std::string> kinds;
  for (auto const& m : all) {
    INFO(m.where << ' ' << m.level);
    kinds.insert(m.where);
    CHECK(m.rate > 0);
    CHECK(m.count > 0);
    CHECK(m.p50_us <= m.p999_us);
  }
  CHECK(kinds.size() == 5);
}

TEST_CASE("bench: our own calls of fsync are counted", "[bench]") {
  test::temporary_folder folder;
  auto* const file = std::fopen((folder.path() / "x").c_str(), "w");
  REQUIRE(file != nullptr);
  auto const before = syncs_so_far();
  CHECK(::fsync(::fileno(file)) == 0);
  CHECK(::fdatasync(::fileno(file)) == 0);
  CHECK(syncs_so_far() == before + 2);
  CHECK(::fsync(-1) == -1); // answered as ever
  std::fclose(file);
}

TEST_CASE("bench: on Postgres the costs are those of its own processes and log", "[bench]") {
  if (!test::postgres_server::installed()) {
    WARN("no Postgres is installed");
    return;
  }
  test::postgres_server server;
  auto const url = server.url("postgres");
  // The server of the tests does not wait for its disk: nobody may be shown figures of it.
  auto const settings = postgres_settings(url);
  REQUIRE(settings.has_error());
  CHECK(settings.error().code == errc::unsupported);
  auto const databases = [&] {
    return server.sql("postgres", "select count(*) from pg_database where datname like 'troupe%'");
  };
  auto const before = databases();
  auto const m = must(tickets(postgres_stores(url), 10, {seconds{0.2}, seconds{1.5}, 1}));
  CHECK(m.where == "postgres");
  CHECK(m.rate > 1);
  CHECK(m.log_bytes_each > 1000);
  CHECK(m.cpu_store_us_each > 10);
  CHECK(databases() == before); // nothing is left behind
}
