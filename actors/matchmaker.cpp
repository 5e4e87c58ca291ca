#include "actors/matchmaker.hpp"

#include "actors/domain/kinds.hpp"
#include "actors/read_stored.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

namespace {

template <class Counts, class Key>
std::int32_t in(Counts const& counts, Key const& key) {
  auto const it = counts.find(key);
  return it == counts.end() ? 0 : it->second;
}

void keep_earlier(std::optional<time_point>& known, time_point at) {
  known = known ? std::min(*known, at) : at;
}

} // namespace

std::optional<ticket_plan> plan_of(json::value const& ticket) {
  auto state = json::from<ticket::state>(ticket);
  if (!state)
    return std::nullopt;
  ticket_plan p{std::move(state->project), state->item->files, {}};
  for (auto const& s : state->stages.get())
    p.work.push_back(s.kind == stage_kind::work);
  return p;
}

// ---- what it knows --------------------------------------------------------------------------

void matchmaker::offered(entity_ref const& ticket, std::string key, offer what) {
  auto since = next_since_ + 1;
  if (auto const known = offers_.find(ticket); known != offers_.end()) {
    if (known->second.key == key)
      since = known->second.since;
    forget_offer(known);
  }
  next_since_ = std::max(next_since_, since);
  ++waiting_[what.importance][place{ticket.tenant, what.project}];
  auto const at = offers_.emplace(ticket, waiting{std::move(key), std::move(what), since}).first;
  if (!held_.contains(ticket))
    line_up(at);
}

std::optional<time_point> matchmaker::next() const {
  return coming_.empty() ? std::nullopt : std::optional{coming_.begin()->first.first};
}

dispatch_load matchmaker::load() const {
  dispatch_load out{offers_.size(), 0, 0};
  for (auto const& [id, h] : hosts_) {
    if (!h.up)
      continue;
    out.slots += h.slots;
    out.occupied += in(used_.daemons, id);
  }
  return out;
}

void matchmaker::withdrawn(entity_ref const& ticket, std::string const& key) {
  if (auto const it = offers_.find(ticket); it != offers_.end() && it->second.key == key)
    forget_offer(it);
}

matchmaker::need matchmaker::need_of(offer const& o) {
  return {o.role, o.kind == stage_kind::work, o.repository};
}

/// What is offered is given when its time has come.
void matchmaker::line_up(offers::iterator at) {
  auto& w = at->second;
  w.at = standing::coming;
  coming_.emplace(std::pair{w.what.not_before, w.since}, at);
}

void matchmaker::step_aside(offers::iterator at) {
  auto& w = at->second;
  if (w.at == standing::coming)
    coming_.erase({w.what.not_before, w.since});
  else if (w.at == standing::line)
    lines_[w.what.importance][place{at->first.tenant, w.what.project}][need_of(w.what)].erase(
        w.since);
  w.at = standing::aside;
}

void matchmaker::forget_offer(offers::iterator at) {
  step_aside(at);
  auto const& what = at->second.what;
  auto const rank = waiting_.find(what.importance);
  auto const of_project = rank->second.find(place{at->first.tenant, what.project});
  if (--of_project->second == 0)
    rank->second.erase(of_project);
  if (rank->second.empty())
    waiting_.erase(rank);
  offers_.erase(at);
}

void matchmaker::present(daemon_id const& daemon, bool up, std::int32_t slots,
                         std::vector<link::runner_info> const& runners,
                         std::vector<std::string> const& repositories) {
  auto& h = hosts_[daemon];
  h.up = up;
  if (!up)
    return;
  h.slots = slots;
  h.profiles.clear();
  for (auto const& r : runners)
    h.profiles[r.profile] = r.slots;
  h.repositories = {repositories.begin(), repositories.end()};
}

void matchmaker::planned(entity_ref const& ticket, ticket_plan what) {
  plans_.insert_or_assign(ticket, std::move(what));
}

bool matchmaker::learn(stored_event const& e) {
  if (e.stream.kind == entity_kind::ticket)
    return learn_ticket(e);
  if (e.stream.kind == entity_kind::agent)
    return learn_agent(e);
  if (auto const x = read_as<run_domain, run::created>(e))
    limits_[place{e.stream.tenant, x->project}] = x->config.limits.in_flight;
  return false;
}

bool matchmaker::learn_agent(stored_event const& e) {
  agent_id const id{e.stream.id};
  if (auto x = read_as<agent_domain, agent::hired>(e)) {
    roster_.hired(e.stream.tenant, id, std::move(x->project), std::move(x->spec));
    return true;
  }
  if (auto const x = read_as<agent_domain, agent::moved>(e)) {
    return roster_.moved(e.stream.tenant, id,
                         x->to == agent::status::idle || x->to == agent::status::working ||
                             x->to == agent::status::waiting);
  }
  return false;
}

