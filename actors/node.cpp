#include "actors/node.hpp"

#include "actors/alarm_clock.hpp"
#include "actors/dispatch_desk.hpp"
#include "actors/dispatcher.hpp"
#include "actors/guarded_store.hpp"
#include "actors/node_id.hpp"
#include "actors/real_ports.hpp"
#include "actors/region.hpp"
#include "actors/supervisor.hpp"
#include "actors/waker.hpp"
#include "actors/work_pool.hpp"
#include "protocol/crash_point.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/node_id.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <condition_variable>
#include <future>
#include <thread>

namespace troupe {

namespace {

caf::actor_system_config& configured(caf::actor_system_config& cfg, int threads) {
  cfg.load<work_pool>();
  cfg.set("scheduler.max-threads", static_cast<std::size_t>(threads));
  cfg.set("scheduler.max-throughput", static_cast<std::size_t>(100)); // no actor starves others
  return cfg;
}

} // namespace

struct node::parts {
  explicit parts(node_settings const& s)
      : door(s.admission), leases(s.resend * 6), crowd(s.live_limit),
        system(configured(config, s.threads)), view(s.recent, s.check_invariants) {}

  admission door;      ///< outlives the commands that are counted there
  lease_desk leases;   ///< outlives the actors that ask it
  population crowd;    ///< outlives the actors that are counted there
  effect_book effects; ///< outlives the actors that write in it
  alarm_clock alarms;
  caf::actor_system_config config;
  caf::actor_system system;
  system_clock_port clock;
  random_id_port ids;
  incident_log incidents;
  runtime rt;
  dispatch_desk desk{[this](entity_ref const& ticket) { return plan_in_view(ticket); }};
  std::unique_ptr<troupe::journal> log;
  board view;
  std::unique_ptr<region> where;
  std::unique_ptr<waker> waking;
  std::unique_ptr<request_desk> requests;
  std::unique_ptr<thinkers> engines;
  std::unique_ptr<event_store> holder; ///< its connection holds the store for this node
  std::thread holding;                 ///< waits for the end of the server that was fenced
  std::mutex holding_mutex;
  std::condition_variable holding_over;
  std::atomic<std::uint64_t> restarts{0};
  std::vector<std::uint64_t> epochs;
  std::mutex probe_mutex;
  std::vector<std::function<void(std::optional<error>)>> probes; ///< wait for the one under way
  std::function<void()> failed;
  std::once_flag has_failed;
  caf::actor root; ///< the supervisor of dispatcher and shards
  std::atomic<bool> stopped = false;

