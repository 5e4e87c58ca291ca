#include "tests/sim/universe.hpp"

#include "persistence/memory/memory_store.hpp"
#include "tests/sim/plants.hpp"
#include "tests/sim/resources.hpp"

namespace troupe::sim {

namespace {

constexpr duration second{1000};

/// How often each comes in an hour.
struct frequency {
  trouble what;
  double an_hour;
};
constexpr frequency frequencies[] = {
    {trouble::crash, 14}, {trouble::takeover, 3}, {trouble::stall, 5},
    {trouble::part, 8},   {trouble::outage, 4},   {trouble::slow, 4},
    {trouble::clock, 4},  {trouble::link, 10},    {trouble::daemon, 8},
};

} // namespace

universe::universe(options const& o)
    : store_(std::move(*open_memory_store()())), c_(o, *store_), db_(c_),
      people_(c_, [this] { return present(); }), neighbours_(c_, [this] { return present(); }) {
  c_.audit.on_event = [this](stored_event const& e) {
    c_.trace([&] {
      return "  " + to_string(e.stream) + " " + std::to_string(e.version) + " " + e.event.type +
             " cause=" + e.event.cause + " " + e.event.data.substr(0, 160);
    });
  };
  for (int i = 1; i <= 3; ++i)
    daemons_.push_back(std::make_unique<sim_daemon>(
        c_, daemon_id{"d-" + std::to_string(i)},
        [this](daemon_id const& daemon, std::shared_ptr<wire> const& w) {
          auto* s = present();
          if (s != nullptr)
            s->accept(daemon, w);
          return s != nullptr;
        }));
}

universe::~universe() {
  for (auto const& s : servers_)
    s->kill();
  c_.time.clear();
}

// ---- servers --------------------------------------------------------------------------------

sim_server* universe::present() const {
  return up_ != nullptr && !up_->dead() && !up_->stalled() ? up_ : nullptr;
}

void universe::boot(duration after) {
  auto const n = ++boots_;
  c_.time.after(after, [this, n] {
    if (n != boots_)
      return;
    auto s = std::make_unique<sim_server>(c_, db_, ++incarnations_);
    s->prepare();
    auto* raw = s.get();
    servers_.push_back(std::move(s));
    c_.time.after(c_.luck.between(duration{5}, duration{400}), [this, n, raw] {
      if (n != boots_) { // another one is being started
        raw->kill();
        return;
      }
      if (!raw->start()) {
        raw->kill();
        boot(c_.luck.between(second, 5 * second));
        return;
      }
      c_.trace([&] { return "server " + std::to_string(raw->incarnation()) + " is up"; });
      up_ = raw;
      raw->resume();
    });
  });
}

void universe::crash(char const* why) {
  if (up_ == nullptr)
    return;
  c_.trace([&] { return "server " + std::to_string(up_->incarnation()) + " dies: " + why; });
  std::exchange(up_, nullptr)->kill();
  boot(c_.sky.calm ? second : c_.luck.skewed(second / 10, 30 * second));
}

/// Dead servers go when nothing of theirs runs.
void universe::bury() {
  for (auto const& s : servers_)
    if (!s->dead() && s->must_end()) {
      if (s.get() == up_) {
        crash("it has to end");
      } else {
        c_.trace([&] { return "server " + std::to_string(s->incarnation()) + " ends"; });
        s->kill();
      }
      break; // `crash` may have changed the list
    }
  // The one that is being started is not yet `up_`, and not dead.
  std::erase_if(servers_, [](auto const& s) { return s->dead(); });
}

// ---- troubles -------------------------------------------------------------------------------

void universe::plan_troubles() {
  auto const whole = static_cast<duration::rep>(c_.o.hours * 3'600'000);
  chance when{c_.o.seed ^ 0xA5A5'5A5AULL}; // so that fewer troubles are the same ones
  std::vector<std::pair<duration, trouble>> all;
  for (auto const& f : frequencies) {
    auto const n = static_cast<int>(
        f.an_hour * c_.o.hours * 2 * static_cast<double>(when.pick(1000)) / 1000 + 0.5);
    for (int i = 0; i < n; ++i)
      all.emplace_back(when.between(second, duration{whole}), f.what);
  }
  std::sort(all.begin(), all.end());
  std::erase_if(all, [&](auto const& x) { return c_.o.without.contains(x.second); });
  if (all.size() > static_cast<std::size_t>(std::max(c_.o.most, 0)))
    all.resize(static_cast<std::size_t>(std::max(c_.o.most, 0)));
  scheduled_ = static_cast<int>(all.size());
  for (auto const& [at, t] : all)
    c_.time.at(at, [this, what = t] {
      if (!c_.sky.calm)
        happen(what);
    });
  c_.time.at(duration{whole}, [this] { calm_down(); });
}

void universe::happen(trouble t) {
  c_.trace([&] { return std::string{"trouble: "} + to_string(t); });
  auto const minute = 60 * second;
  switch (t) {
  case trouble::crash: // at some step from now on
    c_.note(happening::crash);
    crash_in_ = 1 + c_.luck.pick(c_.luck.percent(50) ? 40 : 400);
    return;
  case trouble::takeover:
    if (up_ != nullptr) {
      c_.note(happening::takeover);
      if (c_.luck.percent(50))
        up_->stall(c_.time.now() + c_.luck.between(second, 2 * minute));
      boot(duration{1});
    }
    return;
  case trouble::stall:
    if (up_ != nullptr) {
      c_.note(happening::stall);
      up_->stall(c_.time.now() + c_.luck.skewed(second, 2 * minute));
    }
    return;
  case trouble::part:
    kill_part();
    return;
  case trouble::outage:
    c_.note(happening::outage);
    c_.sky.away = true;
    c_.time.after(c_.luck.skewed(second, minute), [this] { c_.sky.away = false; });
    return;
  case trouble::slow:
    c_.note(happening::slow_store);
    c_.sky.slow = true;
    c_.time.after(c_.luck.skewed(10 * second, 3 * minute), [this] { c_.sky.slow = false; });
    return;
  case trouble::clock: {
    auto const by = c_.luck.skewed(second, 40 * minute);
    bool const forward = c_.luck.percent(50);
    c_.note(forward ? happening::clock_forward : happening::clock_back);
    c_.skew += forward ? by : -by;
    return;
  }
  case trouble::link:
    daemons_[c_.luck.index(daemons_.size())]->cut(c_.luck.skewed(second, 4 * minute));
    return;
  case trouble::daemon:
    daemons_[c_.luck.index(daemons_.size())]->crash(c_.luck.skewed(second, 4 * minute));
    return;
  case trouble::store:
  case trouble::frames:
  case trouble::agents:
  case trouble::people:
  case trouble::neighbours:
    return; // these come at every call
  }
}

/// The dispatcher, or a shard that has something to do.
void universe::kill_part() {
  if (up_ == nullptr)
    return;
  auto const known = c_.audit.ledger().states().entities();
  bool const dispatcher = known.empty() || c_.luck.percent(40);
  c_.note(dispatcher ? happening::dispatcher_down : happening::shard_down);
  up_->kill_part(dispatcher
                     ? "dispatcher"
                     : "shard/" + std::to_string(shard_of(known[c_.luck.index(known.size())])));
}

void universe::calm_down() {
  c_.trace([] { return std::string{"calm"}; });
  c_.sky = {};
  c_.sky.calm = true;
  crash_in_ = 0;
  calm_since_ = c_.time.now();
  for (auto const& d : daemons_)
    d->heal();
  // Often with a last blow, from which all must recover with nobody calling.
  if (!c_.o.without.contains(trouble::crash) && c_.luck.percent(50))
    c_.time.after(c_.luck.skewed(second, 60 * second), [this] {
      c_.note(happening::crash);
      crash("killed for the last time");
    });
  if (!c_.o.without.contains(trouble::part) && c_.luck.percent(50))
    for (int n = 0; n < 5; ++n)
      c_.time.after(c_.luck.skewed(second, 60 * second), [this] { kill_part(); });
  check_woken(); // after what went wrong before
  c_.time.after(60 * second, [this] { check_woken(); });
  watch();
}

void universe::check_woken() {
  auto* s = present();
  if (s == nullptr || !s->check_woken())
    c_.time.after(second, [this] { check_woken(); });
}

// ---- the end --------------------------------------------------------------------------------

/// Looks whether all is over; C6 where it does not come to be.
void universe::watch() {
  auto* s = present();
  auto left = people_.unfinished();
  for (auto& line : neighbours_.unfinished())
    left.push_back(std::move(line));
  bool const quiet =
      s != nullptr && s->at_rest() && c_.audit.open_requests() == 0 && people_.asked_for_all() &&
      std::all_of(daemons_.begin(), daemons_.end(), [](auto const& d) { return d->idle(); });
  bool const patient = c_.time.now() - calm_since_ <= patience;
  if (left.empty() && quiet) {
    // What came last settles meanwhile, and who is idle goes; unless somebody comes again.
    auto const so_far = c_.audit.requests() + c_.audit.commits();
    if (rested_at_ != so_far && patient) {
      rested_at_ = so_far;
      c_.time.after(3 * sim_server::idle + 60 * second, [this] { watch(); });
      return;
    }
    if (rested_at_ != so_far)
      c_.audit.problem("C6: work is over, and the server still writes");
    check_rest();
    ask_all();
    return;
  }
  rested_at_.reset();
  if (!patient) {
    for (auto const& line : left)
      c_.audit.problem("C6: " + line + " and does not end");
    if (!quiet)
      c_.audit.problem("C6: work is over, and the world does not come to rest: " +
                       std::to_string(c_.audit.open_requests()) + " requests open, " +
                       (s == nullptr   ? "no server"
                        : s->at_rest() ? "server at rest"
                                       : "server busy: " + s->hub().waits_for()));
    over_ = true;
    return;
  }
  c_.time.after(5 * second, [this] { watch(); });
}

void universe::check_rest() {
  std::size_t timers = 0;
  for (std::uint32_t shard = 0; shard < shard_count; ++shard)
    timers += c_.store.due(shard, time_point::max(), 1000)->size();
  c_.audit.rests(present()->actors(), sim_server::own_actors + timers);
}

/// Every entity says what it believes; then the world ends.
void universe::ask_all() {
  auto* s = present();
  auto const known = c_.audit.ledger().states().entities();
  unanswered_ = known.size();
  for (auto const& ref : known)
    s->query(ref, [this](result<json::value> const&) { --unanswered_; });
  c_.time.after(60 * second, [this] { end(); });
}

void universe::end() {
  over_ = true;
  if (unanswered_ != 0)
    c_.audit.problem("C6: " + std::to_string(unanswered_) + " questions were not answered");
  if (up_ != nullptr)
    up_->check_board();
  for (std::uint32_t shard = 0; shard < shard_count; ++shard) {
    for (auto const& s : *c_.store.due(shard, time_point{}, 1000))
      c_.audit.problem("C6: " + to_string(s.stream) + " still owes something to somebody");
  }
  c_.audit.finish();
}

// ---- steps ----------------------------------------------------------------------------------

void universe::step() {
  std::vector<sim_server*> ready;
  for (auto const& s : servers_)
    if (s->has_job() && !s->stalled())
      ready.push_back(s.get());
  if (ready.empty() || c_.luck.permille(10)) {
    pass_time(!ready.empty());
    return;
  }
  ready[c_.luck.index(ready.size())]->run_one();
  ++steps_;
  if (crash_in_ != 0 && --crash_in_ == 0)
    crash("killed");
}

/// On to what comes next; where somebody has work, only a little.
void universe::pass_time(bool busy) {
  auto next = c_.time.next();
  auto const consider = [&](std::optional<duration> at) {
    if (at && (!next || *at < *next))
      next = at;
  };
  for (auto const& s : servers_) {
    if (s->stalled())
      consider(s->stalled_until());
    else
      consider(s->next_timer());
  }
  if (!next) {
    if (!busy) {
      c_.audit.problem("C6: nothing will ever happen again");
      over_ = true;
    }
    return;
  }
  auto to = *next;
  if (busy)
    to = std::min(to, c_.time.now() + c_.luck.between(duration{0}, duration{5}));
  c_.time.advance_to(to);
  for (auto const& s : servers_)
    s->catch_up();
  (void)c_.time.run_one();
}

outcome universe::run() {
  std::vector<daemon_id> names;
  for (auto const& d : daemons_)
    names.push_back(d->name());
  people_.begin(names);
  if (!c_.o.without.contains(trouble::neighbours))
    neighbours_.begin();
  boot(duration{1});
  for (auto const& d : daemons_)
    c_.time.after(c_.luck.between(second, 5 * second), [raw = d.get()] { raw->start(); });
  plan_troubles();
  constexpr std::uint64_t most_steps = 20'000'000;
  while (!over_ && c_.audit.problems().empty()) {
    step();
    bury();
    if (steps_ > most_steps) {
      c_.audit.problem("C6: the world goes round in circles");
      break;
    }
  }
  outcome out;
  out.hash = c_.audit.hash();
  out.problems = c_.audit.problems();
  out.events = c_.audit.events();
  out.commits = c_.audit.commits();
  out.steps = steps_;
  out.requests = c_.audit.requests();
  out.refused = c_.audit.refused();
  out.reports = c_.reports;
  out.doubtful = c_.doubtful;
  out.fenced = c_.fenced;
  out.digest = c_.luck.digest();
  out.happened = c_.happened;
  out.starts = incarnations_;
  out.scheduled = scheduled_;
  out.hours = static_cast<double>(c_.time.now().count()) / 3'600'000;
  auto const& states = c_.audit.ledger().states();
  for (auto const& ref : states.entities())
    if (auto const* t = states.find<ticket_domain>(ref)) {
      ++out.tickets;
      out.done += t->is == ticket::status::DONE ? 1 : 0;
    }
  return out;
}

namespace {

struct measured {
  outcome out;
  std::string kept; ///< C10: what the world has not given back
};

measured run_once(options const& o) {
  measured m;
  auto const before = resources_now();
  m.out = universe{o}.run();
  m.kept = kept(before, resources_now());
  return m;
}

} // namespace

outcome run(options const& o) {
  set_plant(o.plant);
  auto m = run_once(o);
  // Tables that are made when they are first needed are not made again: the second time says.
  if (!m.kept.empty() && m.out.problems.empty())
    if (auto const again = run_once(o).kept; !again.empty())
      m.out.problems.push_back("C10: a world that is over has left " + again);
  set_plant({});
  return std::move(m.out);
}

} // namespace troupe::sim
