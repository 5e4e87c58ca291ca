#include "actors/journal.hpp"
#include "actors/real_ports.hpp"
#include "bench/report.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>

namespace troupe::bench {

namespace {

using clock = std::chrono::steady_clock;

/// An entity that appends one event of about 300 bytes, waits until it is durable, and goes on.
class appender : public caf::event_based_actor {
public:
  appender(caf::actor_config& cfg, journal* log, std::vector<std::uint64_t> const* epochs,
           random_id_port* ids, int number, int total, caf::actor report_to)
      : caf::event_based_actor(cfg), log_(*log), ids_(*ids), left_(total),
        done_(std::move(report_to)) {
    ref_ = {tenant_id{"bench"}, entity_kind::ticket, "e" + std::to_string(number)};
    epoch_ = (*epochs)[shard_of(ref_)];
  }
  caf::behavior make_behavior() override {
    append();
    return {[this](appended_ptr const& a) {
      samples_.push_back(std::chrono::duration<double, std::micro>(clock::now() - begun_).count());
      if (!a->outcome || a->outcome->status != unit_status::ok || --left_ == 0) {
        send(done_, std::make_shared<std::vector<double>>(std::move(samples_)));
        quit();
        return;
      }
      append();
    }};
  }

private:
  void append() {
    new_event e;
    e.event_id = ids_.uuid();
    e.type = "ticket.commented";
    e.at = time_point{duration{1'750'000'000'000}};
    e.principal = "human:bench";
    e.cause = e.event_id;
    e.data = R"({"id":"c1","text":")" + std::string(270, 'x') + "\"}";
    e.hash = chain_hash(hash_, ref_, version_ + 1, e);
    hash_ = e.hash;
    unit u;
    u.shard = shard_of(ref_);
    u.epoch = epoch_;
    u.tenant = ref_.tenant;
    u.writes.push_back({ref_, version_++, {std::move(e)}, std::nullopt});
    begun_ = clock::now();
    log_.append(std::move(u), version_, caf::actor_cast<caf::actor>(this));
  }

  journal& log_;
  random_id_port& ids_;
  entity_ref ref_;
  std::uint64_t epoch_ = 0;
  std::uint64_t version_ = 0;
  std::string hash_{no_hash()};
  int left_;
  caf::actor done_;
  clock::time_point begun_;
  std::vector<double> samples_;
};

result<measure> one(stores const& s, int level, int total) {
  auto store = s.open();
  if (!store)
    return store.error();
  auto handle = (*store)();
  if (!handle)
    return handle.error();
  auto epochs = (*handle)->claim_all("bench");
  if (!epochs)
    return epochs.error();
  journal_settings settings;
  settings.writers = s.writers;
  auto log = journal::open(*store, settings);
  if (!log)
    return log.error();
  random_id_port ids;
  std::vector<double> samples;
  double seconds = 0;
  {
    caf::actor_system_config cfg;
    cfg.set("scheduler.policy", caf::atom("sharing"));
    cfg.set("scheduler.max-threads", static_cast<std::size_t>(2));
    caf::actor_system system{cfg};
    caf::scoped_actor self{system};
    auto const begin = clock::now();
    for (int i = 0; i < level; ++i)
      system.spawn<appender>(log->get(), &*epochs, &ids, i, total / level,
                             caf::actor_cast<caf::actor>(self));
    for (int i = 0; i < level; ++i)
      self->receive([&](std::shared_ptr<std::vector<double>> const& part) {
        samples.insert(samples.end(), part->begin(), part->end());
      });
    seconds = std::chrono::duration<double>(clock::now() - begin).count();
    (*log)->stop(std::chrono::seconds{5});
  }
  measure m{"appends", s.name, level,          static_cast<double>(samples.size()) / seconds,
            0,         0,      samples.size(), 0};
  m.p50_us = percentile(samples, 0.5);
  m.p99_us = percentile(samples, 0.99);
  return m;
}

} // namespace
} // namespace troupe::bench

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::shared_ptr<std::vector<double>>)

namespace troupe::bench {

result<std::vector<measure>> appends(stores const& s, int repeats) {
  std::vector<measure> out;
  for (int const level : {1, 64}) {
    std::vector<measure> runs;
    for (int i = 0; i < repeats; ++i) {
      auto m = one(s, level, s.name == "memory" ? 20'000 : level == 1 ? 1'000 : 12'800);
      if (!m)
        return m.error();
      runs.push_back(std::move(*m));
    }
    out.push_back(median(std::move(runs)));
  }
  return out;
}

} // namespace troupe::bench
