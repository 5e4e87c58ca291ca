#include "bench/report.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

namespace troupe::bench {

namespace {

using ping_atom = caf::atom_constant<caf::atom("ping")>;
using clock = std::chrono::steady_clock;

caf::behavior echo() {
  return {[](ping_atom, int n) { return n; }};
}

/// Keeps `level` requests under way until `total` were answered.
caf::behavior asker(caf::event_based_actor* self, caf::actor to, int level, int total,
                    caf::actor done) {
  auto const left = std::make_shared<int>(total);
  auto const open = std::make_shared<int>(0);
  auto const next = std::make_shared<std::function<void()>>();
  *next = [=] {
    if (*left == 0)
      return;
    --*left;
    ++*open;
    self->request(to, std::chrono::seconds{60}, ping_atom::value, 1).then([=](int) {
      --*open;
      (*next)();
      if (*left == 0 && *open == 0) {
        self->send(done, ping_atom::value);
        *next = nullptr;
        self->quit();
      }
    });
  };
  for (int i = 0; i < level; ++i)
    (*next)();
  return {[](ping_atom) {}};
}

measure one(int level, int total) {
  caf::actor_system_config cfg;
  cfg.set("scheduler.policy", caf::atom("sharing"));
  cfg.set("scheduler.max-threads", static_cast<std::size_t>(2));
  caf::actor_system system{cfg};
  caf::scoped_actor self{system};
  auto const to = system.spawn(echo);
  auto const begin = clock::now();
  system.spawn(asker, to, level, total, caf::actor_cast<caf::actor>(self));
  self->receive([](ping_atom) {});
  auto const seconds = std::chrono::duration<double>(clock::now() - begin).count();
  caf::anon_send_exit(to, caf::exit_reason::user_shutdown);
  measure m{
      "messages", "raw actors", level, total / seconds, 0, 0, static_cast<std::uint64_t>(total), 0};
  m.p50_us = seconds * 1e6 / total * level;
  m.p99_us = m.p50_us;
  return m;
}

} // namespace

std::vector<measure> messages(int repeats) {
  std::vector<measure> out;
  for (int const level : {1, 64}) {
    std::vector<measure> runs;
    for (int i = 0; i < repeats; ++i)
      runs.push_back(one(level, level == 1 ? 50'000 : 200'000));
    out.push_back(median(std::move(runs)));
  }
  return out;
}

} // namespace troupe::bench
