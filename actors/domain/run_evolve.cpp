#include "actors/domain/run.hpp"

#include <map>
#include <set>

namespace troupe::run {

namespace {

item_state* find(state& s, ticket_id const& t) {
  for (auto& i : s.items) {
    if (i.ticket == t)
      return &i;
  }
  return nullptr;
}

item_state make_item(state const& s, plan_item const& item, plan_id const& plan) {
  item_state out;
  out.item = item;
  out.ticket = ticket_of(s, item.key);
  out.plan = plan;
  return out;
}

void on(state& s, created const& e, event_context const& ctx) {
  s.is = e.to;
  s.project = e.project;
  s.brief = e.brief;
  s.plan = e.plan;
  s.plan_version = e.plan_version;
  s.config = e.config;
  s.forked_from = e.forked_from;
  s.by_hand = e.by_hand;
  s.continues = e.continues;
  s.tickets = e.tickets;
  s.rewires = e.edges;
  s.created_at = ctx.at;
  for (auto const& i : e.items)
    s.items.push_back(make_item(s, i, e.plan));
  for (auto const& fate : e.fates) {
    auto const it = std::find_if(s.items.begin(), s.items.end(),
                                 [&](item_state const& i) { return i.item.key == fate.key; });
    if (it == s.items.end())
      continue;
    it->outcome = fate.outcome;
    it->plan = fate.plan;
    it->replan = fate.replan;
    it->why = fate.why;
    it->commit = fate.commit;
    it->opened = it->over = fate.outcome != item_outcome::open;
  }
}

void on(state& s, moved const& e, event_context const&) {
  if (e.to == status::paused || (s.is == status::paused && e.to == status::running))
    ++s.change;
  s.is = e.to;
}

void on(state& s, ticket_recorded const& e, event_context const&) {
  auto* item = find(s, e.ticket);
  if (item == nullptr)
    return;
  item->opened = true;
  item->over = true;
  item->why = e.why;
  item->commit = e.commit;
  item->used = e.used;
  if (item->outcome == item_outcome::open) { // replaced stays replaced
    item->outcome = e.outcome;
    item->replan = e.replan;
  }
  s.used.input_tokens += e.used.input_tokens;
  s.used.output_tokens += e.used.output_tokens;
  s.used.cost_micros += e.used.cost_micros;
  s.used.wall += e.used.wall;
}

/// How the keys of one version read in the next: a superseded item is its replacement.
class succession {
public:
  explicit succession(std::vector<plan_item> const& items) {
    for (auto const& i : items) {
      keys_.insert(i.key);
      if (!i.supersedes.empty())
        next_.emplace(i.supersedes, i.key);
    }
  }
  /// Empty: it fell away.
  [[nodiscard]] std::string of(std::string key) const {
    // No longer than the map: a planner may write circles.
    for (std::size_t n = 0; n <= next_.size(); ++n) {
      auto const it = next_.find(key);
      if (it == next_.end())
        return keys_.contains(key) ? key : std::string{};
      key = it->second;
    }
    return {};
  }
  [[nodiscard]] bool keeps(std::string const& key) const {
    return keys_.contains(key) && !next_.contains(key);
  }

private:
  std::set<std::string> keys_;
  std::map<std::string, std::string> next_;
};

std::vector<std::string> follow(succession const& next, std::vector<std::string> const& keys,
                                std::string const& self) {
  std::vector<std::string> out;
  for (auto const& k : keys) {
    auto const now = next.of(k);
    if (!now.empty() && now != self && std::find(out.begin(), out.end(), now) == out.end())
      out.push_back(now);
  }
  return out;
}

/// The edges of one open ticket from `before` to `after`.
void rewire_item(state& s, succession const& next, item_state const& item,
                 std::vector<std::string> const& before, std::vector<std::string> const& after) {
  auto const in = [](std::vector<std::string> const& all, std::string const& k) {
    return std::find(all.begin(), all.end(), k) != all.end();
  };
  std::set<std::string> placed;
  for (auto const& old : before) {
    if (in(after, old))
      continue;
    auto const heir = next.of(old);
    bool const taken = !heir.empty() && in(after, heir) && !in(before, heir);
    if (taken)
      placed.insert(heir);
    s.rewires.push_back({item.ticket, ticket_of(s, old), taken ? ticket_of(s, heir) : ticket_id{}});
  }
  for (auto const& k : after) {
    if (!in(before, k) && !placed.contains(k))
      s.rewires.push_back({item.ticket, {}, ticket_of(s, k)});
  }
}

void on(state& s, adopted const& e, event_context const&) {
  s.plan = e.plan;
  s.plan_version = e.plan_version;
  succession const next{e.items};
  std::map<std::string, std::vector<std::string>> before;
  for (auto& i : s.items) {
    before[i.item.key] = i.item.blocked_by;
    if (i.outcome == item_outcome::done || next.keeps(i.item.key)) {
      // The version that was to answer this failure left it as it is: the failure stands.
      if (i.item.key == e.failed_key)
        i.replan = false;
      continue;
    }
    i.outcome = item_outcome::replaced;
    i.replan = false;
  }
  for (auto const& given : e.items) {
    auto const known = std::find_if(s.items.begin(), s.items.end(),
                                    [&](item_state const& i) { return i.item.key == given.key; });
    auto const blocked_by = follow(next, given.blocked_by, given.key);
    if (known != s.items.end()) {
      if (known->outcome == item_outcome::open)
        known->item.blocked_by = blocked_by;
      continue;
    }
    auto fresh = make_item(s, given, e.plan);
    fresh.item.blocked_by = blocked_by;
    s.items.push_back(std::move(fresh));
  }
  for (std::size_t n = 0; n < s.items.size(); ++n) {
    auto const item = s.items[n];
    auto const old = before.find(item.item.key);
    if (item.outcome == item_outcome::open && old != before.end())
      rewire_item(s, next, item, old->second, item.item.blocked_by);
  }
}

void on(state& s, replan_dropped const& e, event_context const&) {
  if (auto* item = find(s, e.ticket)) {
    item->replan = false;
    if (!e.why.empty())
      item->why += (item->why.empty() ? "" : "; ") + e.why;
  }
}

void on(state& s, ended const& e, event_context const& ctx) {
  s.is = e.to;
  s.why = e.why;
  s.ended_at = ctx.at;
  ++s.change; // tickets that are only stopped are told like those of a paused run
}

void on(state& s, continuation_asked const& e, event_context const& ctx) {
  s.asked = e.asked;
  s.asking = true;
  s.question = e.question;
  s.content_hash = e.content_hash;
  s.asked_at = ctx.at;
}

void on(state& s, continuation_decided const& e, event_context const&) {
  s.asking = false;
  s.next = e.next;
}

void on(state& s, abandoned const&, event_context const&) {
  s.asking = false;
  s.given_up = true;
}

void on(state& s, settled const& e, event_context const&) {
  if (std::find(s.settled.begin(), s.settled.end(), e.key) == s.settled.end())
    s.settled.push_back(e.key);
  for (auto& i : s.items) {
    if (e.key == "open:" + i.item.key)
      i.opened = true;
  }
}

} // namespace

ticket_id ticket_of(state const& s, std::string const& key) {
  return ticket_id{ticket_prefix(s) + "-" + key};
}

std::string ticket_prefix(state const& s) {
  if (!s.tickets.empty())
    return s.tickets;
  return s.forked_from.empty() && !s.brief.empty() ? s.brief.value : s.self.id;
}

bool is_stopped(state const& s) {
  return s.is == status::STOPPED_BUDGET || s.is == status::STOPPED_POLICY ||
         s.is == status::STOPPED_OPERATOR;
}

approval_id present_approval(state const& s) {
  return approval_id{s.self.id + ".c" + std::to_string(s.asked)};
}

bool is_active(state const& s) {
  return s.is == status::starting || s.is == status::running;
}

bool is_complete(state const& s) {
  return std::all_of(s.items.begin(), s.items.end(), [](item_state const& i) {
    return i.outcome == item_outcome::done || i.outcome == item_outcome::replaced;
  });
}

bool is_stuck(state const& s) {
  std::set<std::string> dead;
  for (auto const& i : s.items) {
    if (i.outcome == item_outcome::failed && i.replan)
      return false;
    if (i.outcome == item_outcome::failed || i.outcome == item_outcome::cancelled)
      dead.insert(i.item.key);
  }
  if (dead.empty())
    return false;
  for (bool grew = true; grew;) {
    grew = false;
    for (auto const& i : s.items) {
      if (i.outcome == item_outcome::open && !dead.contains(i.item.key) &&
          std::any_of(i.item.blocked_by.begin(), i.item.blocked_by.end(),
                      [&](auto const& k) { return dead.contains(k); }))
        grew = dead.insert(i.item.key).second;
    }
  }
  return std::none_of(s.items.begin(), s.items.end(), [&](item_state const& i) {
    return i.outcome == item_outcome::open && !dead.contains(i.item.key);
  });
}

state evolve(state s, event const& e, event_context const& ctx) {
  s.version = ctx.version;
  std::visit([&](auto const& x) { on(s, x, ctx); }, e);
  return s;
}

} // namespace troupe::run
