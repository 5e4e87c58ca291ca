#pragma once

#include "protocol/entities/shared.hpp"

/// The budget of a project: a tree of scopes (project, run, ticket) with one writer, so that a
/// reservation is checked in all ancestors at once. Amounts are millionths of the currency unit.
namespace troupe::budget {

enum class status { none, open, warned, exhausted };
BOOST_DESCRIBE_ENUM(status, none, open, warned, exhausted)

/// Opens a scope, or adds to it. `parent` empty: the root.
struct grant {
  std::string scope; ///< `project:tally`, `run:…`, `ticket:…`
  std::string parent;
  std::int64_t amount = 0; ///< >= 0
  std::string id;          ///< the same again: no second effect; empty: the command's own id
  TROUPE_RECORD(grant, scope, parent, amount, id);
};
/// Permission before spending: refused (conflict) where an ancestor has not enough left.
struct reserve {
  std::string id; ///< the same again: the same answer
  std::string scope;
  std::int64_t amount = 0;
  TROUPE_RECORD(reserve, id, scope, amount);
};
/// What was spent; more than reserved is charged as it is and may exhaust the scope.
struct charge {
  std::string id;
  std::int64_t spent = 0;
  TROUPE_RECORD(charge, id, spent);
};
struct release {
  std::string id;
  TROUPE_RECORD(release, id);
};
using command = std::variant<grant, reserve, charge, release, settle, tick>;

struct granted {
  std::string scope;
  std::string parent;
  std::int64_t amount = 0;
  std::string id;
  TROUPE_RECORD(granted, scope, parent, amount, id);
};
struct reserved {
  std::string id;
  std::string scope;
  std::int64_t amount = 0;
  TROUPE_RECORD(reserved, id, scope, amount);
};
/// SETTLED in DOMAIN.md.
struct charged {
  std::string id;
  std::int64_t spent = 0;
  TROUPE_RECORD(charged, id, spent);
};
struct released {
  std::string id;
  TROUPE_RECORD(released, id);
};
struct level_changed {
  std::string scope;
  status to = status::open;
  TROUPE_RECORD(level_changed, scope, to);
};
using event = std::variant<granted, reserved, charged, released, level_changed, settled>;

} // namespace troupe::budget
