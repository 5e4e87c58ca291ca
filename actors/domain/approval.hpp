#pragma once

#include "actors/domain/domain.hpp"

/// One question to a human, decided at most once, and bound to the hash of what it is about.
namespace troupe::approval {

struct state {
  entity_ref self;
  std::uint64_t version = 0; ///< events applied
  status is = status::none;
  project_id project;
  principal_id subject;
  std::string question;
  std::string content_hash;
  time_point opened_at{};
  time_point deadline{}; ///< zero: none
  choice fallback = choice::reject;
  principal_id owner; ///< whom it was handed on to; empty: whoever may approve
  choice how = choice::approve;
  principal_id decided_by;
  std::string notes;
  std::string why; ///< it was closed without a decision
  std::vector<std::string> settled;
  TROUPE_FIELDS(state, self, version, is, project, subject, question, content_hash, opened_at,
                deadline, fallback, owner, how, decided_by, notes, why, settled);
};

/// The machine of an approval; docs/state-machines.md is made from these tables.
[[nodiscard]] transition_table<status> transitions();

// The one name that is a command and a function of every domain. C++ allows both; code that sees
// the function says `decide_command`.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
/// Errors: conflict (decided or closed already, another content; details `state`, `allowed`),
/// invalid_argument (no subject or hash), not_found (never opened).
[[nodiscard]] result<std::vector<event>> decide(state const& s, command const& c,
                                                command_context const& ctx);
#pragma GCC diagnostic pop
[[nodiscard]] state evolve(state s, event const& e, event_context const& ctx);
[[nodiscard]] std::vector<obligation> obligations(state const& s);

} // namespace troupe::approval

TROUPE_CODEC_ELSEWHERE(troupe::approval::state);
