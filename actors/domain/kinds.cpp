#include "actors/domain/kinds.hpp"

namespace troupe {

namespace {

/// In place where the domain can.
template <class State, class Event>
void advance_any(State& s, Event const& e, event_context const& ctx) {
  if constexpr (requires { advance(s, e, ctx); })
    advance(s, e, ctx);
  else
    s = evolve(std::move(s), e, ctx);
}

} // namespace

#define TROUPE_DOMAIN(NAME)                                                                        \
  NAME::state NAME##_domain::initial(entity_ref self) {                                            \
    state s;                                                                                       \
    s.self = std::move(self);                                                                      \
    return s;                                                                                      \
  }                                                                                                \
  result<NAME##_domain::decision> NAME##_domain::decide(state const& s, command const& c,          \
                                                        command_context const& ctx) {              \
    auto made = NAME::decide(s, c, ctx);                                                           \
    if (!made)                                                                                     \
      return made.error();                                                                         \
    return decision{std::move(*made)};                                                             \
  }                                                                                                \
  NAME::state NAME##_domain::evolve(state s, event const& e, event_context const& ctx) {           \
    return NAME::evolve(std::move(s), e, ctx);                                                     \
  }                                                                                                \
  void NAME##_domain::advance(state& s, event const& e, event_context const& ctx) {                \
    advance_any(s, e, ctx);                                                                        \
  }                                                                                                \
  std::vector<obligation> NAME##_domain::obligations(state const& s) {                             \
    return NAME::obligations(s);                                                                   \
  }

TROUPE_EACH_KIND(TROUPE_DOMAIN)
#undef TROUPE_DOMAIN

} // namespace troupe
