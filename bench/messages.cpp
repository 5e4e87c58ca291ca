#include "actors/send_point.hpp"
#include "actors/work_pool.hpp"
#include "bench/measures.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <thread>

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::tell)

namespace troupe::bench {

namespace {

using ping_atom = caf::atom_constant<caf::atom("ping")>;

constexpr int crowd = 1000;

/// One request in so many is timed, and stands for the others: looking at the clock twice takes a
/// tenth of the time of a message. A prime, so that it is not always the same one of a round.
constexpr std::uint64_t timed_each = 17;

/// A class, because CAF 0.17 binds a reference to nothing where it starts a function that takes
/// nothing.
class echo : public caf::event_based_actor {
public:
  using caf::event_based_actor::event_based_actor;
  caf::behavior make_behavior() override {
    return {[](ping_atom, int n) { return n; }, [](tell const&, int n) { return n; }};
  }
};

/// What the actors of one repeat share. Samples are recorded by one actor at a time: where several
/// ask, each has a histogram of its own.
struct shared_parts {
  stopwatch watch;
};

envelope question() {
  envelope e;
  e.id = "m1";
  e.from = principal_id{"agent:bench.dev"};
  e.to = principal_id{"agent:bench.pm"};
  e.kind = message_kind::question;
  e.parts.push_back(text_part("Which column holds the name?"));
  return e;
}

/// Keeps `level` requests to each of `to` under way until the time is over and all are answered. An
/// envelope goes through the send point first.
class asker : public caf::event_based_actor {
public:
  asker(caf::actor_config& cfg, std::vector<caf::actor> to, int level, bool envelopes,
        shared_parts* all, histogram* samples, caf::actor report_to)
      : caf::event_based_actor(cfg), to_(std::move(to)), level_(level), envelopes_(envelopes),
        all_(*all), samples_(*samples), done_(std::move(report_to)) {}
  caf::behavior make_behavior() override {
    for (auto const& one : to_) {
      for (int i = 0; i < level_; ++i)
        ask(one);
    }
    return {[](ping_atom) {}};
  }

private:
  void ask(caf::actor const& to) {
    ++open_;
    bool const timed = asked_++ % timed_each == 0;
    auto const begun = timed ? clock::now() : clock::time_point{};
    auto const answered = [this, to, timed, begun](int) {
      --open_;
      if (timed && all_.watch.counts())
        samples_.record(ns_since(begun), timed_each);
      if (!all_.watch.over())
        ask(to);
      else if (open_ == 0) {
        send(done_, ping_atom::value);
        quit();
      }
    };
    if (!envelopes_) {
      request(to, caf::infinite, ping_atom::value, 1).then(answered);
      return;
    }
    if (auto passed = send_point(tenant_id{"default"}, question_))
      request(to, caf::infinite, std::move(*passed), 1).then(answered);
  }

  std::vector<caf::actor> to_;
  int level_;
  bool envelopes_;
  int open_ = 0;
  std::uint64_t asked_ = 0;
  shared_parts& all_;
  histogram& samples_;
  caf::actor done_;
  envelope const question_ = question();
};

/// Asks all of `to` and waits for all answers, round by round: a sample is a round.
class teller_of_all : public caf::event_based_actor {
public:
  teller_of_all(caf::actor_config& cfg, std::vector<caf::actor> to, shared_parts* all,
                histogram* samples, caf::actor report_to)
      : caf::event_based_actor(cfg), to_(std::move(to)), all_(*all), samples_(*samples),
        done_(std::move(report_to)) {}
  caf::behavior make_behavior() override {
    round();
    return {[](ping_atom) {}};
  }

private:
  void round() {
    begun_ = clock::now();
    open_ = static_cast<int>(to_.size());
    for (auto const& one : to_) {
      request(one, caf::infinite, ping_atom::value, 1).then([this](int) {
        if (--open_ > 0)
          return;
        if (all_.watch.counts())
          samples_.record(ns_since(begun_));
        if (!all_.watch.over())
          return round();
        send(done_, ping_atom::value);
        quit();
      });
    }
  }

