#include "actors/work_meter.hpp"

#include "actors/domain/read_as.hpp"

#include <algorithm>

namespace troupe {

namespace {

using namespace std::chrono_literals;

constexpr std::int64_t ms(duration d) {
  return d.count();
}
constexpr std::array<std::int64_t, 12> took_bounds{ms(1s),    ms(10s), ms(1min), ms(5min),
                                                   ms(15min), ms(1h),  ms(4h),   ms(12h),
                                                   ms(24h),   ms(72h), ms(168h), ms(720h)};
constexpr std::array<std::int64_t, 7> round_bounds{0, 1, 2, 3, 5, 8, 13};

/// Roles are words of the projects' configuration. What more there are would make series without
/// end, and is counted together.
constexpr std::size_t most_roles = 32;
constexpr std::size_t longest_role = 64;

/// Most events of a ticket say nothing that is counted, and are told apart before anything else.
bool says_nothing(std::string_view type) {
  return type == "ticket.renewed" || type == "ticket.message_posted" || type == "ticket.settled" ||
         type == "ticket.commented" || type == "ticket.funded" || type == "ticket.funds_refused" ||
         type == "ticket.taken_over";
}

usage since(usage const& before, usage const& now) {
  return {now.input_tokens - before.input_tokens, now.output_tokens - before.output_tokens,
          now.cost_micros - before.cost_micros, now.wall - before.wall};
}

/// The event as this process made it, or as it was read.
template <class Event>
std::optional<Event> event_of(stored_event const& e) {
  if (auto const* made = static_cast<ticket::event const*>(e.event.decoded.get())) {
    auto const* same = std::get_if<Event>(made);
    return same != nullptr ? std::optional<Event>{*same} : std::nullopt;
  }
  return read_as<Event>(entity_kind::ticket, e.event.type, e.event.data);
}

/// Whether the ticket was sent back. A merge that was refused once too often is told as both.
bool is_round(stored_event const& e) {
  if (e.event.type == "ticket.merge_refused")
    return true;
  auto const back = e.event.type == "ticket.sent_back" ? event_of<ticket::sent_back>(e)
                                                       : std::optional<ticket::sent_back>{};
  return back && back->stage != "merge";
}

std::int64_t minute_of(time_point t) {
  return std::chrono::floor<std::chrono::minutes>(t).time_since_epoch().count();
}

} // namespace

work_meter::work_meter() : rounds_(round_bounds) {
  for (auto const end : {ticket::status::DONE, ticket::status::FAILED, ticket::status::CANCELLED})
    took_.emplace(end, took_bounds);
}

std::string work_meter::known_role(std::string const& role) {
  if (role.empty())
    return "machine";
  if (roles_.contains(role))
    return role;
  if (roles_.size() >= most_roles || role.size() > longest_role)
    return "other";
  return *roles_.insert(role).first;
}

void work_meter::spend(std::string const& role, engine_kind engine, usage const& used,
                       time_point at) {
  auto& sum = sums_.used[{role, engine}];
  sum.input_tokens += used.input_tokens;
  sum.output_tokens += used.output_tokens;
  sum.cost_micros += used.cost_micros;
  sum.wall += used.wall;
  if (used.cost_micros == 0)
    return;
  auto const now = minute_of(at);
  auto& m = burnt_[static_cast<std::size_t>(now) % burnt_.size()];
  if (m.at < now)
    m = {now, 0};
  if (m.at == now)
    m.micros += used.cost_micros;
}

void work_meter::end_attempt(ticket::state const& after, usage const& used, time_point at) {
  auto const role = known_role(ticket::stage_role(after, after.holder->stage));
  ++sums_.attempts[{role, after.holder->attempt}];
  spend(role, after.holder->engine, used, at);
}

void work_meter::take(stored_event const& e, ticket::state const& after) {
  std::string_view const type = e.event.type; // compared by its length first
  if (says_nothing(type))
    return;
  if (type == "ticket.opened") {
    open_.insert_or_assign(e.stream, open_ticket{after.is, 0, after.used});
    ++sums_.tickets[after.is];
    return;
  }
  auto const known = open_.find(e.stream);
  if (known == open_.end()) { // it is over
    if (auto const late = event_of<ticket::orphaned>(e))
      spend("unknown", engine_kind::daemon, late->used, e.event.at);
    return;
  }
  auto& t = known->second;
  if (type == "ticket.attempt_ended" || type == "ticket.orphaned") {
    auto const used = since(t.used, after.used);
    t.used = after.used;
    if (type == "ticket.orphaned")
      spend("unknown", engine_kind::daemon, used, e.event.at);
    else
      end_attempt(after, used, e.event.at);
  } else if (is_round(e)) {
    ++t.rounds;
    ++sums_.reworks;
  } else if (type == "ticket.reviewed" && !after.reviews.empty()) {
    ++(after.reviews.back().approved ? sums_.approved : sums_.changes_requested);
  } else if (type == "ticket.gated") {
    if (auto const answer = event_of<ticket::gated>(e))
      gated(after, *answer);
  }
  if (after.is == t.is)
    return;
  --sums_.tickets[t.is];
  t.is = after.is;
  if (auto const end = took_.find(after.is); end != took_.end()) {
    end->second.add((after.changed_at - after.opened_at).count());
    rounds_.add(t.rounds);
    open_.erase(known);
  } else {
    ++sums_.tickets[after.is];
  }
}

void work_meter::gated(ticket::state const& after, ticket::gated const& answer) {
  if (answer.stage < 0 || static_cast<std::size_t>(answer.stage) >= after.stages->size())
    return;
  auto const& gates = (*after.stages)[static_cast<std::size_t>(answer.stage)].gates;
  for (auto const& r : answer.results) {
    auto const spec = std::find_if(gates.begin(), gates.end(),
                                   [&](gate_spec const& g) { return g.name == r.gate; });
    if (spec != gates.end())
      ++(r.passed ? sums_.gates_passed : sums_.gates_violated)[spec->kind];
  }
}

void work_meter::take(stored_event const& e, budget::state const& after) {
  auto const root = after.scopes.find(after.self.id);
  if (root == after.scopes.end())
    return;
  auto& known = accounts_[e.stream];
  auto const& now = root->second;
  if (known.level != budget::status::none)
    --sums_.budgets[known.level];
  ++sums_.budgets[now.level];
  sums_.granted_micros += now.granted - known.granted;
  sums_.reserved_micros += now.reserved - known.reserved;
  sums_.spent_micros += now.spent - known.spent;
  known = {now.level, now.granted, now.reserved, now.spent};
}

void work_meter::take(stored_event const& e, approval::state const& after) {
  bool const waits =
      after.is == approval::status::pending || after.is == approval::status::escalated;
  if (waits)
    waiting_.insert_or_assign(e.stream, after.opened_at);
  else
    waiting_.erase(e.stream);
}

work_totals work_meter::read(time_point now) const {
  auto out = sums_;
  for (auto const& [end, spread] : took_)
    out.took.emplace(end, spread.read());
  out.rounds = rounds_.read();
  auto const present = minute_of(now);
  for (auto const& m : burnt_) {
    if (m.at > present - static_cast<std::int64_t>(burnt_.size()) && m.at <= present)
      out.last_hour_micros += m.micros;
  }
  out.approvals = static_cast<std::int64_t>(waiting_.size());
  for (auto const& [what, since_when] : waiting_) {
    if (out.oldest_approval == time_point{} || since_when < out.oldest_approval)
      out.oldest_approval = since_when;
  }
  return out;
}

} // namespace troupe
