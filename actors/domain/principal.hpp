#pragma once

#include "actors/domain/domain.hpp"

/// A credential: an API token, or a code that is good for one enrolment.
namespace troupe::principal {

/// One look at live traffic, see docs/watch.md.
struct watch {
  std::string id;
  std::string filter;
  bool contents = false; ///< what messages say as well
  time_point begun{};
  time_point ended{}; ///< zero: open
  std::string why;    ///< it ended
  std::int64_t records = 0;
  TROUPE_FIELDS(watch, id, filter, contents, begun, ended, why, records);
};
constexpr std::size_t most_open_watches = 16; ///< of one token
constexpr std::size_t most_known_watches = 32;

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
  std::vector<watch> watches; ///< those that are open, and the newest of the others
  TROUPE_FIELDS(state, self, version, is, who, label, kind, secret_hash, roles, issued_at, expires,
                ended_at, why, watches);
};

/// none -> active -> USED | REVOKED | EXPIRED.
[[nodiscard]] transition_table<status> transitions();

/// Errors: conflict (used, revoked or expired; a token instead of a code, or the other way round),
/// invalid_argument (no hash, no principal, no role, no id), busy (too many watches), not_found
/// (never issued).
[[nodiscard]] result<std::vector<event>> decide(state const& s, command const& c,
                                                command_context const& ctx);
[[nodiscard]] state evolve(state s, event const& e, event_context const& ctx);
[[nodiscard]] std::vector<obligation> obligations(state const& s);

/// Whether the credential is good at this time, whatever the alarm did so far.
[[nodiscard]] bool is_good(state const& s, time_point now);

} // namespace troupe::principal

TROUPE_CODEC_ELSEWHERE(troupe::principal::state);
