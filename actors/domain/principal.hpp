#pragma once

#include "actors/domain/domain.hpp"

/// A credential: an API token, or a code that is good for one enrolment.
namespace troupe::principal {

struct state {
  entity_ref self;
  std::uint64_t version = 0; ///< events applied
  status is = status::none;
  principal_id who;
  std::string label;
  credential kind = credential::token;
  std::string secret_hash; ///< never the secret
  std::vector<role> roles;
  time_point issued_at{};
  time_point expires{}; ///< zero: never
  time_point ended_at{};
  std::string why;
  TROUPE_FIELDS(state, self, version, is, who, label, kind, secret_hash, roles, issued_at, expires,
                ended_at, why);
};

/// none -> active -> USED | REVOKED | EXPIRED.
[[nodiscard]] transition_table<status> transitions();

/// Errors: conflict (used, revoked or expired; a token instead of a code), invalid_argument (no
/// hash, no principal, no role), not_found (never issued).
[[nodiscard]] result<std::vector<event>> decide(state const& s, command const& c,
                                                command_context const& ctx);
[[nodiscard]] state evolve(state s, event const& e, event_context const& ctx);
[[nodiscard]] std::vector<obligation> obligations(state const& s);

/// Whether the credential is good at this time, whatever the alarm did so far.
[[nodiscard]] bool is_good(state const& s, time_point now);

} // namespace troupe::principal

TROUPE_CODEC_ELSEWHERE(troupe::principal::state);
