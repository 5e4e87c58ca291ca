#include "actors/domain/domain.hpp"
#include "gateway/routes/metric_text.hpp"
#include "gateway/routes/metrics.hpp"

namespace troupe {

namespace {

constexpr double milliseconds = 1e3; ///< in a second
constexpr double micros = 1e6;       ///< in a unit of the currency

double number(auto n) {
  return static_cast<double>(n);
}

void add_use(metric_page& out, work_totals const& w) {
  auto tokens = out.counter("troupe_tokens_total", "Tokens that attempts have used.");
  auto money =
      out.counter("troupe_money_spent_total", "What attempts have cost, in units of the currency.");
  auto time = out.counter("troupe_attempt_work_seconds_total", "How long attempts have worked.");
  for (auto const& [who, used] : w.used) {
    metric_page::labels const by{{"role", who.first}, {"engine", name(who.second)}};
    auto const with = [&](char const* direction) {
      auto l = by;
      l.emplace_back("direction", direction);
      return l;
    };
    tokens.at(with("input"), number(used.input_tokens))
        .at(with("output"), number(used.output_tokens));
    money.at(by, number(used.cost_micros) / micros);
    time.at(by, number(used.wall.count()) / milliseconds);
  }
  auto attempts = out.counter("troupe_attempts_total", "Attempts that have ended, by their end.");
  for (auto const& [key, n] : w.attempts)
    attempts.at({{"role", key.first}, {"outcome", name(key.second)}}, number(n));
}

void add_tickets(metric_page& out, work_totals const& w) {
  auto tickets = out.gauge("troupe_tickets", "Tickets that are not over, by status.");
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<ticket::status>>([&](auto each) {
    if (each.value == ticket::status::none || is_terminal(each.value))
      return;
    auto const known = w.tickets.find(each.value);
    tickets.at({{"status", each.name}}, known == w.tickets.end() ? 0 : number(known->second));
  });
  auto took = out.histogram("troupe_ticket_completion_seconds",
                            "From a ticket's opening to its end, by how it ended.");
  for (auto const& [end, spread] : w.took)
    took.at({{"outcome", name(end)}}, spread, milliseconds);
  out.histogram("troupe_ticket_review_rounds", "How often a ticket that is over was sent back.")
      .at({}, w.rounds);
  out.counter("troupe_reworks_total", "Times that a ticket was sent back.").at(number(w.reworks));
  out.counter("troupe_reviews_total", "Reviews, by their verdict.")
      .at({{"verdict", "approved"}}, number(w.approved))
      .at({{"verdict", "changes_requested"}}, number(w.changes_requested));
}

void add_gates(metric_page& out, work_totals const& w) {
  auto passed = out.counter("troupe_gate_passes_total", "Gates that were passed, by kind.");
  auto violated = out.counter("troupe_gate_violations_total", "Gates that were not, by kind.");
  auto const of = [](std::map<gate_kind, std::uint64_t> const& all, gate_kind k) {
    auto const known = all.find(k);
    return known == all.end() ? 0.0 : number(known->second);
  };
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<gate_kind>>([&](auto each) {
    passed.at({{"kind", each.name}}, of(w.gates_passed, each.value));
    violated.at({{"kind", each.name}}, of(w.gates_violated, each.value));
  });
}

void add_budgets(metric_page& out, work_totals const& w) {
  out.gauge("troupe_money_burn_per_hour", "What attempts have cost in the last sixty minutes.")
      .at(number(w.last_hour_micros) / micros);
  out.gauge("troupe_budget_granted", "Money that all budgets together were given.")
      .at(number(w.granted_micros) / micros);
  out.gauge("troupe_budget_reserved", "Of it, what is set aside for attempts under way.")
      .at(number(w.reserved_micros) / micros);
  out.gauge("troupe_budget_spent", "Of it, what is spent.").at(number(w.spent_micros) / micros);
  auto levels = out.gauge("troupe_budgets", "Budgets by their level; warned: 80 % are used.");
  for (auto const level :
       {budget::status::open, budget::status::warned, budget::status::exhausted}) {
    auto const known = w.budgets.find(level);
    levels.at({{"level", name(level)}}, known == w.budgets.end() ? 0 : number(known->second));
  }
}

} // namespace

void add_work_metrics(metric_page& out, work_totals const& w) {
  add_use(out, w);
  add_tickets(out, w);
  add_gates(out, w);
  add_budgets(out, w);
  out.gauge("troupe_approvals_waiting", "Approvals that wait for a person.")
      .at(number(w.approvals));
  auto oldest = out.gauge("troupe_approvals_oldest_timestamp_seconds",
                          "When the oldest of them was asked for; 0: none waits.");
  oldest.at(number(w.oldest_approval.time_since_epoch().count()) / milliseconds);
}

} // namespace troupe
