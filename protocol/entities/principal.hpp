#pragma once

#include "protocol/entities/shared.hpp"

/// A principal's credential: an API token, a daemon's token or a single-use enrolment code, hashed
/// at rest. The entity's id is the first 32 hex digits of the secret's SHA-256.
namespace troupe::principal {

enum class status { none, active, USED, REVOKED, EXPIRED };
BOOST_DESCRIBE_ENUM(status, none, active, USED, REVOKED, EXPIRED)

/// `observe` watches live traffic, `observe_contents` sees there what messages say as well.
enum class role { viewer, developer, approver, admin, daemon, observe, observe_contents };
BOOST_DESCRIBE_ENUM(role, viewer, developer, approver, admin, daemon, observe, observe_contents)

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
/// Whoever has this token watches live traffic from here on. Errors: conflict (not a token that is
/// good), invalid_argument (no id), busy (as many watches are open as one token may have).
struct begin_watch {
  std::string id; ///< of the watch
  std::string filter;
  bool contents = false;
  TROUPE_RECORD(begin_watch, id, filter, contents);
};
/// The watch is over; nothing where it is not open.
struct end_watch {
  std::string id;
  std::string why;
  std::int64_t records = 0; ///< that were shown
  TROUPE_RECORD(end_watch, id, why, records);
};
TROUPE_CHOICE(command, issue, redeem, revoke, begin_watch, end_watch, settle, tick);

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
struct watch_begun {
  std::string id;
  std::string filter;
  bool contents = false;
  TROUPE_RECORD(watch_begun, id, filter, contents);
};
struct watch_ended {
  std::string id;
  std::string why;
  std::int64_t records = 0;
  TROUPE_RECORD(watch_ended, id, why, records);
};
TROUPE_CHOICE(event, issued, redeemed, revoked, watch_begun, watch_ended, settled);

} // namespace troupe::principal

TROUPE_CODEC_ELSEWHERE(troupe::principal::command);
TROUPE_CODEC_ELSEWHERE(troupe::principal::event);
