#pragma once

#include "protocol/entities/shared.hpp"

/// A principal's credential: an API token, a daemon's token or a single-use enrolment code, hashed
/// at rest. The entity's id is the first 32 hex digits of the secret's SHA-256.
namespace troupe::principal {

enum class status { none, active, USED, REVOKED, EXPIRED };
BOOST_DESCRIBE_ENUM(status, none, active, USED, REVOKED, EXPIRED)

enum class role { viewer, developer, approver, admin, daemon };
BOOST_DESCRIBE_ENUM(role, viewer, developer, approver, admin, daemon)

enum class credential { token, code };
BOOST_DESCRIBE_ENUM(credential, token, code)

struct issue {
  principal_id who;
  std::string label;
  credential kind = credential::token;
  std::string secret_hash; ///< sha256, hex
  std::vector<role> roles;
  time_point expires{}; ///< zero: never
  TROUPE_RECORD(issue, who, label, kind, secret_hash, roles, expires);
};
/// Uses a code, once. Errors: conflict (used, expired, revoked), not_found.
struct redeem {
  TROUPE_RECORD(redeem);
};
struct revoke {
  std::string why;
  TROUPE_RECORD(revoke, why);
};
TROUPE_CHOICE(command, issue, redeem, revoke, settle, tick);

struct issued {
  principal_id who;
  std::string label;
  credential kind = credential::token;
  std::string secret_hash;
  std::vector<role> roles;
  time_point expires{};
  status to = status::active;
  TROUPE_RECORD(issued, who, label, kind, secret_hash, roles, expires, to);
};
struct redeemed {
  status to = status::USED;
  TROUPE_RECORD(redeemed, to);
};
struct revoked {
  std::string why;
  status to = status::REVOKED;
  TROUPE_RECORD(revoked, why, to);
};
TROUPE_CHOICE(event, issued, redeemed, revoked, settled);

} // namespace troupe::principal

TROUPE_CODEC_ELSEWHERE(troupe::principal::command);
TROUPE_CODEC_ELSEWHERE(troupe::principal::event);
