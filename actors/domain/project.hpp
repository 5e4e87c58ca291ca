#pragma once

#include "actors/domain/domain.hpp"

/// A project: its configuration, and the agents and the budget that follow from it.
namespace troupe::project {

struct state {
  entity_ref self;
  std::uint64_t version = 0; ///< events applied
  status is = status::none;
  std::string name;
  project_config config;
  time_point created_at{};
  std::vector<std::string> retired;        ///< names that left the roster, for good
  std::vector<std::int64_t> budget_grants; ///< one for each raise of the budget
  std::vector<std::string> settled;
  TROUPE_FIELDS(state, self, version, is, name, config, created_at, retired, budget_grants,
                settled);
};

/// none -> active -> ARCHIVED.
[[nodiscard]] transition_table<status> transitions();

/// Errors: invalid_argument (configuration, with the field), conflict (exists, archived, the name
/// of a retired agent), not_found (never created).
[[nodiscard]] result<std::vector<event>> decide(state const& s, command const& c,
                                                command_context const& ctx);
[[nodiscard]] state evolve(state s, event const& e, event_context const& ctx);
[[nodiscard]] std::vector<obligation> obligations(state const& s);

} // namespace troupe::project

TROUPE_CODEC_ELSEWHERE(troupe::project::state);
