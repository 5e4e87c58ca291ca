#include "actors/domain/budget.hpp"

#include "actors/domain/budget_memory.hpp"
#include "actors/domain/settling.hpp"

namespace troupe::budget {

namespace {

using events = std::vector<event>;

/// Far above any sum of money, far below where additions could overflow.
constexpr std::int64_t max_amount = 1'000'000'000'000'000;
constexpr std::int64_t max_total = 4'000'000'000'000'000'000;

constexpr transition<status> rows[] = {
    {status::none, status::open, "granted"},          {status::open, status::warned, "80 % spent"},
    {status::warned, status::exhausted, "all spent"}, {status::warned, status::open, "granted"},
    {status::exhausted, status::open, "granted"},
};
constexpr transition<hold_status> hold_rows[] = {
    {hold_status::reserved, hold_status::SETTLED, "charged"},
    {hold_status::reserved, hold_status::RELEASED, "released"},
};

/// 80 % rounded up, without a product that could overflow.
std::int64_t warning_at(std::int64_t granted) {
  return granted / 5 * 4 + (granted % 5 * 4 + 4) / 5;
}

status level_of(account const& a) {
  if (a.dry || (a.spent > 0 && a.spent >= a.granted))
    return status::exhausted;
  if (a.spent > 0 && a.spent >= warning_at(a.granted))
    return status::warned;
  return status::open;
}

/// The steps from one level to another, along the table.
std::vector<status> steps(status from, status to) {
  if (from == to)
    return {};
  switch (to) {
  case status::none:
  case status::open:
    return {status::open};
  case status::warned:
    if (from == status::exhausted)
      return {status::open, status::warned};
    return {status::warned};
  case status::exhausted:
    if (from == status::open)
      return {status::warned, status::exhausted};
    return {status::exhausted};
  }
  return {};
}

/// Where a path to the root has too little for an amount.
struct shortage {
  std::string scope;
  std::int64_t left = 0;
  bool exhausted = false;
};
/// From the innermost outwards; empty: there is enough.
std::vector<shortage> short_of(state const& s, std::string const& scope, std::int64_t amount) {
  std::vector<shortage> out;
  for (auto at = scope; !at.empty(); at = s.scopes.at(at).parent) {
    auto const& a = s.scopes.at(at);
    if (amount > left_in(a))
      out.push_back({at, left_in(a), a.granted - a.spent < amount});
  }
  return out;
}

/// The outermost that is exhausted, because nothing below it can help; else the innermost.
shortage const& worst(std::vector<shortage> const& all) {
  auto const it =
      std::find_if(all.rbegin(), all.rend(), [](shortage const& x) { return x.exhausted; });
  return it == all.rend() ? all.front() : *it;
}

/// A decision in the making: each event is applied to a copy at once.
class drafting {
public:
  explicit drafting(state const& s) : s_(s) {}
  void add(event e) {
    s_ = evolve(std::move(s_), e, {});
    out_.push_back(std::move(e));
  }
  [[nodiscard]] state const& now_at() const { return s_; }
  /// The events, with what follows by itself: who waited gets what is there now, and the levels.
  [[nodiscard]] events take() {
    serve();
    level();
    return std::move(out_);
  }

private:
  void serve() {
    for (auto const& w : std::vector<want>{s_.wanted}) {
      auto const missing = short_of(s_, w.scope, w.amount);
      if (missing.empty()) {
        add(reserved{w.id, w.scope, w.amount, w.ticket});
        continue;
      }
      auto const& m = worst(missing);
      if (m.scope != w.short_in || m.exhausted != w.exhausted)
        add(deferred{w.id, w.scope, w.amount, w.ticket, m.scope, m.exhausted});
    }
  }
  void level() {
    for (auto const& [scope, a] : std::map<std::string, account>{s_.scopes}) {
      for (auto const to : steps(a.level, level_of(a)))
        add(level_changed{scope, to});
    }
  }

  state s_;
  events out_;
};

error wrong_amount(char const* field) {
  return fail(errc::invalid_argument,
              std::string{field} + " must be 0 to " + std::to_string(max_amount),
              {{"field", field}});
}

bool is_amount(std::int64_t x) {
  return x >= 0 && x <= max_amount;
}

/// Decides one command; one small function an alternative.
struct judge {
  state const& s;
  command_context const& ctx;

