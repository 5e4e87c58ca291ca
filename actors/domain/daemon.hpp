#pragma once

#include "actors/domain/domain.hpp"

/// A daemon as the server remembers it: what it offers and how its link is. Heartbeats are not
/// events: an idle daemon writes nothing.
namespace troupe::daemon {

struct state {
  entity_ref self;
  std::uint64_t version = 0; ///< events applied
  status is = status::none;
  std::string name; ///< of the machine
  std::string stream;
  std::string process;  ///< that connected last
  bool drained = false; ///< that process was told to take no more work
  std::int32_t slots = 0;
  std::vector<link::runner_info> runners;
  std::vector<std::string> repositories;
  time_point enrolled_at{};
  time_point changed_at{}; ///< of the present status
  std::string why;
  TROUPE_FIELDS(state, self, version, is, name, stream, process, drained, slots, runners,
                repositories, enrolled_at, changed_at, why);
};

/// The machine of a daemon; docs/state-machines.md is made from these tables.
[[nodiscard]] transition_table<status> transitions();

/// Errors: conflict (revoked, another name; details `state`, `allowed`), invalid_argument (no
/// name, slots out of range), not_found (never enrolled).
[[nodiscard]] result<std::vector<event>> decide(state const& s, command const& c,
                                                command_context const& ctx);
[[nodiscard]] state evolve(state s, event const& e, event_context const& ctx);
[[nodiscard]] std::vector<obligation> obligations(state const& s);

} // namespace troupe::daemon

TROUPE_CODEC_ELSEWHERE(troupe::daemon::state);
