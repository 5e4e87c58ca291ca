#include "actors/domain/checker_rules.hpp"

#include "actors/domain/plan_check.hpp"

#include <array>
#include <cstdint>

namespace troupe::rules {

namespace {

/// From where to where a machine can get, passing rows that nobody reports. Worked out once, as it
/// is asked at every event.
template <class Status>
class ways {
  static constexpr std::size_t most = 32;

public:
  explicit ways(transition_table<Status> table) {
    for (auto const& row : table)
      to_.at(index(row.from)) |= bit(row.to);
    auto const direct = to_;
    for (std::size_t from = 0; from < most; ++from) {
      for (auto seen = std::uint32_t{0}; seen != to_[from];) {
        seen = to_[from];
        for (std::size_t by = 0; by < most; ++by)
          if ((seen >> by & 1) != 0 && !is_terminal(static_cast<Status>(by)))
            to_[from] |= direct[by];
      }
    }
  }
  [[nodiscard]] bool lead(Status from, Status to) const {
    return (to_[index(from)] & bit(to)) != 0;
  }

private:
  static std::size_t index(Status s) { return static_cast<std::size_t>(s); }
  static std::uint32_t bit(Status s) { return std::uint32_t{1} << index(s); }

  std::array<std::uint32_t, most> to_{};
};

problem wrong(int invariant, std::string what) {
  return "invariant " + std::to_string(invariant) + ": " + std::move(what);
}

/// A new lease begins its machines anew.
template <class Status>
Status begin(bool anew, Status before) {
  return anew ? Status::none : before;
}

problem check_lease(ticket_before const& before, ticket::event const& e,
                    ticket::state const& after) {
  auto const* given = std::get_if<ticket::leased>(&e);
  if (given != nullptr) {
    if (before.leased)
      return wrong(2, "a second lease was given while one was held");
    if (given->token <= before.last_token)
      return wrong(2, "token " + std::to_string(given->token) + " does not grow after " +
                          std::to_string(before.last_token));
  }
  if (after.last_token < before.last_token)
    return wrong(2, "the last token went back");
  auto const token_of = [&]() -> std::int64_t {
    if (auto const* x = std::get_if<ticket::renewed>(&e))
      return x->token;
    if (auto const* x = std::get_if<ticket::attempt_started>(&e))
      return x->token;
    if (auto const* x = std::get_if<ticket::attempt_ended>(&e))
      return x->token;
    return 0;
  }();
  if (token_of != 0 && (!before.leased || token_of != before.last_token))
    return wrong(2, "a report with token " + std::to_string(token_of) +
                        ", which is not held, was applied");
  bool const anew = given != nullptr;
  auto const lease = begin(anew, before.lease);
  if (after.holder->is != lease &&
      !is_allowed(ticket::lease_transitions(), lease, after.holder->is))
    return "the lease went from " + name(lease) + " to " + name(after.holder->is);
  static ways<ticket::attempt_status> const attempts{ticket::attempt_transitions()};
  auto const attempt = begin(anew, before.attempt);
  if (after.holder->attempt != attempt && !attempts.lead(attempt, after.holder->attempt))
    return "the attempt went from " + name(attempt) + " to " + name(after.holder->attempt);
  return std::nullopt;
}

problem check_message(envelope const& m) {
  if (m.from == m.to)
    return wrong(9, "message " + m.id + " goes from " + m.from.value + " to itself");
  if (m.hops > hop_limit)
    return wrong(9, "message " + m.id + " has " + std::to_string(m.hops) + " hops");
  return std::nullopt;
}

problem check_gates(ticket::gated const& g, ticket::state const& s) {
  if (!g.passed)
    return std::nullopt;
  if (g.head != s.proof->head)
    return wrong(7, "gates passed for " + g.head + ", the evidence is about " + s.proof->head);
  for (auto const& r : g.results) {
    if (!r.passed || r.proof.head != g.head)
      return wrong(7, "gate " + r.gate + " did not pass for " + g.head);
  }
  return std::nullopt;
}

problem check_done(ticket_before const& before, ticket::event const& e, ticket::state const& s) {
  if (s.is != ticket::status::DONE || before.is == ticket::status::DONE)
    return std::nullopt;
  if (auto const* m = std::get_if<ticket::merged>(&e)) {
    if (m->proof.head != s.proof->head || before.gated_head != s.proof->head ||
        s.proof->head.empty())
      return wrong(7, "merged without gates and evidence for one commit");
    return std::nullopt;
  }
  if (ticket::has_commits(s) || s.gated_head != s.proof->head)
    return wrong(7, "done without a merge although there are commits");
  return std::nullopt;
}

budget::hold const* find_hold(budget::state const& s, std::string const& id) {
  auto const it = s.holds.find(id);
  return it == s.holds.end() ? nullptr : &it->second;
}

problem acyclic(std::vector<plan_item> const& items) {
  auto const path = cycle_in(items);
  if (path.empty())
    return std::nullopt;
  std::string text;
  for (auto const& key : path)
    text += (text.empty() ? "" : " -> ") + key;
  return wrong(4, "the blocks graph has the cycle " + text);
}

} // namespace

ticket_before remember(ticket::state const* s) {
  ticket_before out;
  if (s == nullptr)
    return out;
  out.is = s->is;
  out.last_token = s->last_token;
  out.lease = s->holder->is;
  out.attempt = s->holder->attempt;
  out.leased = ticket::is_leased(*s);
  out.gated_head = s->gated_head;
  for (auto const& w : s->workers) {
    if (w.author)
      out.authors.push_back(w.agent);
  }
  return out;
}

std::string misplaced(ticket::state const& s) {
  bool const free = s.run_active && s.open_blockers.empty();
  if (s.is == ticket::status::blocked && free)
    return "it is blocked although nothing blocks it";
  if (s.is != ticket::status::ready)
    return {};
  if (!free)
    return s.run_active ? "it is ready with open blockers" : "it is ready while its run rests";
  for (auto const& b : s.blocked_by) {
    if (std::find(s.met.begin(), s.met.end(), b) == s.met.end())
      return "it is ready and nobody said that " + b.value + " is done";
  }
  return {};
}

problem check_ticket(ticket_before const& before, ticket::event const& e,
                     ticket::state const& after) {
  if (auto p = check_lease(before, e, after))
    return p;
  if (auto p = check_done(before, e, after))
    return p;
  if (auto const* r = std::get_if<ticket::reviewed>(&e)) {
    for (auto const& a : before.authors) {
      if (!a.empty() && r->by == principal_of(a))
        return wrong(6, r->by.value + " reviewed its own work");
    }
  }
  if (auto const* g = std::get_if<ticket::gated>(&e)) {
    if (auto p = check_gates(*g, after))
      return p;
  }
  if (auto const* m = std::get_if<ticket::message_posted>(&e)) {
    if (auto p = check_message(m->message))
      return p;
  }
  if (after.is == ticket::status::waiting && after.waits.empty())
    return wrong(8, "it waits for nothing");
  for (auto const& w : after.waits) {
    if (w.owner.empty() || w.action.empty() || w.deadline == time_point{})
      return wrong(8, "a waiting without owner, action or deadline");
  }
  return std::nullopt;
}

problem check_money(ticket::state const& s) {
  bool const priced = !s.limits.empty() && !ticket::stage_role(s, s.holder->stage).empty();
  if (priced && !(s.money->granted && s.money->token == s.last_token))
    return wrong(3, "a lease without money although there is a limit");
  return std::nullopt;
}

std::string scope_of(budget::state const* before, budget::event const& e) {
  auto const held = [&](std::string const& id) {
    auto const hold = before == nullptr ? nullptr : find_hold(*before, id);
    return hold == nullptr ? std::string{} : hold->scope;
  };
  return std::visit(
      overloaded{
          [](budget::granted const& x) { return x.scope; },
          [](budget::reserved const& x) { return x.scope; },
          [](budget::level_changed const& x) { return x.scope; },
          [&](budget::charged const& x) { return x.scope.empty() ? held(x.id) : x.scope; },
          [&](budget::released const& x) { return held(x.id); },
          [](auto const&) { return std::string{}; },
      },
      e);
}

problem check_budget(budget::state const& s, std::string const& scope) {
  std::size_t left = s.scopes.size(); // a damaged chain of scopes must not be walked for ever
  for (auto at = s.scopes.find(scope); at != s.scopes.end() && left > 0; --left) {
    auto const& a = at->second;
    if (a.reserved < 0 || a.reserved + a.spent > a.granted + a.overrun)
      return wrong(3, "scope " + at->first + " has more reserved and spent than granted");
    at = s.scopes.find(a.parent);
  }
  return std::nullopt;
}

problem check_plan(plan::state const& s) {
  using plan::status;
  // A proposal may be wrong until it was looked at; nothing is worked from it.
  if (s.is == status::none || s.is == status::drafting || s.is == status::proposed ||
      s.is == status::invalid || is_terminal(s.is))
    return std::nullopt;
  return acyclic(s.content.items);
}

problem check_run(run::event const& e, run::state const& s) {
  // Only these change who blocks whom.
  if (!std::holds_alternative<run::created>(e) && !std::holds_alternative<run::adopted>(e) &&
      !std::holds_alternative<run::replan_dropped>(e))
    return std::nullopt;
  std::vector<plan_item> items;
  for (auto const& i : s.items) {
    if (i.outcome != run::item_outcome::replaced)
      items.push_back(i.item);
  }
  return acyclic(items);
}

problem check_agent(std::vector<std::string> const& open_before, agent::event const& e,
                    agent::state const& after) {
  if (auto const* r = std::get_if<agent::received>(&e)) {
    if (auto p = check_message(r->message))
      return p;
    if (r->message.from == principal_of(after.self))
      return wrong(9, "a message of its own woke it");
  }
  if (auto const* r = std::get_if<agent::replied>(&e)) {
    if (std::find(open_before.begin(), open_before.end(), r->message.reply_to) == open_before.end())
      return wrong(13, "an answer to " + r->message.reply_to + ", which is not an open message");
  }
  return std::nullopt;
}

} // namespace troupe::rules