  result<events> operator()(grant const& c) const {
    auto const& id = c.id.empty() ? ctx.id : c.id;
    if (std::find(s.grants.begin(), s.grants.end(), id) != s.grants.end())
      return events{};
    if (c.scope.empty() || id.empty())
      return fail(errc::invalid_argument, "a grant needs a scope and an id", {{"field", "scope"}});
    if (!is_amount(c.amount))
      return wrong_amount("amount");
    auto const known = s.scopes.find(c.scope);
    if (known != s.scopes.end()) {
      if (known->second.parent != c.parent)
        return state_conflict("scope " + c.scope + " has another parent");
      if (known->second.granted > max_total - c.amount)
        return wrong_amount("amount");
    } else if (c.parent.empty() && !s.scopes.empty()) {
      return state_conflict("budget " + s.self.id + " has a root already; name a parent");
    } else if (!c.parent.empty() && !s.scopes.contains(c.parent)) {
      return fail(errc::not_found, "there is no scope " + c.parent);
    }
    drafting d{s};
    d.add(granted{c.scope, c.parent, c.amount, id});
    return d.take();
  }

  result<events> operator()(reserve const& c) const {
    if (auto const known = s.holds.find(c.id); known != s.holds.end()) {
      bool const given_up = known->second.is == hold_status::RELEASED && !c.ticket.empty();
      if (given_up || (known->second.scope == c.scope && known->second.amount == c.amount))
        return events{};
      return hold_conflict(c.id, known->second, "is known with another scope or amount");
    }
    if (std::any_of(s.wanted.begin(), s.wanted.end(), [&](want const& w) { return w.id == c.id; }))
      return events{};
    if (is_forgotten_hold(s, c.id))
      return events{};
    if (c.id.empty())
      return fail(errc::invalid_argument, "a reservation needs an id", {{"field", "id"}});
    if (!is_amount(c.amount))
      return wrong_amount("amount");
    drafting d{s};
    if (auto ok = open_path(d, c); !ok)
      return ok.error();
    auto const missing = short_of(d.now_at(), c.scope, c.amount);
    if (missing.empty()) {
      d.add(reserved{c.id, c.scope, c.amount, c.ticket});
    } else if (!c.ticket.empty()) {
      auto const& m = worst(missing);
      d.add(deferred{c.id, c.scope, c.amount, c.ticket, m.scope, m.exhausted});
    } else {
      auto const& m = missing.front();
      auto e = state_conflict(
          "scope " + m.scope + " has " + std::to_string(std::max<std::int64_t>(0, m.left)) +
          " left, " + std::to_string(c.amount) + " are wanted; grant more or wait for a release");
      e.details.emplace("scope", m.scope);
      e.details.emplace("left", m.left);
      return e;
    }
    return d.take();
  }

  result<events> operator()(charge const& c) const {
    auto const known = s.holds.find(c.id);
    if (known == s.holds.end()) {
      if (is_forgotten(s, c.id))
        return events{};
      if (c.scope.empty() || c.id.empty())
        return fail(errc::not_found, "there is no reservation " + c.id);
      if (!s.scopes.contains(c.scope))
        return fail(errc::not_found, "there is no scope " + c.scope);
    } else {
      auto const& h = known->second;
      if (h.is == hold_status::SETTLED && h.spent == c.spent)
        return events{};
      if (h.is != hold_status::reserved)
        return hold_conflict(c.id, h, "is over");
    }
    if (!is_amount(c.spent) || total_spent() > max_total - c.spent)
      return wrong_amount("spent");
    drafting d{s};
    d.add(charged{c.id, c.spent, known == s.holds.end() ? c.scope : std::string{}});
    return d.take();
  }

