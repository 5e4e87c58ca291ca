#pragma once

#include "actors/domain/event_text.hpp"
#include "protocol/entities/shared.hpp"
#include "protocol/redact_json.hpp"
#include "protocol/result.hpp"

#include <vector>

namespace troupe {

/// What a domain decided, and the members of each event as they will be stored (canonical JSON).
template <class Domain>
struct clean_decision {
  std::vector<typename Domain::event> events;
  std::vector<std::string> data;
  std::shared_ptr<typename Domain::state> after; ///< as in `decided`
};

template <class Event>
[[nodiscard]] json::value members_of_event(Event const& e) {
  auto out = json::to(e);
  out.as_object().erase("type");
  return out;
}

/// Decides so that nothing secret-shaped can reach the ledger. The edge has redacted what came from
/// outside; this stands behind it, for what came another way: an engine's answer, a daemon's
/// report. What would store a secret is decided once more on the redacted command, so that content
/// hashes are those of what is kept. What still holds one then came from the state: it is redacted
/// in the event, before it is applied, so that the live state is what replay gives.
template <class Domain>
[[nodiscard]] result<clean_decision<Domain>> decide_clean(typename Domain::state const& state,
                                                          typename Domain::command const& what,
                                                          command_context const& context) {
  using event_type = typename Domain::event;
  auto decided = Domain::decide(state, what, context);
  if (!decided)
    return decided.error();
  auto after = std::move(decided->after);
  clean_decision<Domain> out{std::move(*decided), {}, nullptr};
  bool found = false;
  out.data.reserve(out.events.size());
  for (auto const& e : out.events) {
    auto members = text_of(e);
    out.data.push_back(std::move(members.json));
    found = found || !members.clean;
  }
  if (!found) {
    out.after = std::move(after);
    return out;
  }

  auto clean = json::to(what);
  redact_json(clean);
  auto again = json::from<typename Domain::command>(clean);
  if (!again)
    return again.error();
  auto redecided = Domain::decide(state, *again, context);
  if (!redecided)
    return redecided.error();
  out = {std::move(*redecided), {}, nullptr}; // an event may become another below
  for (auto& e : out.events) {
    auto data = members_of_event(e);
    if (redact_json(data) != 0) {
      auto kept = json::from_named<event_type>(json::name_of(e), data);
      if (!kept)
        return kept.error();
      e = std::move(*kept);
    }
    out.data.push_back(json::canonical(data));
  }
  return out;
}

} // namespace troupe
