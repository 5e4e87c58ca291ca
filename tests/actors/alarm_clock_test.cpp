#include "actors/alarm_clock.hpp"
#include "actors/messages.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <catch2/catch.hpp>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

/// Keeps the numbers that it is called by, and when.
class called {
public:
  struct call {
    std::uint64_t number = 0;
    alarm_clock::moment at;
  };

  [[nodiscard]] caf::actor spawn(caf::actor_system& in) {
    return in.spawn([this](caf::event_based_actor*) -> caf::behavior {
      return {[this](alarm_atom, std::uint64_t number) {
        std::lock_guard lock{mutex_};
        calls_.push_back({number, alarm_clock::moment::clock::now()});
        changed_.notify_all();
      }};
    });
  }
  [[nodiscard]] std::vector<call> wait_for(std::size_t many) {
    std::unique_lock lock{mutex_};
    REQUIRE(changed_.wait_for(lock, 20s, [&] { return calls_.size() >= many; }));
    return calls_;
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<call> calls_;
};

} // namespace

TEST_CASE("alarm clock: each call comes at its time, in the order of the times", "[actors]") {
  caf::actor_system_config config;
  caf::actor_system system{config};
  called who;
  auto const actor = who.spawn(system);
  alarm_clock clock;
  auto const begin = alarm_clock::moment::clock::now();
  clock.call(actor.address(), begin + 1h, 9);
  clock.call(actor.address(), begin + 900ms, 3);
  clock.call(actor.address(), begin + 300ms, 1);
  clock.call(actor.address(), begin + 600ms, 2);
  clock.call(actor.address(), begin - 1s, 0);
  auto const calls = who.wait_for(4);
  REQUIRE(calls.size() == 4);
  for (std::uint64_t i = 0; i < 4; ++i) {
    CHECK(calls[i].number == i);
    CHECK(calls[i].at >= begin + i * 300ms);
  }
  caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
}

TEST_CASE("alarm clock: who is gone is not called, and keeps nobody from being called",
          "[actors]") {
  caf::actor_system_config config;
  caf::actor_system system{config};
  called who;
  called gone;
  alarm_clock clock;
  auto const now = alarm_clock::moment::clock::now();
  {
    auto const first = gone.spawn(system);
    clock.call(first.address(), now + 30ms, 1);
    caf::anon_send_exit(first, caf::exit_reason::kill);
  }
  auto const actor = who.spawn(system);
  clock.call(actor.address(), now + 60ms, 2);
  CHECK(who.wait_for(1).front().number == 2);
  CHECK(gone.wait_for(0).empty());
  caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
}

TEST_CASE("alarm clock: nobody is called once it has stopped", "[actors]") {
  caf::actor_system_config config;
  caf::actor_system system{config};
  called who;
  auto const actor = who.spawn(system);
  auto const now = alarm_clock::moment::clock::now();
  {
    alarm_clock clock;
    clock.call(actor.address(), now + 1h, 1);
    clock.stop(); // does not wait for the hour
    clock.call(actor.address(), now, 2);
    clock.stop();
  }
  caf::anon_send(actor, alarm_atom::value, std::uint64_t{3});
  CHECK(who.wait_for(1).front().number == 3);
  caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
}
