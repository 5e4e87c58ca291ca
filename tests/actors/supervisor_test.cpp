#include "actors/supervisor.hpp"
#include "tests/actors/stage.hpp"

#include <catch2/catch.hpp>

#include <future>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

using throw_atom = caf::atom_constant<caf::atom("throw")>;
using hang_atom = caf::atom_constant<caf::atom("hang")>;

/// A child that tells of its end, and can be told how to end.
class worker : public caf::event_based_actor {
public:
  worker(caf::actor_config& cfg, std::string name, std::vector<std::string>* log)
      : caf::event_based_actor(cfg), name_(std::move(name)), log_(*log) {
    set_exception_handler(
        [](std::exception_ptr&) -> caf::error { return caf::exit_reason::unhandled_exception; });
    set_exit_handler([this](caf::exit_msg& m) {
      if (!deaf_)
        quit(m.reason);
    });
  }
  caf::behavior make_behavior() override {
    return {
        [](throw_atom) { throw std::runtime_error("as the test wants it"); },
        [this](hang_atom) { deaf_ = true; },
        [this](stop_atom) { quit(caf::exit_reason::user_shutdown); },
    };
  }
  void on_exit() override { log_.push_back("-" + name_); }

private:
  std::string name_;
  std::vector<std::string>& log_;
  bool deaf_ = false;
};

/// One whose handler does not return until the test lets it: nothing can end it before.
class stuck_worker : public caf::event_based_actor {
public:
  stuck_worker(caf::actor_config& cfg, std::shared_future<void> until)
      : caf::event_based_actor(cfg), until_(std::move(until)) {}
  caf::behavior make_behavior() override {
    return {[this](hang_atom) { until_.wait(); }};
  }

private:
  std::shared_future<void> until_;
};

/// Three children, `a` `b` `c`, whose starts (`+a1`: the first) and ends (`-a1`) are written down.
class nursery {
public:
  explicit nursery(restart_strategy how, restart_policy policy = {5, 60s, 200ms, 30s},
                   std::string which_sticks = {})
      : stuck(std::move(which_sticks)) {
    supervision_plan plan;
    plan.strategy = how;
    plan.clock = &clock;
    plan.random = [this] { return random; };
    plan.escalate = [this](std::string const& name) { escalated.push_back(name); };
    for (std::string const name : {"a", "b", "c"})
      plan.children.push_back({name,
                               [this, name](std::uint64_t generation) {
                                 auto const full = name + std::to_string(generation);
                                 log.push_back("+" + full);
                                 if (refuses == full)
                                   throw std::runtime_error("cannot start");
                                 if (stuck == full)
                                   return now[name] =
                                              system.spawn<stuck_worker, caf::detached>(released);
                                 return now[name] = system.spawn<worker>(full, &log);
                               },
                               policy, 5s});
    top = system.spawn<supervisor>(std::move(plan));
    run();
  }
  ~nursery() {
    caf::anon_send_exit(top, caf::exit_reason::kill);
    for (auto const& [name, a] : now)
      caf::anon_send_exit(a, caf::exit_reason::kill);
    run();
  }
  void run() { scheduler.run(); }
  void pass(duration d) {
    clock.pass(d);
    scheduler.advance_time(d);
    run();
  }
  void crash(std::string const& name) {
    caf::anon_send(now.at(name), throw_atom::value);
    run();
  }
  std::vector<std::string> told() { return std::exchange(log, {}); }

  using words = std::vector<std::string>;
  test::still_clock clock;
  double random = 0.999999;
  std::string refuses; ///< this start throws
  std::string stuck;   ///< this one cannot be ended while it hangs
  std::promise<void> release;
  std::shared_future<void> released = release.get_future().share();
  words log;
  words escalated;
  std::map<std::string, caf::actor> now;
  test::still_config config;
  caf::actor_system system{config};
  caf::scheduler::test_coordinator& scheduler =
      dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler());
  caf::actor top;
};

using words = nursery::words;

} // namespace

TEST_CASE("supervisor: one for one starts the one that crashed, after its backoff", "[actors]") {
  nursery n{restart_strategy::one_for_one};
  CHECK(n.told() == words{"+a1", "+b1", "+c1"});
  n.crash("b");
  CHECK(n.told() == words{"-b1"});
  n.pass(198ms);
  CHECK(n.told().empty());
  n.pass(2ms);
  CHECK(n.told() == words{"+b2"});
  CHECK(n.escalated.empty());
}

TEST_CASE("supervisor: rest for one starts those that depend on the one again, in order",
          "[actors]") {
  nursery n{restart_strategy::rest_for_one};
  n.told();
  n.crash("b");
  CHECK(n.told() == words{"-b1", "-c1"}); // at once: they stand on what is gone
  n.pass(200ms);
  CHECK(n.told() == words{"+b2", "+c2"});
  n.crash("c"); // nobody depends on it
  n.pass(200ms);
  CHECK(n.told() == words{"-c2", "+c3"});
}

TEST_CASE("supervisor: one for all ends the others in reverse order and starts all in order",
          "[actors]") {
  nursery n{restart_strategy::one_for_all};
  n.told();
  n.crash("b");
  CHECK(n.told() == words{"-b1", "-c1", "-a1"});
  n.pass(200ms);
  CHECK(n.told() == words{"+a2", "+b2", "+c2"});
}

TEST_CASE("supervisor: those that go together wait for the one that is slow to stop", "[actors]") {
  nursery n{restart_strategy::one_for_all};
  n.told();
  caf::anon_send(n.now.at("c"), hang_atom::value);
  n.crash("a");
  CHECK(n.told() == words{"-a1"}); // b is asked when c is down
  n.pass(1s);
  CHECK(n.told().empty()); // the backoff is over, but two incarnations must not be there at once
  n.pass(4s);              // the grace is over: killed
  CHECK(n.told() == words{"-c1", "-b1", "+a2", "+b2", "+c2"});
}