  result<events> operator()(release const& c) const {
    auto const known = s.holds.find(c.id);
    bool const waits =
        std::any_of(s.wanted.begin(), s.wanted.end(), [&](want const& w) { return w.id == c.id; });
    if (known == s.holds.end() && !waits && is_forgotten_hold(s, c.id))
      return events{};
    if (known == s.holds.end() && !waits && !c.for_good)
      return fail(errc::not_found, "there is no reservation " + c.id);
    if (known != s.holds.end() && known->second.is == hold_status::RELEASED)
      return events{};
    if (known != s.holds.end() && known->second.is != hold_status::reserved)
      return hold_conflict(c.id, known->second, "is over");
    drafting d{s};
    d.add(released{c.id});
    return d.take();
  }

  result<events> operator()(settle const& c) const { return settle_one<event>(obligations(s), c); }
  result<events> operator()(tick const&) const { return events{}; }

private:
  /// Opens what is not known of the path to the scope.
  static result<void> open_path(drafting& d, reserve const& c) {
    std::string parent;
    for (auto const& one : c.path) {
      auto const known = d.now_at().scopes.find(one.scope);
      if (known == d.now_at().scopes.end()) {
        if (one.micros <= 0 || (parent.empty() && !d.now_at().scopes.empty()))
          return fail(errc::not_found, "there is no scope " + one.scope);
        d.add(granted{one.scope, parent, one.micros, one.scope + "#limit"});
      }
      parent = one.scope;
    }
    if (!d.now_at().scopes.contains(c.scope))
      return fail(errc::not_found, "there is no scope " + c.scope);
    return {};
  }
  [[nodiscard]] error state_conflict(std::string sentence) const {
    return conflict(std::move(sentence), s.is, transitions());
  }
  [[nodiscard]] static error hold_conflict(std::string const& id, hold const& h,
                                           std::string const& what) {
    return conflict("reservation " + id + " " + what, h.is, hold_transitions());
  }
  [[nodiscard]] std::int64_t total_spent() const {
    std::int64_t most = 0;
    for (auto const& [scope, a] : s.scopes)
      most = std::max(most, a.spent);
    return most;
  }
};

} // namespace

transition_table<status> transitions() {
  return rows;
}
transition_table<hold_status> hold_transitions() {
  return hold_rows;
}

std::int64_t left_in(account const& a) {
  return a.granted - a.reserved - a.spent;
}

result<std::vector<event>> decide(state const& s, command const& c, command_context const& ctx) {
  auto const* wanted = std::get_if<reserve>(&c);
  auto const* given_up = std::get_if<release>(&c);
  bool const may_begin = std::holds_alternative<grant>(c) ||
                         (wanted != nullptr && !wanted->path.empty()) ||
                         (given_up != nullptr && given_up->for_good);
  if (s.is == status::none && !may_begin)
    return fail(errc::not_found, "there is no budget " + s.self.id);
  return std::visit(judge{s, ctx}, c);
}

std::vector<obligation> obligations(state const& s) {
  std::vector<obligation> out;
  for (auto const& n : s.notices)
    out.push_back(telling(key_of(n), true, s.self, entity_kind::ticket, n.ticket.value,
                          n.short_in.empty()
                              ? ticket::command{ticket::fund{n.id}}
                              : ticket::command{ticket::refuse_funds{n.id, n.short_in, n.why}}));
  return out;
}

std::vector<scope_limit> limits_of(work_limits const& l, project_id const& p, run_id const& r,
                                   ticket_id const& t) {
  std::vector<scope_limit> out;
  if (l.budget_micros > 0)
    out.push_back({"project:" + p.value, 0}); // the project itself grants it, also what is raised
  if (l.run_budget_micros > 0)
    out.push_back({"run:" + r.value, l.run_budget_micros});
  if (l.ticket_budget_micros > 0)
    out.push_back({"ticket:" + t.value + (l.run_budget_micros > 0 ? "@" + r.value : std::string{}),
                   l.ticket_budget_micros}); // within the run's, where it has one
  return out;
}

std::int64_t attempt_amount(work_limits const& l) {
  if (l.attempt_budget_micros > 0)
    return l.attempt_budget_micros;
  std::int64_t smallest = 0;
  for (auto const one : {l.budget_micros, l.run_budget_micros, l.ticket_budget_micros}) {
    if (one > 0 && (smallest == 0 || one < smallest))
      smallest = one;
  }
  return std::max<std::int64_t>(1, smallest / 10);
}

} // namespace troupe::budget
