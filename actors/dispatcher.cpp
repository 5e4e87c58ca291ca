#include "actors/dispatcher.hpp"

#include "actors/domain/domain.hpp"
#include "actors/region.hpp"

#include <caf/send.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace troupe {

namespace {

/// How a grant ended, as a message to ourselves.
struct grant_answer {
  entity_ref ticket;
  std::string key;
  std::optional<error> refused;
};

template <class Event>
std::optional<Event> read_as(stored_event const& e) {
  auto const data = json::parse(e.event.data);
  if (!data)
    return std::nullopt;
  auto decoded = json::from<Event>(*data);
  if (!decoded)
    return std::nullopt;
  return std::move(*decoded);
}

bool is_type(stored_event const& e, std::string_view name) {
  return e.event.type == name;
}

} // namespace
} // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::grant_answer)

namespace troupe {

std::string profile_of(agent_spec const& spec) {
  if (spec.engine == engine_kind::scripted)
    return spec.profile.empty() ? "scripted" : spec.profile;
  if (spec.engine == engine_kind::daemon)
    return spec.profile.empty() ? "command" : spec.profile;
  return {};
}

bool works_on_daemon(agent_spec const& spec) {
  return spec.engine == engine_kind::daemon || spec.engine == engine_kind::process ||
         spec.engine == engine_kind::scripted;
}

dispatcher_actor::dispatcher_actor(caf::actor_config& cfg, runtime const* rt)
    : caf::event_based_actor(cfg), rt_(*rt) {
  set_default_handler(caf::drop);
}

caf::behavior dispatcher_actor::make_behavior() {
  return {
      [this](offer_message& m) {
        if (m.what) {
          auto& w = offers_[m.ticket];
          if (w.key != m.key)
            w.since = ++next_since_;
          w.key = std::move(m.key);
          w.what = std::move(*m.what);
          plan_match(duration{0});
        } else if (auto it = offers_.find(m.ticket);
                   it != offers_.end() && it->second.key == m.key) {
          offers_.erase(it);
        }
      },
      [this](daemon_presence& p) {
        auto& h = hosts_[p.daemon];
        h.up = p.up;
        if (p.up) {
          h.slots = p.slots;
          h.profiles.clear();
          for (auto const& r : p.runners)
            h.profiles[r.profile] = r.slots;
          h.repositories = {p.repositories.begin(), p.repositories.end()};
        }
        plan_match(duration{0});
      },
      [this](committed_ptr const& batch) { learn(*batch); },
      [this](grant_answer const& a) {
        if (!a.refused)
          return;
        auto const held = held_.find(a.ticket);
        if (held != held_.end() && held->second.token == 0)
          let_go(a.ticket);
        bool const later = a.refused->code == errc::busy || a.refused->code == errc::unavailable;
        auto const it = offers_.find(a.ticket);
        if (it != offers_.end() && it->second.key == a.key && !later) {
          spdlog::debug("grant refused ticket={} why=\"{}\"", to_string(a.ticket),
                        a.refused->message);
          offers_.erase(it); // the ticket offers again when it wants a lease
        }
        plan_match(later ? rt_.resend : duration{0});
      },
      [this](match_atom, std::uint64_t round) {
        if (round != match_round_)
          return;
        match_planned_ = false;
        match();
      },
  };
}

void dispatcher_actor::learn(std::vector<stored_event> const& events) {
  for (auto const& e : events)
    learn(e);
}

void dispatcher_actor::learn(stored_event const& e) {
  switch (e.stream.kind) {
  case entity_kind::ticket:
    learn_ticket(e);
    break;
  case entity_kind::agent: {
    agent_id const id{e.stream.id};
    if (is_type(e, "agent.hired")) {
      if (auto x = read_as<agent::hired>(e)) {
        roster_[id] = {x->project, x->spec, true};
        plan_match(duration{0});
      }
    } else if (is_type(e, "agent.moved")) {
      if (auto x = read_as<agent::moved>(e); x && roster_.contains(id)) {
        roster_[id].available = x->to == agent::status::idle || x->to == agent::status::working ||
                                x->to == agent::status::waiting;
        plan_match(duration{0});
      }
    }
    break;
  }
  case entity_kind::run:
    if (is_type(e, "run.created")) {
      if (auto x = read_as<run::created>(e))
        limits_[x->project] = x->config.limits.in_flight;
    }
    break;
  default:
    break;
  }
}

void dispatcher_actor::learn_ticket(stored_event const& e) {
  if (is_type(e, "ticket.leased")) {
    auto const x = read_as<ticket::leased>(e);
    if (!x)
      return;
    auto const known = held_.find(e.stream);
    auto h = known == held_.end() ? holding{} : known->second;
    h.token = x->token;
    h.agent = x->agent;
    h.daemon = x->daemon;
    h.profile = x->profile;
    hold(e.stream, std::move(h));
  } else if (is_type(e, "ticket.attempt_ended") || is_type(e, "ticket.cancelled")) {
    if (let_go(e.stream))
      plan_match(duration{0});
  }
}

void dispatcher_actor::plan_match(duration after) {
  if (after == duration{0}) {
    if (match_planned_)
      return;
    match_planned_ = true;
    send(this, match_atom::value, ++match_round_);
  } else if (!match_planned_) {
    delayed_send(this, after, match_atom::value, ++match_round_);
  }
}

void dispatcher_actor::usage_counts::count(holding const& h, std::int32_t change) {
  auto const add = [change](auto& counts, auto const& key) {
    auto const it = counts.try_emplace(key, 0).first;
    it->second += change;
    if (it->second <= 0)
      counts.erase(it);
  };
  add(agents, h.agent);
  add(daemons, h.daemon);
  add(profiles, std::pair{h.daemon, h.profile});
  add(projects, h.project);
  if (h.work) {
    for (auto const& f : h.files)
      add(files, std::pair{h.project, f});
  }
}

void dispatcher_actor::hold(entity_ref const& ticket, holding h) {
  let_go(ticket);
  used_.count(h, 1);
  held_.emplace(ticket, std::move(h));
}

bool dispatcher_actor::let_go(entity_ref const& ticket) {
  auto const it = held_.find(ticket);
  if (it == held_.end())
    return false;
  used_.count(it->second, -1);
  held_.erase(it);
  return true;
}

bool dispatcher_actor::overlaps(offer const& o) const {
  return o.kind == stage_kind::work &&
         std::any_of(o.files.begin(), o.files.end(), [&](auto const& f) {
           return used_.files.contains(std::pair{o.project, f});
         });
}

namespace {
template <class Counts, class Key>
std::int32_t in(Counts const& counts, Key const& key) {
  auto const it = counts.find(key);
  return it == counts.end() ? 0 : it->second;
}
} // namespace

std::optional<daemon_id> dispatcher_actor::choose_daemon(offer const& o,
                                                         std::string const& profile) const {
  std::optional<daemon_id> best;
  std::int32_t best_free = 0;
  for (auto const& [id, h] : hosts_) {
    if (!h.up)
      continue;
    if (!h.repositories.contains("*") && !h.repositories.contains(o.repository))
      continue;
    auto const used = in(used_.daemons, id);
    auto free = h.slots - used;
    if (!profile.empty()) {
      auto const p = h.profiles.find(profile);
      if (p == h.profiles.end())
        continue;
      auto const busy = in(used_.profiles, std::pair{id, profile});
      free = std::min(free, p->second - busy);
    }
    if (free <= 0)
      continue;
    if (id == o.preferred_daemon)
      return id; // the workspace is there
    if (!best || free > best_free) {
      best = id;
      best_free = free;
    }
  }
  return best;
}

std::optional<dispatcher_actor::choice> dispatcher_actor::choose(tenant_id const&,
                                                                 offer const& o) const {
  if (o.role.empty()) { // gates and merges need a place, not a mind
    auto const d = choose_daemon(o, {});
    if (!d)
      return std::nullopt;
    return choice{o.preferred_agent, nullptr, *d, {}};
  }
  std::optional<choice> best;
  std::int32_t best_used = 0;
  for (auto const& [id, r] : roster_) {
    if (r.project != o.project || r.spec.role != o.role || !r.available)
      continue;
    bool const person = r.spec.engine == engine_kind::human;
    if (!person && !works_on_daemon(r.spec))
      continue;
    if (std::find(o.excluded.begin(), o.excluded.end(), id) != o.excluded.end())
      continue;
    auto const used = in(used_.agents, id);
    if (used >= r.spec.capacity)
      continue;
    bool const preferred = id == o.preferred_agent;
    if (best && !preferred && used >= best_used)
      continue;
    auto const profile = profile_of(r.spec);
    // A person works where he is; nobody launches anything for him.
    auto const d = person ? std::optional{daemon_id{}} : choose_daemon(o, profile);
    if (!d)
      continue;
    best = choice{id, &r.spec, *d, profile};
    best_used = used;
    if (preferred)
      break;
  }
  return best;
}

void dispatcher_actor::match() {
  auto const now = rt_.clock->now();
  // A grant whose answer was lost (the entity crashed) must not hold a slot for ever.
  std::vector<entity_ref> lost;
  for (auto const& [ref, h] : held_) {
    if (h.token == 0 && now - h.granted > rt_.resend * 6)
      lost.push_back(ref);
  }
  for (auto const& ref : lost)
    let_go(ref);
  std::vector<std::pair<entity_ref const*, waiting const*>> order;
  std::optional<time_point> later;
  for (auto const& [ref, w] : offers_) {
    if (held_.contains(ref))
      continue;
    if (w.what.not_before > now) {
      later = later ? std::min(*later, w.what.not_before) : w.what.not_before;
      continue;
    }
    order.emplace_back(&ref, &w);
  }
  std::sort(order.begin(), order.end(), [&](auto const& a, auto const& b) {
    auto const& x = *a.second;
    auto const& y = *b.second;
    if (x.what.importance != y.what.importance)
      return x.what.importance > y.what.importance;
    auto const fx = in(used_.projects, x.what.project);
    auto const fy = in(used_.projects, y.what.project);
    if (fx != fy)
      return fx < fy;
    return x.since < y.since;
  });
  std::vector<std::tuple<entity_ref, waiting, choice>> grants;
  for (auto const& [ref, w] : order) {
    auto const limit = limits_.find(w->what.project);
    // Only new work is held back: what is under way must be able to end.
    if (w->what.kind == stage_kind::work && limit != limits_.end() &&
        in(used_.projects, w->what.project) >= limit->second)
      continue;
    if (overlaps(w->what))
      continue;
    if (auto c = choose(ref->tenant, w->what)) {
      holding h;
      h.project = w->what.project;
      h.agent = c->agent;
      h.daemon = c->daemon;
      h.profile = c->profile;
      h.files = w->what.files;
      h.work = w->what.kind == stage_kind::work;
      h.granted = now;
      hold(*ref, std::move(h));
      grants.emplace_back(*ref, *w, *c);
    }
  }
  for (auto const& [ref, w, c] : grants)
    grant(ref, w, c);
  if (later)
    plan_match(std::max(duration{1}, *later - now));
}

void dispatcher_actor::grant(entity_ref const& ticket, waiting const& w, choice const& c) {
  ticket::grant g;
  g.stage = w.what.stage;
  g.after_token = w.what.after_token;
  g.agent = c.agent;
  g.daemon = c.daemon;
  g.engine = c.spec != nullptr ? c.spec->engine : engine_kind::daemon;
  g.profile = c.profile;
  auto m = std::make_shared<command_message>();
  m->to = ticket;
  m->command = ticket::command{std::move(g)};
  m->context.id = "grant/" + ticket.id + "/" + std::to_string(w.what.after_token + 1);
  m->context.by = system_principal();
  m->done = [me = address(), ticket, key = w.key](command_result const& r) {
    if (auto a = caf::actor_cast<caf::actor>(me))
      caf::anon_send(a,
                     grant_answer{ticket, key, r ? std::nullopt : std::optional<error>{r.error()}});
  };
  rt_.where->deliver(std::move(m));
}

} // namespace troupe
