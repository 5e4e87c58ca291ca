#pragma once

#include "actors/domain/agent.hpp"
#include "actors/domain/approval.hpp"
#include "actors/domain/brief.hpp"
#include "actors/domain/budget.hpp"
#include "actors/domain/daemon.hpp"
#include "actors/domain/each_kind.hpp"
#include "actors/domain/plan.hpp"
#include "actors/domain/principal.hpp"
#include "actors/domain/project.hpp"
#include "actors/domain/run.hpp"
#include "actors/domain/ticket.hpp"

#include <stdexcept>

/// One traits struct per kind of entity: what the generic shell and replay need to know of a
/// domain, in one shape.
namespace troupe {

#define TROUPE_DOMAIN(NAME)                                                                        \
  struct NAME##_domain {                                                                           \
    using state = NAME::state;                                                                     \
    using command = NAME::command;                                                                 \
    using event = NAME::event;                                                                     \
    using decision = decided<event, state>;                                                        \
    static constexpr entity_kind kind = entity_kind::NAME;                                         \
    [[nodiscard]] static state initial(entity_ref self);                                           \
    [[nodiscard]] static result<decision> decide(state const& s, command const& c,                 \
                                                 command_context const& ctx);                      \
    [[nodiscard]] static state evolve(state s, event const& e, event_context const& ctx);          \
    static void advance(state& s, event const& e, event_context const& ctx);                       \
    [[nodiscard]] static std::vector<obligation> obligations(state const& s);                      \
  };

TROUPE_EACH_KIND(TROUPE_DOMAIN)
#undef TROUPE_DOMAIN

/// Who works on an entity now, or did so last; nobody on what is no ticket.
template <class State>
[[nodiscard]] agent_id const& worker_of(State const& s) {
  if constexpr (requires { s.holder->agent; }) {
    return s.holder->agent;
  } else {
    static agent_id const nobody;
    return nobody;
  }
}

/// Calls `f` with the traits of a kind: `with_domain(kind, [](auto domain) { … })`.
template <class F>
decltype(auto) with_domain(entity_kind kind, F&& f) {
  switch (kind) {
#define TROUPE_CASE(NAME)                                                                          \
  case entity_kind::NAME:                                                                          \
    return f(NAME##_domain{});
    TROUPE_EACH_KIND(TROUPE_CASE)
#undef TROUPE_CASE
  }
  throw std::logic_error("no such kind of entity");
}

} // namespace troupe
