#include "actors/work_pool.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/atom.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <catch2/catch.hpp>

#include <atomic>
#include <future>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

using namespace troupe;

namespace {

using ball_atom = caf::atom_constant<caf::atom("ball")>;
using other_atom = caf::atom_constant<caf::atom("other")>;

/// An actor system of its own, with so many threads.
class pooled {
public:
  explicit pooled(std::size_t threads) {
    config_.load<work_pool>();
    config_.set("scheduler.max-threads", threads);
    system_.emplace(config_);
  }
  caf::actor_system& operator*() { return *system_; }
  /// Ends it, which waits for its actors.
  void end() { system_.reset(); }

private:
  caf::actor_system_config config_;
  std::optional<caf::actor_system> system_;
};

constexpr std::chrono::seconds limit{20};

} // namespace

TEST_CASE("work pool: two that call each other do not keep a third waiting", "[actors]") {
  std::promise<void> heard;
  std::atomic<bool> over{false};
  pooled all{1}; // ends before what its actors use
  auto const player = [&over](caf::event_based_actor* self) -> caf::behavior {
    return {[self, &over](ball_atom, caf::actor const& to) {
      if (over)
        self->quit();
      else
        self->send(to, ball_atom::value, caf::actor_cast<caf::actor>(self));
    }};
  };
  auto const a = (*all).spawn(player);
  auto const b = (*all).spawn(player);
  caf::anon_send(a, ball_atom::value, b);
  auto const third = (*all).spawn([&heard](caf::event_based_actor* self) -> caf::behavior {
    return {[self, &heard](other_atom) {
      heard.set_value();
      self->quit();
    }};
  });
  caf::anon_send(third, other_atom::value);
  auto const came = heard.get_future().wait_for(limit);
  over = true;
  caf::anon_send_exit(a, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(b, caf::exit_reason::user_shutdown);
  CHECK(came == std::future_status::ready);
}

TEST_CASE("work pool: what an actor sends while it runs arrives, in order", "[actors]") {
  constexpr int many = 20'000;
  auto const threads = GENERATE(std::size_t{1}, std::size_t{3});
  std::vector<std::atomic<int>> next(4);
  std::atomic<bool> in_order{true};
  pooled all{threads};
  std::vector<caf::actor> takers;
  for (std::size_t i = 0; i < next.size(); ++i)
    takers.push_back((*all).spawn([&, i](caf::event_based_actor* self) -> caf::behavior {
      return {[&, i, self](int n) {
        if (next[i] != n)
          in_order = false;
        if (++next[i] == many)
          self->quit();
      }};
    }));
  (void)(*all).spawn([takers](caf::event_based_actor* self) {
    for (int n = 0; n < many; ++n)
      for (auto const& t : takers)
        self->send(t, n);
  });
  takers.clear();
  all.end(); // waits for all of them
  CHECK(in_order);
  for (auto const& n : next)
    CHECK(n == many);
}

TEST_CASE("work pool: nothing is lost among many actors and threads", "[actors]") {
  constexpr int actors = 20;
  constexpr int senders = 4;
  constexpr int chains = 25; // of each sender
  constexpr int hops = 200;
  std::atomic<int> came{0};
  std::promise<void> all_came;
  std::vector<caf::actor> everybody; // complete before the first message
  pooled all{4};
  auto const passer = [&](caf::event_based_actor* self) -> caf::behavior {
    return {[&, self](int left, std::uint32_t luck) {
      if (++came == senders * chains * hops)
        all_came.set_value();
      luck = luck * 1'664'525u + 1'013'904'223u;
      if (left > 1)
        self->send(everybody[(luck >> 8) % everybody.size()], left - 1, luck);
    }};
  };
  for (int i = 0; i < actors; ++i)
    everybody.push_back((*all).spawn(passer));
  std::vector<std::thread> threads;
  for (int t = 0; t < senders; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < chains; ++i)
        caf::anon_send(everybody[static_cast<std::size_t>(i % actors)], hops,
                       static_cast<std::uint32_t>(t * chains + i));
    });
  for (auto& t : threads)
    t.join();
  CHECK(all_came.get_future().wait_for(limit) == std::future_status::ready);
  for (auto const& a : std::exchange(everybody, {}))
    caf::anon_send_exit(a, caf::exit_reason::user_shutdown);
  all.end();
  CHECK(came == senders * chains * hops);
}

