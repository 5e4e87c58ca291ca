#include "actors/domain/budget.hpp"

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

/// Applies `change` to the scope and all that contain it.
template <class Change>
void upwards(state& s, std::string scope, Change change) {
  for (auto at = s.scopes.find(scope); at != s.scopes.end(); at = s.scopes.find(scope)) {
    change(at->second);
    if (at->second.parent.empty())
      return;
    scope = at->second.parent;
  }
}

struct fold {
  state& s;

  void operator()(granted const& e) const {
    auto& a = s.scopes[e.scope];
    a.parent = e.parent;
    a.granted += e.amount;
    s.grants.push_back(e.id);
    if (s.is == status::none)
      s.is = status::open;
  }
  void operator()(reserved const& e) const {
    s.holds[e.id] = {e.scope, e.amount, 0, hold_status::reserved};
    upwards(s, e.scope, [&](account& a) { a.reserved += e.amount; });
  }
  void operator()(charged const& e) const {
    auto& h = s.holds[e.id];
    h.is = hold_status::SETTLED;
    h.spent = e.spent;
    upwards(s, h.scope, [&](account& a) {
      a.reserved -= h.amount;
      a.spent += e.spent;
      a.overrun += std::max<std::int64_t>(0, e.spent - h.amount);
    });
  }
  void operator()(released const& e) const {
    auto& h = s.holds[e.id];
    h.is = hold_status::RELEASED;
    upwards(s, h.scope, [&](account& a) { a.reserved -= h.amount; });
  }
  void operator()(level_changed const& e) const {
    auto& a = s.scopes[e.scope];
    a.level = e.to;
    if (a.parent.empty())
      s.is = e.to;
  }
  void operator()(settled const&) const {}
};

/// 80 % rounded up, without a product that could overflow.
std::int64_t warning_at(std::int64_t granted) {
  return granted / 5 * 4 + (granted % 5 * 4 + 4) / 5;
}

status level_of(account const& a) {
  if (a.spent > 0 && a.spent >= a.granted)
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

/// The event, and the levels it changes, from its scope upwards.
events with_levels(state s, std::string scope, event e) {
  std::visit(fold{s}, e);
  events out{std::move(e)};
  upwards(s, scope, [&, at = scope](account& a) mutable {
    for (auto const to : steps(a.level, level_of(a)))
      out.emplace_back(level_changed{at, to});
    at = a.parent;
  });
  return out;
}

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
    return with_levels(s, c.scope, granted{c.scope, c.parent, c.amount, id});
  }

  result<events> operator()(reserve const& c) const {
    if (auto const known = s.holds.find(c.id); known != s.holds.end()) {
      if (known->second.scope == c.scope && known->second.amount == c.amount)
        return events{};
      return hold_conflict(c.id, known->second, "is known with another scope or amount");
    }
    if (c.id.empty())
      return fail(errc::invalid_argument, "a reservation needs an id", {{"field", "id"}});
    if (!is_amount(c.amount))
      return wrong_amount("amount");
    if (!s.scopes.contains(c.scope))
      return fail(errc::not_found, "there is no scope " + c.scope);
    for (auto at = c.scope; !at.empty(); at = s.scopes.at(at).parent) {
      auto const left = left_in(s.scopes.at(at));
      if (c.amount > left) {
        auto e = state_conflict(
            "scope " + at + " has " + std::to_string(std::max<std::int64_t>(0, left)) + " left, " +
            std::to_string(c.amount) + " are wanted; grant more or wait for a release");
        e.details.emplace("scope", at);
        e.details.emplace("left", left);
        return e;
      }
    }
    return events{reserved{c.id, c.scope, c.amount}};
  }

  result<events> operator()(charge const& c) const {
    auto const known = s.holds.find(c.id);
    if (known == s.holds.end())
      return fail(errc::not_found, "there is no reservation " + c.id);
    auto const& h = known->second;
    if (h.is == hold_status::SETTLED && h.spent == c.spent)
      return events{};
    if (h.is != hold_status::reserved)
      return hold_conflict(c.id, h, "is over");
    if (!is_amount(c.spent) || total_spent() > max_total - c.spent)
      return wrong_amount("spent");
    return with_levels(s, h.scope, charged{c.id, c.spent});
  }

  result<events> operator()(release const& c) const {
    auto const known = s.holds.find(c.id);
    if (known == s.holds.end())
      return fail(errc::not_found, "there is no reservation " + c.id);
    if (known->second.is == hold_status::RELEASED)
      return events{};
    if (known->second.is != hold_status::reserved)
      return hold_conflict(c.id, known->second, "is over");
    return events{released{c.id}};
  }

  result<events> operator()(settle const&) const { return events{}; }
  result<events> operator()(tick const&) const { return events{}; }

private:
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
  if (s.is == status::none && !std::holds_alternative<grant>(c))
    return fail(errc::not_found, "there is no budget " + s.self.id);
  return std::visit(judge{s, ctx}, c);
}

state evolve(state s, event const& e, event_context const& ctx) {
  std::visit(fold{s}, e);
  s.version = ctx.version;
  return s;
}

std::vector<obligation> obligations(state const&) {
  return {};
}

} // namespace troupe::budget
