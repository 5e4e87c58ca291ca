#include "tests/sim/sim_server.hpp"

#include "actors/supervisor.hpp"
#include "tests/sim/plants.hpp"

#include <caf/actor_registry.hpp>
#include <caf/send.hpp>

#include <charconv>

namespace troupe::sim {

namespace {

std::string hex(std::uint64_t value, std::size_t width) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out(width, '0');
  for (std::size_t i = width; i-- > 0; value >>= 4U)
    out[i] = digits[value & 15U];
  return out;
}

} // namespace

// ---- names ----------------------------------------------------------------------------------

std::string counted_ids::uuid() {
  last_ms_ = std::max(last_ms_, c_.wall().time_since_epoch().count());
  ++count_;
  auto const ms = hex(static_cast<std::uint64_t>(last_ms_), 12);
  // The counter goes over the whole life, so that names of one millisecond sort, too.
  return ms.substr(0, 8) + "-" + ms.substr(8) + "-7" + hex(count_ >> 52U, 3) + "-8" +
         hex(static_cast<std::uint64_t>(incarnation_), 3) + "-" + hex(count_, 12);
}

std::string counted_ids::short_id() {
  return "i" + hex(static_cast<std::uint64_t>(incarnation_), 3) + hex(++count_, 4);
}

void counted_ids::go_on_after(std::string const& uuid) {
  if (uuid.size() != 36)
    return;
  auto const digits = uuid.substr(0, 8) + uuid.substr(9, 4);
  std::int64_t ms = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), ms, 16);
  last_ms_ = std::max(last_ms_, ms + 1);
}

// ---- life -----------------------------------------------------------------------------------

sim_server::sim_server(context& c, database& db, int incarnation)
    : c_(c), incarnation_(incarnation), clock_(c), ids_(c, incarnation), leases_(rt_.resend * 6),
      journal_(c, db, 3), system_(config_),
      scheduler_(dynamic_cast<caf::scheduler::test_coordinator&>(system_.scheduler())),
      begun_(c.time.now()), run_to_(c.time.now()) {
  rt_.clock = &clock_;
  rt_.ids = &ids_;
  rt_.journal = &journal_;
  rt_.dispatcher = &desk_;
  rt_.leases = &leases_;
  rt_.incidents = &incidents_;
  rt_.idle = planted("never-let-go") ? std::chrono::hours{24 * 365} : idle;
  where_ = std::make_unique<region>(system_, rt_);
  requests_ = std::make_unique<request_desk>(journal_, *where_, ids_);
  engine_ = std::make_unique<sim_engine>(c);
  sim_hub::server s;
  s.submit = [this](entity_ref to, any_command what, submit_options o, completion done) {
    submit(std::move(to), std::move(what), std::move(o), std::move(done));
  };
  s.desk = &desk_;
  s.stream = "server-" + std::to_string(incarnation);
  hub_ = std::make_unique<sim_hub>(c, std::move(s));
  rt_.engine = engine_.get();
  rt_.runner = hub_.get();
  journal_.observe([this](committed_ptr const& batch) {
    c_.audit.shown(*batch);
    desk_.committed(batch);
    view_.apply_now(batch);
  });
  journal_.on_fenced([this] { must_end_ = true; });
}

sim_server::~sim_server() {
  kill();
}

void sim_server::prepare() {
  if (planted("board-before-claim"))
    (void)read_ledger();
}

bool sim_server::read_ledger() {
  std::string greatest;
  auto const read = view_.catch_up(c_.store, [&](board_event const& e) {
    greatest = std::max(greatest, e.event->event.event_id);
    desk_.was(*e.event);
  });
  if (!read) {
    c_.audit.problem("the board cannot be built: " + read.error().message);
    return false;
  }
  ids_.go_on_after(greatest);
  return true;
}