TEST_CASE("work pool: a delayed message comes, and not before its time", "[actors]") {
  auto const begun = std::chrono::steady_clock::now();
  constexpr std::chrono::milliseconds delay{30};
  std::promise<std::chrono::steady_clock::time_point> came;
  pooled all{1};
  (void)(*all).spawn([&came, delay](caf::event_based_actor* self) -> caf::behavior {
    self->delayed_send(self, delay, other_atom::value);
    return {[self, &came](other_atom) {
      came.set_value(std::chrono::steady_clock::now());
      self->quit();
    }};
  });
  auto at = came.get_future();
  REQUIRE(at.wait_for(limit) == std::future_status::ready);
  CHECK(at.get() - begun >= delay);
}

TEST_CASE("work pool: nobody waits for an actor that does not return while a thread is free",
          "[actors]") {
  std::promise<void> go_on;
  std::promise<void> heard;
  pooled all{2};
  auto const called = (*all).spawn([&heard](caf::event_based_actor* self) -> caf::behavior {
    return {[self, &heard](other_atom) {
      heard.set_value();
      self->quit();
    }};
  });
  auto const caller = (*all).spawn([&](caf::event_based_actor* self) -> caf::behavior {
    return {[&, self, called](ball_atom) {
      self->send(called, other_atom::value);
      go_on.get_future().wait();
      self->quit();
    }};
  });
  caf::anon_send(caller, ball_atom::value);
  auto const came = heard.get_future().wait_for(limit);
  go_on.set_value();
  CHECK(came == std::future_status::ready);
}

TEST_CASE("work pool: nor for one that has always come back at once before", "[actors]") {
  constexpr int most_rounds = 2'000'000;
  std::promise<void> go_on;
  std::promise<void> heard;
  std::atomic<bool> was_quick{false};
  pooled all{2};
  auto const& pool = dynamic_cast<work_pool&>((*all).scheduler());
  auto const called = (*all).spawn([&heard](caf::event_based_actor* self) -> caf::behavior {
    return {[self, &heard](other_atom) {
      heard.set_value();
      self->quit();
    }};
  });
  auto const player = [&, called](caf::event_based_actor* self) -> caf::behavior {
    return {[&, self, called](ball_atom, int left, caf::actor const& to) {
      was_quick = pool.is_quick();
      if (left > 0 && !was_quick)
        return self->send(to, ball_atom::value, left - 1, caf::actor_cast<caf::actor>(self));
      self->send(called, other_atom::value);
      go_on.get_future().wait();
    }};
  };
  auto const a = (*all).spawn(player);
  auto const b = (*all).spawn(player);
  caf::anon_send(a, ball_atom::value, most_rounds, b);
  auto const came = heard.get_future().wait_for(limit);
  bool const still_quick = pool.is_quick();
  go_on.set_value();
  caf::anon_send_exit(a, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(b, caf::exit_reason::user_shutdown);
  CHECK(came == std::future_status::ready);
  CHECK_FALSE(still_quick); // nobody looks after it again and again while it does not return
  if (!was_quick)
    WARN("messages took too long here for any caller to be quick");
}

TEST_CASE("work pool: ends with messages that are still to come", "[actors]") {
  std::atomic<int> came{0};
  pooled all{2};
  for (int i = 0; i < 50; ++i) {
    auto const late = (*all).spawn([&came](caf::event_based_actor* self) -> caf::behavior {
      self->delayed_send(self, std::chrono::hours{1}, other_atom::value);
      return {[&came](other_atom) { ++came; }};
    });
    caf::anon_send_exit(late, caf::exit_reason::user_shutdown);
  }
  all.end();
  CHECK(came == 0);
}
