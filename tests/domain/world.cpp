#include "tests/domain/world.hpp"

#include "protocol/redact.hpp"

namespace troupe::test {

namespace {

std::optional<std::string> find_secret(std::string_view text) {
  // Without guesses by entropy: the world is full of digests.
  auto const found = find_secrets(text, {false});
  if (found.empty())
    return std::nullopt;
  return "a " + std::string{found.front().rule};
}

} // namespace

world::world(world_options o) : options_(o), random_(o.seed), checker_(find_secret) {
  checker_.fold_twice();
  auto config = find_template(options_.preset).value().config;
  config.repository = "tally";
  config.limits.attempts = 2;
  config.limits.rounds = 2;
  config.limits.replans = 2;
  if (options_.limits) {
    config.limits.budget_micros = 400;
    config.limits.run_budget_micros = 150;
    config.limits.ticket_budget_micros = 60;
    config.limits.attempt_budget_micros = 20;
  }
  config.mode = static_cast<autonomy>(pick(3));
  for (auto const* tenant : {"t1", "t2"}) {
    if (!options_.two_tenants && tenant != std::string_view{"t1"})
      continue;
    entity_ref const project{tenant_id{tenant}, entity_kind::project, "tally"};
    send(project, project::command{project::create{"Tally", config}}, "human:ada", "create");
    brief::source from;
    from.kind = "transcript";
    from.text = words("Ada: we need to count words.");
    send({project.tenant, entity_kind::brief, "k3f9q2mx"},
         brief::command{brief::submit{project_id{"tally"}, from, config}}, "human:ada", "submit");
  }
  while (!messages_.empty())
    deliver(0);
}

bool world::chance(int percent) {
  return static_cast<int>(random_() % 100) < percent;
}
std::size_t world::pick(std::size_t n) {
  return static_cast<std::size_t>(random_() % n);
}

std::string world::words(std::string text) {
  if (!faults_ || !chance(8))
    return text;
  char const* const slips[] = {" AKIA2E0A8F3B7C9D1G5H", " ghp_0123456789abcdefghijABCDEFGHIJ012345",
                               " password=Tr0ub4dor&3xK9"};
  return text + slips[pick(std::size(slips))];
}

entity_ref world::ref(entity_ref const& like, entity_kind kind, std::string id) const {
  return {like.tenant, kind, std::move(id)};
}

void world::send(entity_ref to, any_command c, std::string by, std::string id, entity_ref from,
                 std::string key, bool keep) {
  message m{std::move(to), std::move(c), {}, std::move(from), std::move(key), keep};
  m.ctx.id = std::move(id);
  m.ctx.by = principal_id{std::move(by)};
  messages_.push_back(std::move(m));
}

result<std::size_t> world::execute(entity_ref const& to, any_command const& c,
                                   command_context ctx) {
  ctx.now = now_;
  auto& e = entities_[to];
  if (!e)
    e = make_entity(to);
  std::vector<event_context> at;
  auto events = e->execute(c, ctx, at);
  if (!events) {
    if (events.error().code == errc::internal)
      problems_.push_back(to_string(to) + ": " + events.error().message);
    return events.error();
  }
  for (std::size_t i = 0; i < events->size(); ++i) {
    auto const& h = (*events)[i];
    log_[to].push_back({at[i].version, h.type, h.data, at[i]});
    redacted_ += h.data.find("[redacted:") == std::string::npos ? 0 : 1;
    story_.push_back(to_string(to) + " " + std::to_string(at[i].version) + " " + h.type + " " +
                     h.data.substr(0, 300));
    if (story_.size() > 60)
      story_.pop_front();
    if (h.type == "ticket.leased") {
      auto const lease = json::parse(h.data).value();
      holders_[{to, lease.at("token").to_number<std::int64_t>()}] =
          "daemon:" + std::string{std::string_view{lease.at("daemon").as_string()}};
    }
    if (auto p = checker_.check(to, at[i].version, h.type, 1, h.data, at[i]))
      problems_.push_back(*p);
  }
  if (!events->empty())
    refresh(to);
  return events->size();
}

void world::refresh(entity_ref const& ref) {
  auto& known = tracked_[ref];
  std::set<std::string> wanted;
  for (auto& o : entities_.at(ref)->obligations()) {
    if (!wanted.insert(o.key).second)
      problems_.push_back(to_string(ref) + " has two obligations " + o.key);
    known.try_emplace(o.key, tracked{o, false, 0});
  }
  std::erase_if(known, [&](auto const& kv) { return !wanted.contains(kv.first); });
}

void world::carry_out(entity_ref const& from, tracked& t) {
  ++t.tries;
  auto const id = to_string(from) + "/" + t.what.key;
  auto const by = principal_of(from).value;
  std::visit(overloaded{
                 [&](tell const& x) { send(x.to, x.command, by, id, from, t.what.key); },
                 [&](ask const& x) {
                   if (from.kind == entity_kind::agent) {
                     calls_.push_back({from, x.message});
                     t.done = true;
                     return;
                   }
                   auto const to = entity_of(from.tenant, x.message.to);
                   if (!to) {
                     problems_.push_back(id + " asks nobody");
                     return;
                   }
                   send(*to, agent::command{agent::receive{x.message}}, by, id, from, t.what.key);
                 },
                 [&](offer const&) { t.done = true; },
                 [&](launch const& x) {
                   t.done = true;
                   start_daemon(from, x);
                 },
                 [&](notify const& x) {
                   notified(from, x.what);
                   outcome(from, t.what.key, std::nullopt);
                 },
                 [&](troupe::alarm const&) { t.done = true; },
             },
             t.what.what);
}

/// True if there was something to do.
bool world::carry_out_all() {
  bool any = false;
  std::vector<std::pair<entity_ref, std::string>> open;
  for (auto const& [ref, all] : tracked_) {
    for (auto const& [key, t] : all) {
      if (!t.done)
        open.emplace_back(ref, key);
    }
  }
  std::shuffle(open.begin(), open.end(), random_);
  for (auto const& [ref, key] : open) {
    auto const it = tracked_[ref].find(key);
    if (it == tracked_[ref].end() || it->second.done)
      continue;
    bool const under_way = std::any_of(messages_.begin(), messages_.end(), [&](message const& m) {
      return m.from == ref && m.key == key;
    });
    if (under_way)
      continue;
    auto copy = it->second; // the outcome may change the table
    carry_out(ref, copy);
    if (auto again = tracked_[ref].find(key); again != tracked_[ref].end()) {
      again->second.tries = copy.tries;
      again->second.done = again->second.done || copy.done;
    }
    any = true;
  }
  return any;
}

void world::outcome(entity_ref const& from, std::string const& key, std::optional<error> refused) {
  auto const it = tracked_[from].find(key);
  if (it == tracked_[from].end() || it->second.done)
    return;
  auto& t = it->second;
  if (refused) {
    // The runtime waits longer from try to try; here many fit into a moment.
    bool const early = refused->code == errc::not_found && t.tries < 300;
    if (early || refused->code == errc::busy)
      return;
  }
  t.done = true;
  if (!t.what.acknowledge)
    return;
  settle const c{key, refused ? refused->message : std::string{}};
  auto const me = from; // `from` may live in a message
  with_domain(me.kind, [&](auto domain) {
    using D = decltype(domain);
    using C = typename D::command;
    if constexpr (std::is_constructible_v<C, settle>)
      send(me, C{c}, "system", to_string(me) + "/settle/" + key, {}, {}, true);
  });
}

/// Whether a daemon reports about a lease that was given to another one.
bool world::is_from_stranger(message const& m) const {
  auto const* c = std::get_if<ticket::command>(&m.what);
  if (c == nullptr || !m.ctx.by.value.starts_with("daemon:"))
    return false;
  auto const token = std::visit(overloaded{[](ticket::start const& x) { return x.token; },
                                           [](ticket::decline const& x) { return x.token; },
                                           [](ticket::say const& x) { return x.token; },
                                           [](ticket::renew const& x) { return x.token; },
                                           [](ticket::finish const& x) { return x.report.token; },
                                           [](auto const&) { return std::int64_t{0}; }},
                                *c);
  auto const of = holders_.find({m.to, token});
  return of != holders_.end() && of->second != m.ctx.by.value;
}

void world::deliver(std::size_t index) {
  auto m = std::move(messages_[index]);
  messages_.erase(messages_.begin() + static_cast<std::ptrdiff_t>(index));
  bool const stranger = is_from_stranger(m);
  auto const r = execute(m.to, m.what, m.ctx);
  strangers_ += stranger ? 1 : 0;
  if (stranger && r)
    problems_.push_back(to_string(m.to) + " took a report of " + m.ctx.by.value +
                        " about another daemon's lease");
  // A daemon's heartbeat that is refused, and any report about a lease that is over, ends the work.
  if (m.to.kind == entity_kind::ticket && !r && r.error().code == errc::fenced)
    std::erase_if(attempts_, [&](attempt const& a) {
      return a.ticket == m.to && (a.daemon == m.ctx.by.value || is_human(m.ctx.by));
    });
  if (!m.from.id.empty())
    outcome(m.from, m.key, r ? std::nullopt : std::optional<error>{r.error()});
  history_.push_back(std::move(m));
  if (history_.size() > 200)
    history_.pop_front();
}

void world::compare(entity_ref const& ref) {
  with_domain(ref.kind, [&](auto domain) {
    using D = decltype(domain);
    replayer again;
    for (auto const& e : log_[ref]) {
      if (auto ok = again.apply(ref, e.version, e.type, 1, e.data, e.ctx); !ok)
        problems_.push_back(to_string(ref) + ": " + ok.error().message);
    }
    auto const* s = again.find<D>(ref);
    auto const& live = entities_.at(ref);
    if (s == nullptr)
      return;
    auto const text = json::canonical(json::to(*s));
    if (text != live->canonical())
      problems_.push_back(to_string(ref) + ": replay differs from the live state");
    if (auto p = checker_.check_snapshot(ref, s->version, live->canonical()))
      problems_.push_back(*p);
    // A snapshot reads back to the same state.
    auto const parsed = json::from<typename D::state>(json::parse(text).value());
    if (!parsed || !(*parsed == *s))
      problems_.push_back(to_string(ref) + ": the snapshot does not read back");
  });
}

/// The entity goes with all that it only remembered, and comes back from its log.
void world::restart(entity_ref const& ref) {
  compare(ref);
  tracked_[ref].clear();
  refresh(ref);
}

std::optional<time_point> world::next_alarm() const {
  std::optional<time_point> out;
  auto const consider = [&](time_point t) {
    if (!out || t < *out)
      out = t;
  };
  for (auto const& [ref, all] : tracked_) {
    for (auto const& [key, t] : all) {
      if (auto const* a = std::get_if<troupe::alarm>(&t.what.what))
        consider(a->at);
      if (auto const* o = std::get_if<offer>(&t.what.what); o && o->not_before > now_)
        consider(o->not_before);
    }
  }
  return out;
}

void world::tick_due() {
  std::vector<entity_ref> due;
  for (auto const& [ref, all] : tracked_) {
    for (auto const& [key, t] : all) {
      auto const* a = std::get_if<troupe::alarm>(&t.what.what);
      if (a != nullptr && a->at <= now_) {
        due.push_back(ref);
        break;
      }
    }
  }
  for (auto const& ref : due) {
    with_domain(ref.kind, [&, to = ref](auto domain) {
      send(to, typename decltype(domain)::command{tick{}}, "system",
           "tick" + std::to_string(++count_));
    });
  }
}

std::string world::story() const {
  std::string out = "seed " + std::to_string(options_.seed) + " items " +
                    std::to_string(options_.items) + " preset " + options_.preset + "\n";
  for (auto const& line : story_)
    out += line + "\n";
  for (auto const* t : all<ticket_domain>()) {
    if (is_terminal(t->is))
      continue;
    for (auto const& e : log_.at(t->self))
      out += to_string(t->self) + "@" + std::to_string(e.version) + " " + e.type + " " +
             e.data.substr(0, 200) + "\n";
  }
  for (auto const& m : messages_)
    out += "under way: " + to_string(m.to) + " " + m.ctx.id + "\n";
  for (auto const& [ref, all] : tracked_) {
    for (auto const& [key, t] : all)
      out += "wants: " + to_string(ref) + " " + key + (t.done ? " (done)" : "") + "\n";
  }
  return out;
}

void world::look_back() {
  for (auto const& [ref, e] : entities_)
    compare(ref);
  for (auto& p : checker_.finish())
    problems_.push_back(std::move(p));
  // The same ledger, stream after stream, must look as good.
  invariant_checker streams{find_secret, invariant_checker::order::unordered};
  for (auto const& [ref, all] : log_) {
    for (auto const& e : all) {
      if (auto p = streams.check(ref, e.version, e.type, 1, e.data, e.ctx))
        problems_.push_back("unordered: " + *p);
    }
  }
  for (auto& p : streams.finish())
    problems_.push_back("unordered: " + std::move(p));
  count_money();
}

/// What holders of paid leases said that they had spent, in time or late, is what the budgets were
/// charged: each once.
void world::count_money() {
  std::map<std::string, std::int64_t> used;
  std::map<std::string, std::int64_t> charged;
  for (auto const& [ref, all] : log_) {
    replayer states;
    std::set<std::int64_t> paid;
    for (auto const& e : all) {
      if (!states.apply(ref, e.version, e.type, 1, e.data, e.ctx))
        problems_.push_back("not applied: " + to_string(ref));
      auto const data = json::parse(e.data).value();
      auto const* t = states.find<ticket_domain>(ref);
      if (e.type == "ticket.leased" && t->money->granted && t->money->token == t->last_token)
        paid.insert(t->last_token);
      std::int64_t token = 0;
      std::int64_t cost = 0;
      if (e.type == "ticket.attempt_ended") {
        auto const x = json::from<ticket::attempt_ended>(data).value();
        token = x.token;
        cost = x.used.cost_micros;
      } else if (e.type == "ticket.orphaned") {
        auto const x = json::from<ticket::orphaned>(data).value();
        token = x.token;
        cost = x.used.cost_micros;
        late_costs_ += cost > 0 && paid.contains(token) ? 1 : 0;
      } else if (e.type == "budget.charged") {
        auto const x = json::from<budget::charged>(data).value();
        if (auto const at = x.id.find(".money"); at != std::string::npos)
          charged[ref.tenant.value + "/" + x.id.substr(0, at)] += x.spent;
      }
      if (paid.contains(token))
        used[ref.tenant.value + "/" + ref.id] += cost;
    }
  }
  std::erase_if(used, [](auto const& x) { return x.second == 0; });
  std::erase_if(charged, [](auto const& x) { return x.second == 0; });
  for (auto const& [ticket, cost] : used) {
    if (charged[ticket] != cost)
      problems_.push_back("money: " + ticket + " used " + std::to_string(cost) +
                          ", its budgets were charged " + std::to_string(charged[ticket]));
  }
  for (auto const& [ticket, cost] : charged) {
    if (cost != 0 && !used.contains(ticket))
      problems_.push_back("money: " + ticket + " was charged and used nothing");
  }
}

} // namespace troupe::test