  std::vector<caf::actor> to_;
  int open_ = 0;
  shared_parts& all_;
  histogram& samples_;
  caf::actor done_;
  clock::time_point begun_;
};

/// Starts an actor, asks it once and lets it go, `level` at a time.
class parent : public caf::event_based_actor {
public:
  parent(caf::actor_config& cfg, int level, shared_parts* all, histogram* samples,
         caf::actor report_to)
      : caf::event_based_actor(cfg), level_(level), all_(*all), samples_(*samples),
        done_(std::move(report_to)) {}
  caf::behavior make_behavior() override {
    for (int i = 0; i < level_; ++i)
      bear();
    return {[](ping_atom) {}};
  }

private:
  void bear() {
    ++open_;
    auto const begun = clock::now();
    auto const child = spawn<echo>();
    request(child, caf::infinite, ping_atom::value, 1).then([this, begun](int) {
      --open_;
      if (all_.watch.counts())
        samples_.record(ns_since(begun));
      if (!all_.watch.over())
        return bear();
      if (open_ == 0) {
        send(done_, ping_atom::value);
        quit();
      }
    });
  }

  int level_;
  int open_ = 0;
  shared_parts& all_;
  histogram& samples_;
  caf::actor done_;
};

/// One repeat: `start` spawns who asks and answers how many of them will say that they are done.
template <class Start>
result<measure> one(std::string where, int level, timing const& t, double weight, Start start) {
  shared_parts all;
  std::vector<histogram> samples;
  double took = 0;
  {
    caf::actor_system_config cfg;
    cfg.load<work_pool>();
    cfg.set("scheduler.max-threads", static_cast<std::size_t>(2));
    caf::actor_system system{cfg};
    caf::scoped_actor self{system};
    std::vector<caf::actor> helpers;
    int const askers = start(system, helpers, all, samples, caf::actor_cast<caf::actor>(self));
    took = all.watch.run(t, [](seconds wait) { std::this_thread::sleep_for(wait); });
    for (int i = 0; i < askers; ++i)
      self->receive([](ping_atom) {});
    for (auto const& h : helpers)
      caf::anon_send_exit(h, caf::exit_reason::user_shutdown);
  }
  histogram sum;
  for (auto const& h : samples)
    sum.add(h);
  measure m;
  m.what = "messages";
  m.where = std::move(where);
  m.loop = "closed";
  m.level = level;
  m.rate = static_cast<double>(sum.count()) * weight / took;
  add_latencies(m, sum);
  return m;
}

std::vector<caf::actor> spawn_crowd(caf::actor_system& system) {
  std::vector<caf::actor> out;
  out.reserve(crowd);
  for (int i = 0; i < crowd; ++i)
    out.push_back(system.spawn<echo>());
  return out;
}

} // namespace

std::vector<measure> messages(timing const& t) {
  std::vector<measure> out;
  auto const add = [&](char const* where, int level, double weight, auto start) {
    if (auto m = repeated(t, [&] { return one(where, level, t, weight, start); }))
      out.push_back(std::move(*m));
  };
  for (bool const envelopes : {false, true}) {
    for (int const level : {1, 64})
      add(envelopes ? "two bare actors, envelopes through the send point" : "two bare actors",
          level, 1,
          [=](auto& system, auto& helpers, auto& all, auto& samples, caf::actor const& done) {
            samples.resize(1);
            helpers.push_back(system.template spawn<echo>());
            system.template spawn<asker>(helpers, level, envelopes, &all, &samples[0], done);
            return 1;
          });
  }
  add("1,000 actors ask one", crowd, 1,
      [](auto& system, auto& helpers, auto& all, auto& samples, caf::actor const& done) {
        samples.resize(crowd);
        helpers.push_back(system.template spawn<echo>());
        for (auto& s : samples)
          system.template spawn<asker>(helpers, 1, false, &all, &s, done);
        return crowd;
      });
  add("one actor asks 1,000 (latency: of all 1,000)", crowd, crowd,
      [](auto& system, auto& helpers, auto& all, auto& samples, caf::actor const& done) {
        samples.resize(1);
        helpers = spawn_crowd(system);
        system.template spawn<teller_of_all>(helpers, &all, &samples[0], done);
        return 1;
      });
  add("a new actor and its first answer", 1, 1,
      [](auto& system, auto&, auto& all, auto& samples, caf::actor const& done) {
        samples.resize(1);
        system.template spawn<parent>(1, &all, &samples[0], done);
        return 1;
      });
  return out;
}

} // namespace troupe::bench