TEST_CASE("supervisor: what is said of an older generation means nothing", "[actors]") {
  nursery n{restart_strategy::one_for_all, {5, 60s, 200ms, 30s}, "c1"};
  n.told();
  auto const old = n.now.at("c");
  caf::anon_send(old, hang_atom::value);
  n.crash("a");
  n.pass(5s); // asked
  n.pass(5s); // killed, in vain: left behind
  CHECK(n.told() == words{"-a1", "-b1", "+a2", "+b2", "+c2"});
  caf::scoped_actor self{n.system, true};
  self->monitor(old);
  n.release.set_value();
  self->receive([](caf::down_msg const&) {}); // its end is seen when another one has its place
  n.run();
  n.pass(10s);
  CHECK(n.told().empty());
  n.crash("c"); // and the present one is cared for
  n.pass(1s);
  CHECK(n.told() == words{"-c2", "-b2", "-a2", "+a3", "+b3", "+c3"});
}

TEST_CASE("supervisor: a restart that is due does not end what was started since", "[actors]") {
  nursery n{restart_strategy::one_for_all};
  n.told();
  n.crash("c"); // due in 200 ms, and with it all
  n.crash("a"); // is down already
  n.pass(200ms);
  CHECK(n.told() == words{"-c1", "-b1", "-a1", "+a2", "+b2", "+c2"});
  n.random = 0;
  n.crash("a"); // due at once
  n.pass(0ms);
  n.pass(10s);
  CHECK(n.told() == words{"-a2", "-c2", "-b2", "+a3", "+b3", "+c3"}); // once
}

TEST_CASE("supervisor: the backoff doubles up to its cap, and begins anew after a quiet time",
          "[actors]") {
  nursery n{restart_strategy::one_for_one, {10, 60s, 200ms, 1s}};
  n.told();
  for (auto const wait : {200ms, 400ms, 800ms, 1000ms, 1000ms}) {
    n.crash("a");
    n.told();
    n.pass(wait - 2ms);
    CHECK(n.told().empty());
    n.pass(2ms);
    CHECK(n.told().size() == 1);
  }
  n.pass(61s);
  n.crash("a");
  n.told();
  n.pass(200ms);
  CHECK(n.told() == words{"+a7"});
}

TEST_CASE("supervisor: full jitter may start at once", "[actors]") {
  nursery n{restart_strategy::one_for_one};
  n.told();
  n.random = 0;
  n.crash("a");
  n.pass(0ms);
  CHECK(n.told() == words{"-a1", "+a2"});
}

TEST_CASE("supervisor: one that crashes more often than its policy allows goes up, once",
          "[actors]") {
  nursery n{restart_strategy::one_for_one, {2, 60s, 200ms, 30s}};
  for (int i = 0; i < 2; ++i) {
    n.crash("b");
    n.pass(1s);
  }
  CHECK(n.escalated.empty());
  n.told();
  n.crash("b");
  n.pass(10min);
  CHECK(n.told() == words{"-b3"});
  CHECK(n.escalated == words{"b"});
  n.crash("a"); // the others are still cared for
  n.pass(1s);
  CHECK(n.told() == words{"-a1", "+a2"});
}

TEST_CASE("supervisor: a start that throws is a crash", "[actors]") {
  nursery n{restart_strategy::rest_for_one};
  n.told();
  n.refuses = "b2";
  n.crash("b");
  n.pass(200ms);
  CHECK(n.told() == words{"-b1", "-c1", "+b2"}); // c waits for it
  n.pass(400ms);
  CHECK(n.told() == words{"+b3", "+c2"});
}

TEST_CASE("supervisor: one that ended on purpose stays down", "[actors]") {
  nursery n{restart_strategy::one_for_one};
  n.told();
  caf::anon_send(n.now.at("a"), stop_atom::value);
  n.run();
  n.pass(10min);
  CHECK(n.told() == words{"-a1"});
  CHECK(n.escalated.empty());
}

TEST_CASE("supervisor: a stop ends all in reverse order, and waits for none that cannot end",
          "[actors]") {
  nursery n{restart_strategy::rest_for_one};
  n.told();
  caf::anon_send(n.now.at("b"), hang_atom::value);
  n.run();
  caf::scoped_actor self{n.system, true};
  self->monitor(n.top);
  caf::anon_send(n.top, stop_atom::value);
  n.run();
  CHECK(n.told() == words{"-c1"});
  n.pass(5s);
  CHECK(n.told() == words{"-b1", "-a1"});
  bool down = false;
  self->receive([&](caf::down_msg const& d) { down = d.reason == caf::exit_reason::user_shutdown; },
                caf::after(0s) >> [] {});
  CHECK(down);
}

TEST_CASE("supervisor: while it stops nothing is started again", "[actors]") {
  nursery n{restart_strategy::one_for_one};
  n.told();
  n.crash("b");
  caf::anon_send(n.top, stop_atom::value);
  n.run();
  n.pass(10min);
  CHECK(n.told() == words{"-b1", "-c1", "-a1"});
}

TEST_CASE("supervisor: children that do not depend on one another are stopped all at once",
          "[actors]") {
  nursery n{restart_strategy::one_for_one};
  n.told();
  caf::anon_send(n.now.at("c"), hang_atom::value);
  n.run();
  caf::anon_send(n.top, stop_atom::value);
  n.run();
  CHECK(n.told() == words{"-b1", "-a1"});
}
