#pragma once

#include "actors/domain/agent.hpp"
#include "actors/domain/approval.hpp"
#include "actors/domain/brief.hpp"
#include "actors/domain/budget.hpp"
#include "actors/domain/daemon.hpp"
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
    static constexpr entity_kind kind = entity_kind::NAME;                                         \
    [[nodiscard]] static state initial(entity_ref self);                                           \
    [[nodiscard]] static result<std::vector<event>> decide(state const& s, command const& c,       \
                                                           command_context const& ctx);            \
    [[nodiscard]] static state evolve(state s, event const& e, event_context const& ctx);          \
    [[nodiscard]] static std::vector<obligation> obligations(state const& s);                      \
  }

TROUPE_DOMAIN(project);
TROUPE_DOMAIN(brief);
TROUPE_DOMAIN(plan);
TROUPE_DOMAIN(run);
TROUPE_DOMAIN(ticket);
TROUPE_DOMAIN(agent);
TROUPE_DOMAIN(approval);
TROUPE_DOMAIN(budget);
TROUPE_DOMAIN(daemon);
TROUPE_DOMAIN(principal);
#undef TROUPE_DOMAIN

/// Calls `f` with the traits of a kind: `with_domain(kind, [](auto domain) { … })`.
template <class F>
decltype(auto) with_domain(entity_kind kind, F&& f) {
  switch (kind) {
  case entity_kind::project:
    return f(project_domain{});
  case entity_kind::brief:
    return f(brief_domain{});
  case entity_kind::plan:
    return f(plan_domain{});
  case entity_kind::run:
    return f(run_domain{});
  case entity_kind::ticket:
    return f(ticket_domain{});
  case entity_kind::agent:
    return f(agent_domain{});
  case entity_kind::approval:
    return f(approval_domain{});
  case entity_kind::budget:
    return f(budget_domain{});
  case entity_kind::daemon:
    return f(daemon_domain{});
  case entity_kind::principal:
    return f(principal_domain{});
  }
  throw std::logic_error("no such kind of entity");
}

} // namespace troupe
