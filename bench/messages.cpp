#include "bench/measures.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <thread>

namespace troupe::bench {

namespace {

using ping_atom = caf::atom_constant<caf::atom("ping")>;

caf::behavior echo() {
  return {[](ping_atom, int n) { return n; }};
}

/// Keeps `level` requests under way until the time is over and all are answered.
class asker : public caf::event_based_actor {
public:
  asker(caf::actor_config& cfg, caf::actor to, int level, stopwatch* watch,
        std::vector<double>* samples, caf::actor report_to)
      : caf::event_based_actor(cfg), to_(std::move(to)), level_(level), watch_(*watch),
        samples_(*samples), done_(std::move(report_to)) {}
  caf::behavior make_behavior() override {
    for (int i = 0; i < level_; ++i)
      ask();
    return {[](ping_atom) {}};
  }

private:
  void ask() {
    ++open_;
    request(to_, caf::infinite, ping_atom::value, 1).then([this, begun = clock::now()](int) {
      --open_;
      if (watch_.counts())
        samples_.push_back(us_since(begun));
      if (!watch_.over())
        ask();
      else if (open_ == 0) {
        send(done_, ping_atom::value);
        quit();
      }
    });
  }

  caf::actor to_;
  int level_;
  int open_ = 0;
  stopwatch& watch_;
  std::vector<double>& samples_;
  caf::actor done_;
};

measure one(int level, timing const& t) {
  stopwatch watch;
  std::vector<double> samples;
  samples.reserve(4'000'000); // no growth while measuring
  double took = 0;
  {
    caf::actor_system_config cfg;
    cfg.set("scheduler.policy", caf::atom("sharing"));
    cfg.set("scheduler.max-threads", static_cast<std::size_t>(2));
    caf::actor_system system{cfg};
    caf::scoped_actor self{system};
    auto const to = system.spawn(echo);
    system.spawn<asker>(to, level, &watch, &samples, caf::actor_cast<caf::actor>(self));
    took = watch.run(t, [](seconds wait) { std::this_thread::sleep_for(wait); });
    self->receive([](ping_atom) {});
    caf::anon_send_exit(to, caf::exit_reason::user_shutdown);
  }
  measure m;
  m.what = "messages";
  m.where = "two bare actors";
  m.level = level;
  m.rate = static_cast<double>(samples.size()) / took;
  add_latencies(m, std::move(samples));
  return m;
}

} // namespace

std::vector<measure> messages(timing const& t) {
  std::vector<measure> out;
  for (int const level : {1, 64}) {
    std::vector<measure> runs;
    runs.reserve(static_cast<std::size_t>(t.repeats));
    for (int i = 0; i < t.repeats; ++i)
      runs.push_back(one(level, t));
    out.push_back(median(std::move(runs)));
  }
  return out;
}

} // namespace troupe::bench