bool sim_server::start() {
  if (c_.sky.away)
    return false;
  auto const epochs = c_.store.claim_all("server-" + std::to_string(incarnation_));
  if (!epochs)
    return false;
  epochs_ = *epochs;
  if (!planted("board-before-claim") && !read_ledger())
    return false;

  supervision_plan plan;
  plan.clock = &clock_;
  plan.random = [this] { return static_cast<double>(c_.luck.pick(1000)) / 1000; };
  plan.escalate = [this](std::string const&) { must_end_ = true; };
  child_spec dispatcher;
  dispatcher.name = "dispatcher";
  dispatcher.start = [this](std::uint64_t generation) {
    leases_.renew();
    auto a = system_.spawn<dispatcher_actor>(static_cast<runtime const*>(&rt_), &leases_);
    desk_.open(a);
    dispatcher_ = a;
    if (generation > 1)
      where_->remind();
    return a;
  };
  plan.children.push_back(std::move(dispatcher));
  for (auto& child : where_->children(*epochs, [this](std::uint32_t shard) {
         if (planted("revived-asleep"))
           return;
         ++waking_;
         journal_.read([this, shard](event_store& store) {
           wake_due(store, shard);
           --waking_;
         });
       }))
    plan.children.push_back(std::move(child));
  root_ = system_.spawn<supervisor>(std::move(plan));
  while (scheduler_.has_job()) // whoever calls from here on finds every shard at its place
    scheduler_.run_once();
  return true;
}

void sim_server::resume() {
  changed_ = c_.time.now();
  ++waking_;
  journal_.read([this](event_store& store) {
    for (std::uint32_t shard = 0; shard < shard_count; ++shard)
      wake_due(store, shard);
    --waking_;
  });
  hub_->resume(rt_.grace);
  probe();
}

void sim_server::probe() {
  c_.time.after(std::chrono::seconds{30}, [this, alive = alive_] {
    if (!*alive)
      return;
    if (!c_.sky.away && !stalled())
      must_end_ = must_end_ || (*c_.store.shards())[0].epoch > epochs_[0];
    probe();
  });
}

void sim_server::wake_due(event_store& store, std::uint32_t shard) {
  auto const due = store.due(shard, time_point::max(), 1'000'000);
  for (auto const& s : *due) {
    if (planted("lost-obligation") && c_.luck.percent(20))
      continue;
    where_->wake(s.stream);
  }
}

void sim_server::kill() {
  if (std::exchange(dead_, true))
    return;
  *alive_ = false;
  journal_.die();
  engine_->die();
  hub_->die();
  desk_.close();
  auto const drain = [this] {
    while (scheduler_.has_job())
      scheduler_.run_once();
  };
  // One after the other: until it hears of its end the supervisor may start another dispatcher.
  for (auto* a : {&root_, &dispatcher_}) {
    if (auto const mine = std::exchange(*a, nullptr))
      caf::anon_send_exit(mine, caf::exit_reason::kill);
    drain();
  }
  scheduler_.clock().cancel_all();
  where_->kill_all();
  drain();
  scheduler_.clock().cancel_all();
  drain();
  if (system_.registry().running() != 0) { // the actor system would wait for them for ever
    std::fprintf(stderr, "%zu actors outlived their server\n", system_.registry().running());
    std::abort();
  }
}

// ---- time and order -------------------------------------------------------------------------

void sim_server::run_one() {
  auto& jobs = scheduler_.jobs;
  if (jobs.size() > 1) // messages of one sender to one receiver keep their order in its mailbox
    std::swap(jobs.front(), jobs[c_.luck.index(jobs.size())]);
  scheduler_.run_once();
}

std::optional<duration> sim_server::next_timer() const {
  auto const& all = scheduler_.clock().schedule();
  if (dead_ || all.empty())
    return std::nullopt;
  auto const wait = all.begin()->first - scheduler_.clock().now();
  return run_to_ + std::max(duration{0}, std::chrono::ceil<duration>(wait));
}