bool matchmaker::learn_ticket(stored_event const& e) {
  if (auto const x = read_as<ticket_domain, ticket::leased>(e)) {
    auto const known = held_.find(e.stream);
    if (known != held_.end() && known->second.expected > x->token) {
      // The ticket was quicker than this news: it has moved on to its next lease.
      if (auto const before = before_.find(e.stream); before != before_.end())
        before->second.token = x->token;
      return false;
    }
    // Whatever the lease replaced is over: the end of an attempt comes before the next lease.
    before_.erase(e.stream);
    if (known != held_.end() && known->second.agent == x->agent &&
        known->second.daemon == x->daemon && known->second.profile == x->profile) {
      known->second.token = x->token; // as it was given by us: it counts already
      plans_.erase(e.stream);
      return false;
    }
    auto h = known == held_.end() ? held_before(e.stream, *x) : known->second;
    h.token = x->token;
    h.agent = x->agent;
    h.daemon = x->daemon;
    h.profile = x->profile;
    // A lease from before our start: its agent says whose it is, so that it counts for the project.
    if (auto const* who = roster_.find(e.stream.tenant, x->agent); h.project.empty() && who)
      h.project = who->project;
    hold(e.stream, std::move(h));
    plans_.erase(e.stream); // the next leases of the ticket are given by us
    return false;
  }
  if (e.event.type == "ticket.cancelled") {
    before_.erase(e.stream);
    return let_go(e.stream);
  }
  if (e.event.type != "ticket.attempt_ended")
    return false;
  if (before_.erase(e.stream) != 0)
    return true; // it has its next lease already, and others may have what it gave back
  auto const known = held_.find(e.stream);
  auto const x = read_as<ticket_domain, ticket::attempt_ended>(e);
  bool const newer = known != held_.end() && x && known->second.token > x->token;
  return !newer && let_go(e.stream);
}

/// What is known of a lease from before our start: what its ticket is to write.
matchmaker::holding matchmaker::held_before(entity_ref const& ticket, ticket::leased const& lease) {
  holding h;
  auto const p = plans_.find(ticket);
  if (p == plans_.end())
    return h;
  auto const stage = static_cast<std::size_t>(lease.stage);
  h.project = p->second.project;
  h.work = stage < p->second.work.size() && p->second.work[stage];
  h.files = std::move(p->second.files);
  return h;
}

void matchmaker::take_grants(matchmaker const& before) {
  for (auto const& [ticket, h] : before.held_) {
    if (h.token != 0)
      continue;
    hold(ticket, h);
    if (auto const replaced = before.before_.find(ticket); replaced != before.before_.end())
      before_.insert(*replaced);
  }
}

bool matchmaker::refused(entity_ref const& ticket, std::string const& key, bool later) {
  if (auto const held = held_.find(ticket); held != held_.end() && held->second.token == 0)
    let_go(ticket);
  auto const it = offers_.find(ticket);
  if (later || it == offers_.end() || it->second.key != key)
    return false;
  forget_offer(it); // the ticket offers again when it wants a lease
  return true;
}

// ---- what is held ---------------------------------------------------------------------------

void matchmaker::usage_counts::count(tenant_id const& of, holding const& h, std::int32_t change) {
  auto const add = [change](auto& counts, auto const& key) {
    auto const it = counts.try_emplace(key, 0).first;
    it->second += change;
    if (it->second <= 0)
      counts.erase(it);
  };
  place const where{of, h.project};
  add(daemons, h.daemon);
  add(profiles, std::pair{h.daemon, h.profile});
  add(projects, where);
  if (h.work) {
    for (auto const& f : h.files)
      add(files, std::pair{where, f});
  }
}

void matchmaker::hold(entity_ref const& ticket, holding h) {
  let_go(ticket);
  used_.count(ticket.tenant, h, 1);
  roster_.count(ticket.tenant, h.agent, 1);
  if (h.token == 0)
    keep_earlier(unanswered_since_, h.granted);
  held_.emplace(ticket, std::move(h));
  if (auto const offered = offers_.find(ticket); offered != offers_.end())
    step_aside(offered);
}

bool matchmaker::let_go(entity_ref const& ticket) {
  auto const it = held_.find(ticket);
  if (it == held_.end())
    return false;
  used_.count(ticket.tenant, it->second, -1);
  roster_.count(ticket.tenant, it->second.agent, -1);
  held_.erase(it);
  if (auto const offered = offers_.find(ticket); offered != offers_.end())
    line_up(offered);
  return true;
}

