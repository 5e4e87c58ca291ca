#include "gateway/routes/resting.hpp"

#include "actors/domain/budget.hpp"
#include "actors/domain/run.hpp"
#include "gateway/routes/rows.hpp"

namespace troupe {

namespace {

using namespace rows;

json::object lack(std::string const& text, std::string const& way_out) {
  return {{"for", "run"}, {"text", text}, {"do", way_out}};
}

} // namespace

/// Whether a scope that the run draws from could not pay for another attempt since its last grant.
bool resting::needs_money(json::value const& run, std::string const& id) const {
  auto const config = json::from<project_config>(member(run, "config"));
  if (!config)
    return false;
  auto const path =
      budget::limits_of(config->limits, project_id{word(run, "project")}, run_id{id}, {});
  if (path.empty())
    return false;
  auto const budget = on_.n.view().get({tenant_, entity_kind::budget, path.front().scope});
  for (auto const& limit : path)
    if (flag(member(member(budget, "scopes"), limit.scope), "dry"))
      return true;
  return false;
}

std::optional<json::object> resting::lack_of_run(json::value const& run) const {
  auto const id = id_of(run);
  auto const is = word(run, "is");
  auto const why = word(run, "why");
  auto const named = "run " + id + ", which is " + is;
  auto const because = why.empty() ? std::string{} : ": " + why;
  if (is == name(run::status::draft) || is == name(run::status::queued))
    return lack(named, "Begin it with `troupe run start " + id + "`.");
  if (is == name(run::status::paused)) {
    auto const brief = word(run, "brief");
    auto const state =
        brief.empty() ? json::value{} : on_.n.view().get({tenant_, entity_kind::brief, brief});
    bool const held = word(state, "is") == name(brief::status::on_hold);
    return lack(named + because, "Go on with `troupe " +
                                     (held ? "brief resume " + brief : "run resume " + id) + "`.");
  }
  bool const stopped = is == name(run::status::STOPPED_BUDGET) ||
                       is == name(run::status::STOPPED_POLICY) ||
                       is == name(run::status::STOPPED_OPERATOR);
  if (!stopped || flag(run, "given_up") || !word(run, "next").empty())
    return std::nullopt;
  if (flag(run, "asking"))
    return lack("a person to say whether run " + id + " (" + is + ") goes on",
                "Say so with `troupe approve " + id + ".c" + std::to_string(number(run, "asked")) +
                    "`.");
  if (is == name(run::status::STOPPED_BUDGET) && needs_money(run, id))
    return lack(named + because, "Then go on with `troupe run continue " + id + "`.");
  if (is == name(run::status::STOPPED_BUDGET))
    return lack(named + "; there is money again", "Go on with `troupe run continue " + id + "`.");
  return lack(named + because, "Go on with `troupe run continue " + id +
                                   "`, or give it up with `troupe run cancel " + id + "`.");
}

std::optional<json::object> resting::lack_of_ticket(json::value const& ticket) {
  auto const run = word(ticket, "run");
  if (run.empty() || flag(ticket, "run_active") || is_over(word(ticket, "is")))
    return std::nullopt;
  auto const [at, fresh] = runs_.try_emplace(run);
  if (fresh)
    at->second = lack_of_run(on_.n.view().get({tenant_, entity_kind::run, run}));
  return at->second;
}

void count_open_tickets(api const& a, tenant_id const& tenant, json::object& shown,
                        json::value const& run) {
  auto const id = id_of(run);
  if (!member(run, "items").is_array())
    return;
  usage used;
  if (auto const ended = json::from<usage>(member(run, "used")))
    used = *ended;
  bool any = false;
  for (auto const& item : member(run, "items").get_array()) {
    auto const outcome = word(item, "outcome");
    if (!outcome.empty() && outcome != name(run::item_outcome::open))
      continue; // counted when it ended
    auto const ticket = a.n.view().get({tenant, entity_kind::ticket, word(item, "ticket")});
    if (word(ticket, "run") != id)
      continue;
    if (auto const more = json::from<usage>(member(ticket, "used"))) {
      used.input_tokens += more->input_tokens;
      used.output_tokens += more->output_tokens;
      used.cost_micros += more->cost_micros;
      used.wall += more->wall;
      any = true;
    }
  }
  if (any)
    shown.insert_or_assign("used", json::to(used));
}

} // namespace troupe