void sim_server::catch_up() {
  auto const now = c_.time.now();
  if (dead_ || stalled())
    return;
  if (now > run_to_ || (next_timer() && *next_timer() <= now))
    scheduler_.advance_time(now - run_to_);
  run_to_ = now;
}

// ---- the outside ----------------------------------------------------------------------------

void sim_server::submit(entity_ref to, any_command command, submit_options o, completion done) {
  if (dead_)
    return;
  if (planted("write-of-any-tenant") && c_.audit.ledger().states().version_of(to) == 0)
    to.tenant = context::tenant();
  if (o.cause.empty())
    o.cause = ids_.uuid();
  auto const id = o.cause;
  requests_->submit(std::move(to), std::move(command), std::move(o),
                    [this, alive = alive_, id, done = std::move(done)](command_result r) {
                      if (!*alive)
                        return;
                      c_.audit.told(id, r);
                      if (done)
                        done(std::move(r));
                    });
}

void sim_server::query(entity_ref const& of, std::function<void(result<json::value>)> done) {
  if (dead_)
    return;
  auto asked = of;
  if (planted("read-of-any-tenant") && c_.audit.ledger().states().version_of(of) == 0)
    asked.tenant = context::tenant();
  requests_->query(asked,
                   [this, alive = alive_, of, done = std::move(done)](result<json::value> r) {
                     if (!*alive)
                       return;
                     c_.audit.served(incarnation_, of, r);
                     if (done)
                       done(std::move(r));
                   });
}

void sim_server::kill_part(std::string const& name) {
  if (dead_)
    return;
  changed_ = c_.time.now();
  constexpr std::string_view prefix{"shard/"};
  if (name.starts_with(prefix))
    journal_.shard_down(static_cast<std::uint32_t>(std::stoul(name.substr(prefix.size()))));
  caf::anon_send(root_, kill_atom::value, name);
}

bool sim_server::check_woken() {
  // A part hears of its end when the server goes on, and comes again after a pause of seconds.
  constexpr duration enough{10'000};
  if (waking_ > 0 || c_.time.now() - std::max(changed_, stalled_until_) < enough)
    return false;
  for (std::uint32_t shard = 0; shard < shard_count; ++shard) {
    auto const due = c_.store.due(shard, c_.wall() - enough, 1'000'000);
    for (auto const& s : *due)
      if (!journal_.has_run(s.stream))
        c_.audit.problem("C7: " + to_string(s.stream) +
                         " owes something, and nobody has woken it since the server or its shard "
                         "came up");
  }
  return true;
}

std::size_t sim_server::actors() {
  return system_.registry().running();
}

/// What lists ask of a state is what the whole of it says.
void sim_server::check_members(state_view const& s) {
  auto const whole = s.all();
  for (auto const& m : whole.as_object())
    if (m.value().is_string() && !s.has(m.key(), std::string_view{m.value().get_string()}))
      c_.audit.problem("a state's " + std::string{m.key()} + " is not found by its text");
  if (s.has("no_such_member", ""))
    c_.audit.problem("a state has a member that it has not");
}

void sim_server::check_board() {
  if (view_.violations() != 0)
    c_.audit.problem("the board of server " + std::to_string(incarnation_) + " counts " +
                     std::to_string(view_.violations()) + " violated invariants");
  for (auto const& ref : c_.audit.ledger().states().entities())
    c_.audit.compare("the board", ref, view_.get(ref));
  c_.audit.placed(view_.heads(view_.last()));
  for (auto const& tenant : {context::tenant(), context::other_tenant()})
    for (auto kind = static_cast<int>(entity_kind::project);
         kind <= static_cast<int>(entity_kind::principal); ++kind) {
      std::size_t total = 0;
      auto const states = view_.list(
          tenant, static_cast<entity_kind>(kind),
          [this](state_view const& s) {
            check_members(s);
            return true;
          },
          0, 1'000'000, total);
      c_.audit.listed(tenant, static_cast<entity_kind>(kind), states);
    }
}

} // namespace troupe::sim
