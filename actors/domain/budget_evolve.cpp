#include "actors/domain/budget_memory.hpp"

namespace troupe::budget {

namespace {

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

/// A reservation's id without its number at the end, and the number.
std::pair<std::string, std::int64_t> split(std::string const& id) {
  constexpr std::size_t most_digits = 18;
  auto at = id.size();
  while (at > 0 && id.size() - at < most_digits && id[at - 1] >= '0' && id[at - 1] <= '9')
    --at;
  return {id.substr(0, at), at == id.size() ? 0 : std::stoll(id.substr(at))};
}

/// Millionths as people write money: two decimal places, more where it needs them.
std::string money_text(std::int64_t micros) {
  auto part = std::to_string(micros % 1'000'000);
  part.insert(0, 6 - part.size(), '0');
  while (part.size() > 2 && part.back() == '0')
    part.pop_back();
  return std::to_string(micros / 1'000'000) + "." + part;
}

/// What is told where only a person can help.
std::string way_out(state const& s, deferred const& e) {
  return e.short_in + " cannot pay for another attempt of " + money_text(e.amount) +
         "; grant it more: `troupe budget grant " + s.self.id + " --amount MONEY" +
         (e.short_in == s.self.id ? std::string{} : " --scope " + e.short_in) + "`";
}

struct fold {
  state& s;

  void operator()(granted const& e) const {
    auto& a = s.scopes[e.scope];
    a.parent = e.parent;
    a.granted += e.amount;
    a.dry = false;
    for (auto& w : s.wanted) { // what is still too little is said again
      if (w.short_in == e.scope)
        w.exhausted = false;
    }
    s.grants.push_back(e.id);
    if (s.is == status::none)
      s.is = status::open;
  }
  void operator()(reserved const& e) const {
    forget(e.id);
    s.holds[e.id] = {e.scope, e.amount, 0, hold_status::reserved, false};
    if (!e.ticket.empty())
      s.notices.push_back({e.id, e.ticket, {}, {}});
    upwards(s, e.scope, [&](account& a) { a.reserved += e.amount; });
  }
  void operator()(deferred const& e) const {
    std::erase_if(s.notices, [&](notice const& n) { return n.id == e.id; });
    want const w{e.id, e.scope, e.amount, e.ticket, e.short_in, e.exhausted};
    auto const known =
        std::find_if(s.wanted.begin(), s.wanted.end(), [&](want const& x) { return x.id == e.id; });
    if (known == s.wanted.end())
      s.wanted.push_back(w);
    else
      *known = w;
    if (!e.exhausted)
      return;
    s.scopes[e.short_in].dry = true;
    s.notices.push_back({e.id, e.ticket, e.short_in, way_out(s, e)});
  }
  void operator()(charged const& e) const {
    forget(e.id);
    auto& h = s.holds[e.id];
    if (!e.scope.empty()) // there was none: as one of nothing
      h = {e.scope, 0, 0, hold_status::reserved, true};
    h.is = hold_status::SETTLED;
    h.spent = e.spent;
    upwards(s, h.scope, [&](account& a) {
      a.reserved -= h.amount;
      a.spent += e.spent;
      a.overrun += std::max<std::int64_t>(0, e.spent - h.amount);
    });
    keep_over(e.id);
  }
  void operator()(released const& e) const {
    forget(e.id);
    auto& h = s.holds[e.id]; // an unknown one is remembered
    h.is = hold_status::RELEASED;
    upwards(s, h.scope, [&](account& a) { a.reserved -= h.amount; });
    keep_over(e.id);
  }
  void operator()(level_changed const& e) const {
    auto& a = s.scopes[e.scope];
    a.level = e.to;
    if (a.parent.empty())
      s.is = e.to;
  }
  void operator()(settled const& e) const {
    std::erase_if(s.notices, [&](notice const& n) { return key_of(n) == e.key; });
  }

private:
  /// Remembers a reservation that is over, and forgets the oldest of them.
  void keep_over(std::string const& id) const {
    s.over.push_back(id);
    if (s.over.size() <= max_over)
      return;
    auto const [name, number] = split(s.over.front());
    series now{name, number, s.holds.at(s.over.front()).unasked ? -1 : number};
    s.holds.erase(s.over.front());
    s.over.erase(s.over.begin());
    for (auto const& x : s.forgotten) {
      if (x.name != name)
        continue;
      now.last = std::max(now.last, x.last);
      now.asked = std::max(now.asked, x.asked);
    }
    std::erase_if(s.forgotten, [&](series const& x) { return x.name == now.name; });
    s.forgotten.push_back(std::move(now));
    if (s.forgotten.size() > max_forgotten)
      s.forgotten.erase(s.forgotten.begin());
  }
  void forget(std::string const& id) const {
    std::erase_if(s.notices, [&](notice const& n) { return n.id == id; });
    std::erase_if(s.wanted, [&](want const& w) { return w.id == id; });
  }
};

} // namespace

bool is_forgotten(state const& s, std::string const& id) {
  auto const at = split(id);
  return std::any_of(s.forgotten.begin(), s.forgotten.end(),
                     [&](series const& x) { return x.name == at.first && at.second <= x.last; });
}

bool is_forgotten_hold(state const& s, std::string const& id) {
  auto const at = split(id);
  return std::any_of(s.forgotten.begin(), s.forgotten.end(),
                     [&](series const& x) { return x.name == at.first && at.second <= x.asked; });
}

std::string key_of(notice const& n) {
  return n.short_in.empty() ? "fund:" + n.id : "refuse:" + n.id + ":" + n.short_in;
}

state evolve(state s, event const& e, event_context const& ctx) {
  std::visit(fold{s}, e);
  s.version = ctx.version;
  return s;
}

} // namespace troupe::budget