  /// The dispatcher and the shards, and who starts them again.
  ///
  /// One for one: a shard knows nothing of the others. The dispatcher and the tickets know one
  /// another by name, and what a new one of either must know is told again: the desk tells a
  /// dispatcher, the store a shard. So nobody's crash makes another's state wrong, and starting
  /// more than the one would only cost.
  void start_actors(std::vector<std::uint64_t> const& epochs);
  /// Shards (with entities that have an append under way, and finish it) and dispatcher.
  [[nodiscard]] bool stop_actors(duration deadline);
  void give_up(std::string const& part);
  [[nodiscard]] std::optional<ticket_plan> plan_in_view(entity_ref const& ticket) const;
  [[nodiscard]] static result<std::vector<entity_ref>> due_in(event_store& store,
                                                              std::uint32_t shard);
  [[nodiscard]] result<void> read_log(std::vector<event_store*> const& stores,
                                      board::listener const& each);
  void hold_later(std::string owner);
  void pause(duration most);
  void end_holding();
};

/// What cannot be mended by starting a part again is left to whoever started the process.
void node::parts::give_up(std::string const& part) {
  std::call_once(has_failed, [&] {
    spdlog::critical("{} cannot be kept running; the process ends with code 70, to be started "
                     "again (by systemd, Docker or by hand). What was acknowledged is durable. If "
                     "it comes back, report the log lines above",
                     part);
    if (!failed)
      std::_Exit(70);
    failed();
  });
}

void node::parts::start_actors(std::vector<std::uint64_t> const& epochs_now) {
  supervision_plan plan;
  plan.clock = &clock;
  plan.escalate = [this](std::string const& name) { give_up(name); };
  child_spec dispatcher;
  dispatcher.name = "dispatcher";
  dispatcher.start = [this](std::uint64_t generation) {
    leases.renew();
    auto a = system.spawn<dispatcher_actor>(static_cast<runtime const*>(&rt), &leases);
    desk.open(a);
    if (generation > 1) {
      where->remind();
      ++restarts;
    }
    return a;
  };
  plan.children.push_back(std::move(dispatcher));
  for (auto& c : where->children(epochs_now, [this](std::uint32_t shard) {
         ++restarts;
         log->read([this, shard](event_store& store) {
           auto const due = due_in(store, shard);
           if (!due)
             spdlog::error("shard {} runs again, but what it has to do could not be read; it is "
                           "done when it is called: {}",
                           shard, due.error().message);
           for (std::size_t i = 0; due && i < due->size(); ++i)
             where->wake((*due)[i]);
         });
       }))
    plan.children.push_back(std::move(c));
  root = system.spawn<supervisor>(std::move(plan));
  // Whoever calls from here on finds every shard at its place.
  caf::scoped_actor self{system};
  self->request(root, caf::infinite, ready_atom::value)
      .receive([](bool) {}, [](caf::error const&) {});
}

bool node::parts::stop_actors(duration deadline) {
  if (!root)
    return true;
  caf::scoped_actor self{system};
  self->monitor(root);
  caf::anon_send(root, stop_atom::value);
  bool late = false;
  self->receive([](caf::down_msg const&) {}, caf::after(deadline) >> [&] { late = true; });
  root = nullptr;
  desk.close();
  where->close();
  return !late;
}

std::optional<ticket_plan> node::parts::plan_in_view(entity_ref const& ticket) const {
  auto state = view.get(ticket);
  if (state.is_null()) {
    view.settle(); // it was fed, and perhaps not yet applied
    state = view.get(ticket);
  }
  return plan_of(state);
}

/// The entities of a shard that have something to do by themselves.
result<std::vector<entity_ref>> node::parts::due_in(event_store& store, std::uint32_t shard) {
  constexpr std::size_t page = 1'000'000;
  auto due = store.due(shard, time_point::max(), page);
  if (!due)
    return due.error();
  std::vector<entity_ref> out;
  out.reserve(due->size());
  for (auto& s : *due)
    out.push_back(std::move(s.stream));
  return out;
}

/// Nobody else appends any more, so they may all see it as it is at one moment, which is less to
/// ask for.
result<void> node::parts::read_log(std::vector<event_store*> const& stores,
                                   board::listener const& each) {
  for (auto* s : stores)
    if (auto ok = s->freeze(); !ok)
      return ok;
  if (auto const read = view.catch_up(stores, each); !read)
    return read.error();
  for (auto* s : stores)
    if (auto ok = s->thaw(); !ok)
      return ok;
  return {};
}

/// The fenced server holds the store until it has ended. From then on it is held by this one, or
/// the fenced one would be let in when it is started again.
void node::parts::hold_later(std::string owner) {
  holding = std::thread{[this, owner = std::move(owner)] {
    constexpr duration slice{500}; // a stop waits for so long
    bool told = false;
    while (!stopped) {
      auto const held = holder->hold(owner, slice);
      if (held) {
        spdlog::info("the store is held");
        return;
      }
      if (!std::exchange(told, true))
        spdlog::warn("the store is not held yet why=\"{}\"", held.error().message);
      // One that is busy has waited already: in the gap somebody else might be let in.
      pause(held.error().code == errc::busy ? duration{20} : slice);
    }
  }};
}

void node::parts::pause(duration most) {
  std::unique_lock lock{holding_mutex};
  holding_over.wait_for(lock, most, [this] { return stopped.load(); });
}

void node::parts::end_holding() {
  { std::lock_guard lock{holding_mutex}; }
  holding_over.notify_all();
  if (holding.joinable())
    holding.join();
}

node::node(std::unique_ptr<parts> p) : parts_(std::move(p)) {}

node::~node() {
  if (parts_ && !parts_->stopped && !stop(std::chrono::seconds{10}))
    std::_Exit(75); // a stuck actor would hang the actor system's destructor for ever
}

result<std::unique_ptr<node>> node::start(node_settings settings, store_factory const& store,
                                          runner_port& runner) {
  auto opened = journal::open(store, settings.journal);
  if (!opened)
    return opened.error();
  auto boot = guarded(store)();
  if (!boot)
    return boot.error();
  auto helper = guarded(store)();
  if (!helper)
    return helper.error();
  bool const take_over = settings.take_over;
  auto const owner = settings.owner;
  if (!take_over)
    if (auto held = (*boot)->hold(settings.owner, settings.hold_wait); !held)
      return held.error();
  auto epochs = (*boot)->claim_all(settings.owner);
  if (!epochs)
    return epochs.error();
  // Whoever wrote to it would be told that somebody else had it.
  if (auto const gone = std::find(epochs->begin(), epochs->end(), std::uint64_t{0});
      gone != epochs->end())
    return fail(errc::corrupt, "the store has no shard " + std::to_string(gone - epochs->begin()) +
                                   "; run `troupe verify`, and restore the ledger");
  TROUPE_CRASH_POINT(20, "start: shards claimed, nothing read");

  auto p = std::make_unique<parts>(settings);
  // What the network module will ask for; without it (one node) CAF would not make a name at all.
  (void)caf::node_id::default_data::local(p->config);
  if (!node_id_is_ours())
    return fail(errc::internal, "the actor system did not take this process's own node id; link "
                                "actors/node_id.cpp into the executable with -rdynamic");
  p->log = std::move(*opened);
  if (settings.lost)
    p->log->on_fenced(settings.lost);
  p->failed = settings.failed;
  p->log->on_failed([parts = p.get()] { parts->give_up("the journal"); });
  p->rt.clock = &p->clock;
  p->rt.ids = &p->ids;
  p->rt.journal = p->log.get();
  p->rt.runner = &runner;
  p->rt.resend = settings.resend;
  p->rt.idle = settings.idle;
  p->rt.grace = settings.grace;
  p->rt.snapshot_after = settings.snapshot_after;
  p->rt.incidents = &p->incidents;
  p->rt.dispatcher = &p->desk;
  p->rt.leases = &p->leases;
  p->rt.crowd = &p->crowd;
  p->rt.door = &p->door;
  p->rt.alarms = &p->alarms;
  p->rt.effects = &p->effects;
  p->where = std::make_unique<region>(p->system, p->rt);
  p->waking = std::make_unique<waker>(*p->where, p->crowd);
  p->requests = std::make_unique<request_desk>(*p->log, *p->where, p->ids, &p->door);

  auto* raw = p.get();
  std::string greatest;
  auto const read = p->read_log({boot->get(), helper->get()}, [&](board_event const& e) {
    if (e.event->event.event_id > greatest)
      greatest = e.event->event.event_id;
    p->desk.was(*e.event);
  });
  if (!read)
    return read.error();
  helper->reset();
  p->ids.go_on_after(greatest);
  p->epochs = *epochs;
  p->holder = std::move(*boot);
  p->log->observe([raw](committed_ptr const& batch) {
    raw->view.feed(batch); // first: the desk asks it for the tickets that it knows
    raw->desk.committed(batch);
  });

  std::unique_ptr<node> n{new node{std::move(p)}};
  raw->engines = std::make_unique<thinkers>(
      std::move(settings.engines), [n = n.get()](entity_ref const& ref) { return n->ask(ref); },
      settings.engine_threads);
  raw->rt.engine = raw->engines.get();
  TROUPE_CRASH_POINT(21, "start: views caught up, nobody awake");
  raw->start_actors(*epochs);
  if (take_over)
    raw->hold_later(owner);

  return n;
}

result<void> node::resume() {
  auto done = std::make_shared<std::promise<result<void>>>();
  auto answer = done->get_future();
  parts_->log->read([this, done](event_store& store) {
    std::vector<entity_ref> all;
    for (std::uint32_t shard = 0; shard < shard_count; ++shard) {
      auto const due = parts_->due_in(store, shard);
      if (!due) {
        done->set_value(due.error());
        return;
      }
      all.insert(all.end(), due->begin(), due->end());
    }
    // Tickets are the many, and need what the others are to them.
    std::stable_partition(all.begin(), all.end(),
                          [](auto const& x) { return x.kind != entity_kind::ticket; });
    parts_->waking->start(std::move(all));
    done->set_value({});
  });
  auto out = answer.get();
  parts_->log->keep_tidy();
  return out;
}

std::optional<error> node::trouble() const {
  if (parts_->stopped)
    return fail(errc::unavailable, "the server is stopping");
  if (parts_->log->fenced())
    return shard_is_gone();
  if (auto why = parts_->log->away())
    return fail(errc::unavailable, "the store does not answer: " + why->message);
  return std::nullopt;
}

void node::probe(std::function<void(std::optional<error>)> done) {
  if (auto t = trouble()) {
    done(std::move(t));
    return;
  }
  {
    // However many ask: one look at a time, so that they cannot fill the queue of a store that is
    // slow to answer.
    std::lock_guard lock{parts_->probe_mutex};
    parts_->probes.push_back(std::move(done));
    if (parts_->probes.size() > 1)
      return;
  }
  parts_->log->read([raw = parts_.get(), this](event_store& store) {
    auto const shards = store.shards();
    std::optional<error> found;
    if (!shards) {
      found = fail(errc::unavailable, "the store does not answer: " + shards.error().message);
    } else {
      for (auto const& s : *shards) {
        if (s.shard < raw->epochs.size() && s.epoch > raw->epochs[s.shard])
          raw->log->note_fenced();
      }
      found = trouble();
    }
    std::vector<std::function<void(std::optional<error>)>> waiting;
    {
      std::lock_guard lock{raw->probe_mutex};
      waiting.swap(raw->probes);
    }
    for (auto const& w : waiting)
      w(found);
  });
}

void node::submit(entity_ref to, any_command command, submit_options options, completion done) {
  if (parts_->log->fenced()) {
    done(shard_is_gone());
    return;
  }
  parts_->requests->submit(std::move(to), std::move(command), std::move(options), std::move(done));
}

void node::query(entity_ref to, std::function<void(result<json::value>)> done) {
  parts_->requests->query(std::move(to), std::move(done));
}

result<json::value> node::ask(entity_ref const& to, duration limit) {
  auto answer = std::make_shared<std::promise<result<json::value>>>();
  auto future = answer->get_future();
  query(to, [answer](result<json::value> r) { answer->set_value(std::move(r)); });
  if (future.wait_for(limit) != std::future_status::ready)
    return fail(errc::timeout, to_string(to) + " did not answer in time");
  return future.get();
}

command_result node::tell(entity_ref to, any_command command, submit_options options,
                          duration limit) {
  auto answer = std::make_shared<std::promise<command_result>>();
  auto future = answer->get_future();
  auto const name = to_string(to);
  submit(std::move(to), std::move(command), std::move(options),
         [answer](command_result r) { answer->set_value(std::move(r)); });
  if (future.wait_for(limit) != std::future_status::ready)
    return fail(errc::timeout, name + " did not answer in time");
  return future.get();
}

node_counts node::counts() const {
  auto const& i = parts_->incidents;
  return {parts_->view.violations(), i.crashes(),      i.dead_letters(),
          i.in_quarantine(),         parts_->restarts, parts_->door.refused()};
}

node_load node::load() const {
  auto& p = *parts_;
  return {p.door.under_way(), p.door.limit(),
          p.crowd.live(),     p.crowd.limit(),
          p.crowd.reading(),  p.view.behind(),
          p.engines->load(),  p.leases.with([](matchmaker const& who) { return who.load(); }),
          p.log->load_now(),  p.effects.read()};
}

std::map<entity_ref, std::uint64_t> node::restarts_of_entities() const {
  return parts_->incidents.restarts();
}

std::size_t node::live() const {
  return parts_->crowd.live();
}

std::int64_t node::under_way() const {
  return parts_->door.under_way();
}

std::vector<dead_letter> node::dead_letters() const {
  return parts_->incidents.letters();
}

void node::presence(daemon_presence p) {
  parts_->desk.presence(std::move(p));
}

void node::kill_part(std::string const& name) {
  caf::anon_send(parts_->root, kill_atom::value, name);
}

board& node::view() {
  return parts_->view;
}

journal& node::log() {
  return *parts_->log;
}

id_port& node::ids() {
  return parts_->ids;
}

clock_port& node::clock() {
  return parts_->clock;
}

bool node::stop(duration deadline) {
  parts_->stopped = true;
  auto const limit = std::chrono::steady_clock::now() + deadline;
  auto const left = [&] {
    return std::max(duration{0},
                    std::chrono::duration_cast<duration>(limit - std::chrono::steady_clock::now()));
  };
  parts_->engines->stop();
  parts_->waking->stop();
  TROUPE_CRASH_POINT(23, "stop: listeners closed, actors up");
  bool const entities = parts_->stop_actors(left());
  parts_->alarms.stop();
  TROUPE_CRASH_POINT(24, "stop: before the journal ends");
  parts_->log->stop(left());
  parts_->view.stop();
  parts_->end_holding();
  parts_->holder.reset(); // the next server may have it at once
  return entities;
}

} // namespace troupe
