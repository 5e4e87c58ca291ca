#pragma once

#include "protocol/content_hash.hpp"
#include "protocol/obligation.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// What every domain shares: the surroundings of an event, transition tables as data, the refusal
/// of an illegal command, the roster by role, and the addresses of messages.
namespace troupe {

/// What surrounds a stored event; everything `evolve` may need that is not in the event.
struct event_context {
  std::uint64_t version = 0; ///< of the stream after this event, from 1
  time_point at{};
  std::string cause; ///< id of the command, message or event that led to it
};

/// What `decide` answers: the events and, where the domain has applied each of them to decide about
/// the next one, the state after the last; else null.
template <class Event, class State>
struct decided : std::vector<Event> {
  using std::vector<Event>::vector;
  decided(std::vector<Event> events) : std::vector<Event>(std::move(events)) {} // NOLINT
  std::shared_ptr<State> after;
};

// ---- transition tables ----------------------------------------------------------------------

/// One row of a state machine. Rows from `none` say how a stream may begin.
template <class Status>
struct transition {
  Status from;
  Status to;
  std::string_view cause;
};

/// A whole machine: `static constexpr transition<status> rows[] = {…}` converts to it.
template <class Status>
using transition_table = std::span<transition<Status> const>;

/// Name of a status as it is stored and shown.
template <class Status>
[[nodiscard]] std::string name(Status s) {
  return boost::describe::enum_to_string(s, "");
}

/// Whether the table has the edge; staying where one is needs none.
template <class Status>
[[nodiscard]] bool is_allowed(transition_table<Status> table, Status from, Status to) {
  return std::any_of(table.begin(), table.end(),
                     [&](auto const& row) { return row.from == from && row.to == to; });
}

/// The statuses that can follow, in the order of the table, each once.
template <class Status>
[[nodiscard]] std::vector<Status> allowed_from(transition_table<Status> table, Status from) {
  std::vector<Status> out;
  for (auto const& row : table) {
    if (row.from == from && std::find(out.begin(), out.end(), row.to) == out.end())
      out.push_back(row.to);
  }
  return out;
}

/// CAPITALS are terminal.
template <class Status>
[[nodiscard]] bool is_terminal(Status s) {
  auto const text = name(s);
  return !text.empty() && text.front() >= 'A' && text.front() <= 'Z';
}

/// Where an event moves its entity: its member `to`, or `none` where it stays.
template <class Status, class Event>
[[nodiscard]] Status target_of(Event const& e) {
  return std::visit(
      [](auto const& x) -> Status {
        if constexpr (requires {
                        { x.to } -> std::convertible_to<Status>;
                      })
          return x.to;
        else
          return Status::none;
      },
      e);
}

// ---- refusals -------------------------------------------------------------------------------

/// A conflict with {"state", "allowed"} for programs. `sentence` says what is wrong and the way
/// out.
[[nodiscard]] error conflict(std::string sentence, std::string state,
                             std::vector<std::string> const& allowed);

/// The same with the statuses that the table allows from here.
template <class Status>
[[nodiscard]] error conflict(std::string sentence, Status is, transition_table<Status> table) {
  std::vector<std::string> allowed;
  for (auto const next : allowed_from(table, is))
    allowed.push_back(name(next));
  return conflict(std::move(sentence), name(is), allowed);
}

// ---- the roster -----------------------------------------------------------------------------

/// The first agent of the roster with the role; null if there is none.
[[nodiscard]] agent_spec const* with_role(project_config const& c, std::string_view role);
/// The agent who takes a request for the role: the first with it, else chief-of-staff, pm,
/// tech-lead, else the first of the roster. Empty where the roster is.
[[nodiscard]] agent_id agent_for(project_id const& p, project_config const& c,
                                 std::string_view role);

// ---- principals and messages ----------------------------------------------------------------

/// `ticket:<id>`, `brief:<id>`, `agent:<id>`, …
[[nodiscard]] principal_id principal_of(entity_kind kind, std::string_view id);
[[nodiscard]] inline principal_id principal_of(entity_ref const& e) {
  return principal_of(e.kind, e.id);
}
[[nodiscard]] inline principal_id principal_of(agent_id const& a) {
  return principal_of(entity_kind::agent, a.value);
}
/// The entity that a principal is; none for people and services.
[[nodiscard]] std::optional<entity_ref> entity_of(tenant_id const& t, principal_id const& p);
[[nodiscard]] bool is_human(principal_id const& p);
/// The runtime itself.
[[nodiscard]] inline principal_id system_principal() {
  return principal_id{"system"};
}

/// A request of an entity to an agent: one text part for people, one data part for engines.
[[nodiscard]] envelope request_to(agent_id const& to, entity_ref const& from, std::string id,
                                  std::string correlation, std::string text, json::value data);

// ---- obligations ----------------------------------------------------------------------------

/// An obligation to tell another entity of the same tenant something.
template <class Command>
[[nodiscard]] obligation telling(std::string key, bool acknowledge, entity_ref const& self,
                                 entity_kind kind, std::string to, Command command) {
  return {std::move(key), acknowledge,
          tell{entity_ref{self.tenant, kind, std::move(to)}, any_command{std::move(command)}}};
}

} // namespace troupe
