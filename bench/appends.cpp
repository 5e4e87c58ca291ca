#include "actors/journal.hpp"
#include "actors/real_ports.hpp"
#include "actors/work_pool.hpp"
#include "bench/measures.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>

#include <thread>

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::shared_ptr<troupe::bench::histogram>)

namespace troupe::bench {

namespace {

/// What the entities of one repeat share.
struct shared_parts {
  journal* log = nullptr;
  std::vector<std::uint64_t> epochs;
  random_id_port ids;
  stopwatch watch;
};

/// An entity that appends one event of about 300 bytes, waits until it is durable, and goes on.
class appender : public caf::event_based_actor {
public:
  appender(caf::actor_config& cfg, shared_parts* all, int number, caf::actor report_to)
      : caf::event_based_actor(cfg),
        all_(*all), ref_{tenant_id{"bench"}, entity_kind::ticket, "e" + std::to_string(number)},
        done_(std::move(report_to)) {}
  caf::behavior make_behavior() override {
    append();
    return {[this](appended_ptr const& a) {
      if (all_.watch.counts())
        samples_->record(ns_since(begun_));
      if (!a->outcome || a->outcome->status != unit_status::ok)
        *samples_ = {}; // a refused append is no figure; `one` says so
      else if (!all_.watch.over())
        return append();
      send(done_, samples_);
      quit();
    }};
  }

private:
  void append() {
    new_event e;
    e.event_id = all_.ids.uuid();
    e.type = "ticket.commented";
    e.at = time_point{duration{1'750'000'000'000}};
    e.principal = "human:bench";
    e.cause = e.event_id;
    e.data = R"({"id":"c1","text":")" + std::string(270, 'x') + "\"}";
    e.hash = chain_hash(hash_, ref_, version_ + 1, e);
    hash_ = e.hash;
    unit u;
    u.shard = shard_of(ref_);
    u.epoch = all_.epochs[u.shard];
    u.tenant = ref_.tenant;
    u.writes.push_back({ref_, version_++, {std::move(e)}, std::nullopt});
    begun_ = clock::now();
    all_.log->append(std::move(u), {version_, caf::actor_cast<caf::actor>(this), true, nullptr});
  }

  shared_parts& all_;
  entity_ref ref_;
  std::uint64_t version_ = 0;
  std::string hash_{no_hash()};
  caf::actor done_;
  clock::time_point begun_;
  std::shared_ptr<histogram> samples_ = std::make_shared<histogram>();
};

result<measure> one(stores const& s, int level, timing const& t) {
  auto at = s.open();
  if (!at)
    return at.error();
  auto handle = at->store();
  if (!handle)
    return handle.error();
  auto epochs = (*handle)->claim_all("bench");
  if (!epochs)
    return epochs.error();
  auto log = journal::open(at->store, {});
  if (!log)
    return log.error();
  shared_parts all;
  all.log = log->get();
  all.epochs = std::move(*epochs);
  histogram samples;
  bool refused = false;
  double took = 0;
  {
    caf::actor_system_config cfg;
    cfg.load<work_pool>();
    cfg.set("scheduler.max-threads", static_cast<std::size_t>(2));
    caf::actor_system system{cfg};
    caf::scoped_actor self{system};
    for (int i = 0; i < level; ++i)
      system.spawn<appender>(&all, i, caf::actor_cast<caf::actor>(self));
    took = all.watch.run(t, [](seconds wait) { std::this_thread::sleep_for(wait); });
    for (int i = 0; i < level; ++i)
      self->receive([&](std::shared_ptr<histogram> const& part) {
        refused = refused || part->count() == 0;
        samples.add(*part);
      });
    (*log)->stop(std::chrono::seconds{5});
  }
  if (refused)
    return fail(errc::internal, "an append was refused, or none was answered in time");
  measure m;
  m.what = "appends";
  m.where = s.name;
  m.loop = "closed";
  m.level = level;
  m.rate = static_cast<double>(samples.count()) / took;
  m.events_each = 1;
  auto const& c = (*log)->counters();
  m.events_per_batch = static_cast<double>(c.events) / static_cast<double>(c.batches);
  m.commits_each = 1 / m.events_per_batch;
  add_latencies(m, samples);
  return m;
}

} // namespace

result<std::vector<measure>> appends(stores const& s, timing const& t) {
  std::vector<measure> out;
  for (int const level : {1, 64}) {
    auto m = repeated(t, [&] { return one(s, level, t); });
    if (!m)
      return m.error();
    out.push_back(std::move(*m));
  }
  return out;
}

} // namespace troupe::bench