/// A grant whose answer was lost (the entity crashed) must not hold a slot for ever. Answers come
/// soon, so that hardly ever one is looked for among all that is held.
void matchmaker::forget_lost(time_point now) {
  if (!unanswered_since_ || now - *unanswered_since_ <= lost_after_)
    return;
  std::vector<entity_ref> lost;
  for (auto const& [ref, h] : held_) {
    if (h.token == 0 && now - h.granted > lost_after_)
      lost.push_back(ref);
  }
  for (auto const& ref : lost)
    give_back(ref);
  unanswered_since_.reset();
  for (auto const& [ref, h] : held_) {
    if (h.token == 0)
      keep_earlier(unanswered_since_, h.granted);
  }
}

// ---- who gets what --------------------------------------------------------------------------

bool matchmaker::overlaps(tenant_id const& of, offer const& o) const {
  return o.kind == stage_kind::work &&
         std::any_of(o.files.begin(), o.files.end(), [&](auto const& f) {
           return used_.files.contains(std::pair{place{of, o.project}, f});
         });
}

/// Only new work is held back: what is under way must be able to end.
bool matchmaker::is_full(tenant_id const& of, offer const& o) const {
  if (o.kind != stage_kind::work || limits_.empty())
    return false;
  place const where{of, o.project};
  auto const limit = limits_.find(where);
  return limit != limits_.end() && in(used_.projects, where) >= limit->second;
}

std::optional<daemon_id> matchmaker::choose_daemon(offer const& o,
                                                   std::string const& profile) const {
  std::optional<daemon_id> best;
  std::int32_t best_free = 0;
  for (auto const& [id, h] : hosts_) {
    if (!h.up)
      continue;
    if (!h.repositories.contains("*") && !h.repositories.contains(o.repository))
      continue;
    auto free = h.slots - in(used_.daemons, id);
    if (!profile.empty()) {
      auto const p = h.profiles.find(profile);
      if (p == h.profiles.end())
        continue;
      free = std::min(free, p->second - in(used_.profiles, std::pair{id, profile}));
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

std::optional<lease_choice> matchmaker::choose(tenant_id const& of, offer const& o) const {
  if (o.role.empty()) { // gates and merges need a place, not a mind
    auto const d = choose_daemon(o, {});
    if (!d)
      return std::nullopt;
    return lease_choice{o.preferred_agent, engine_kind::daemon, *d, {}};
  }
  auto const* const able = roster_.with_room(of, o.project, o.role);
  if (able == nullptr)
    return std::nullopt;
  std::vector<std::string> crowded; // profiles for which no daemon has room
  auto const choice_of = [&](roster::member const& m) -> std::optional<lease_choice> {
    if (std::find(o.excluded.begin(), o.excluded.end(), *m.id) != o.excluded.end())
      return std::nullopt;
    if (m.spec.engine == engine_kind::human) // works where he is; nobody launches anything for him
      return lease_choice{*m.id, m.spec.engine, {}, profile_of(m.spec)};
    auto profile = profile_of(m.spec);
    if (std::find(crowded.begin(), crowded.end(), profile) != crowded.end())
      return std::nullopt;
    if (auto const d = choose_daemon(o, profile))
      return lease_choice{*m.id, m.spec.engine, *d, std::move(profile)};
    crowded.push_back(std::move(profile));
    return std::nullopt;
  };
  if (auto const* const m = roster_.find(of, o.preferred_agent); m && able->contains(m)) {
    if (auto to = choice_of(*m))
      return to;
  }
  for (auto const* m : *able) {
    if (auto to = choice_of(*m))
      return to;
  }
  return std::nullopt;
}

matchmaker::outcome matchmaker::give(entity_ref const& ticket, waiting const& w, time_point now,
                                     std::vector<lease_grant>& out) {
  auto const& o = w.what;
  if (is_full(ticket.tenant, o))
    return outcome::nobody;
  if (overlaps(ticket.tenant, o))
    return outcome::not_this_one;
  auto to = choose(ticket.tenant, o);
  if (!to) {
    // Where one could take it who may not have this one, another of the same need may find him.
    auto const* const able = roster_.with_room(ticket.tenant, o.project, o.role);
    bool const only_this =
        able != nullptr &&
        std::any_of(o.excluded.begin(), o.excluded.end(), [&](agent_id const& who) {
          auto const* const m = roster_.find(ticket.tenant, who);
          return m != nullptr && able->contains(m);
        });
    return only_this ? outcome::not_this_one : outcome::nobody;
  }
  auto grant = lease_grant{ticket, w.key, o, std::move(*to)};
  hold(ticket, holding_of(o, grant.to, now));
  out.push_back(std::move(grant));
  return outcome::given;
}

matchmaker::holding matchmaker::holding_of(offer const& what, lease_choice const& to,
                                           time_point now) {
  holding h;
  h.project = what.project;
  h.agent = to.agent;
  h.daemon = to.daemon;
  h.profile = to.profile;
  h.files = what.files;
  h.work = what.kind == stage_kind::work;
  h.expected = what.after_token + 1;
  h.granted = now;
  return h;
}

/// Whether nobody who waits goes before this offer.
bool matchmaker::comes_first(tenant_id const& of, offer const& what, bool under_way) const {
  if (waiting_.empty())
    return true;
  auto const& [highest, projects] = *waiting_.rbegin();
  if (highest != what.importance)
    return highest < what.importance;
  return under_way && projects.size() == 1 && projects.contains(place{of, what.project});
}

std::optional<lease_choice> matchmaker::take_now(entity_ref const& ticket, offer const& what,
                                                 time_point now) {
  auto const known = held_.find(ticket);
  bool const under_way = known != held_.end();
  if (what.not_before > now || !comes_first(ticket.tenant, what, under_way))
    return std::nullopt;
  std::optional<holding> before;
  if (under_way) {
    before = known->second;
    let_go(ticket);
  }
  bool const must_wait = is_full(ticket.tenant, what) || overlaps(ticket.tenant, what);
  auto to = must_wait ? std::nullopt : choose(ticket.tenant, what);
  if (to)
    hold(ticket, holding_of(what, *to, now));
  else if (before)
    hold(ticket, *before);
  if (to && before)
    before_.insert_or_assign(ticket, std::move(*before));
  return to;
}

void matchmaker::give_back(entity_ref const& ticket) {
  let_go(ticket);
  if (auto const before = before_.find(ticket); before != before_.end()) {
    hold(ticket, std::move(before->second));
    before_.erase(before);
  }
}

/// Offers of one priority: the projects take turns, by what each has in flight at that moment, or
/// one project's long list would take every free place in one go. Nothing becomes free meanwhile,
/// so that a line in which one found nobody is left alone: with thousands that wait for a few
/// agents, each end of a lease would look at all of them.
void matchmaker::match_alike(lines& alike, time_point now, std::vector<lease_grant>& out) {
  struct cursor {
    line const* of;
    line::const_iterator at;
  };
  using turn = std::tuple<std::int32_t, std::uint64_t, place const*>;
  auto const sooner = [](turn const& a, turn const& b) {
    auto const rank = [](turn const& t) { return std::tie(std::get<0>(t), std::get<1>(t)); };
    return rank(a) == rank(b) ? *std::get<2>(a) < *std::get<2>(b) : rank(a) < rank(b);
  };
  std::map<place const*, std::vector<cursor>> open;
  std::set<turn, decltype(sooner)> turns{sooner};
  auto const oldest = [](std::vector<cursor>& of) {
    return std::min_element(of.begin(), of.end(), [](cursor const& a, cursor const& b) {
      return a.at->first < b.at->first;
    });
  };
  auto const take_turn = [&](place const* p, std::vector<cursor>& of) {
    if (!of.empty())
      turns.emplace(in(used_.projects, *p), oldest(of)->at->first, p);
  };
  for (auto const& [p, by_need] : alike) {
    auto& of = open[&p];
    for (auto const& [what, waiting_line] : by_need)
      of.push_back({&waiting_line, waiting_line.begin()});
    take_turn(&p, of);
  }
  while (!turns.empty()) {
    auto const* const p = std::get<place const*>(*turns.begin());
    turns.erase(turns.begin());
    auto& of = open[p];
    auto const first = oldest(of);
    auto const& [ticket, w] = *(first->at++)->second; // what is given leaves its line
    if (give(ticket, w, now, out) == outcome::nobody || first->at == first->of->end())
      of.erase(first);
    take_turn(p, of);
  }
}

/// Those whose time has come stand in line from now on.
void matchmaker::let_in(time_point now) {
  while (!coming_.empty() && coming_.begin()->first.first <= now) {
    auto const at = coming_.begin()->second;
    coming_.erase(coming_.begin());
    auto& w = at->second;
    w.at = standing::line;
    lines_[w.what.importance][place{at->first.tenant, w.what.project}][need_of(w.what)].emplace(
        w.since, at);
  }
}

std::vector<lease_grant> matchmaker::match(time_point now) {
  forget_lost(now);
  let_in(now);
  std::vector<lease_grant> out;
  for (auto& [importance, alike] : lines_) {
    for (auto& [p, by_need] : alike)
      std::erase_if(by_need, [](auto const& l) { return l.second.empty(); });
    std::erase_if(alike, [](auto const& l) { return l.second.empty(); });
    match_alike(alike, now, out);
  }
  std::erase_if(lines_, [](auto const& l) { return l.second.empty(); });
  return out;
}

} // namespace troupe
