#pragma once

#include "protocol/entities/shared.hpp"

/// A tree of scopes (project, run, ticket) with one writer, so that a reservation is checked in all
/// ancestors at once. Its root is the outermost scope that has a limit; where nothing has one there
/// is no budget. Amounts are millionths of the currency unit.
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
/// A scope and the limit that it begins with.
struct scope_limit {
  std::string scope;
  std::int64_t micros = 0; ///< 0: its owner opens it
  TROUPE_FIELDS(scope_limit, scope, micros);
};
/// Permission before spending. Without a ticket: refused (conflict) where an ancestor has not
/// enough left. With one: it is told `fund` when the money is there, which may be at once, or after
/// others gave back what they did not need; and `refuse_funds` where only a person can help.
struct reserve {
  std::string id; ///< the same again: the same answer
  std::string scope;
  std::int64_t amount = 0;
  std::vector<scope_limit> path = {}; ///< from the root to `scope`; unknown ones are opened
  ticket_id ticket = {};
  TROUPE_RECORD(reserve, id, scope, amount, path, ticket);
};
/// What was spent; more than reserved is charged as it is and may exhaust the scope.
struct charge {
  std::string id;
  std::int64_t spent = 0;
  /// Set: nothing is reserved under this id, because the reservation was given back before its
  /// holder said what it had spent. All of it is overrun.
  std::string scope = {};
  TROUPE_RECORD(charge, id, spent, scope);
};
struct release {
  std::string id;
  bool for_good = false; ///< also an unknown one: should its `reserve` come late, it has no effect
  TROUPE_RECORD(release, id, for_good);
};
TROUPE_CHOICE(command, grant, reserve, charge, release, settle, tick);

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
  ticket_id ticket = {};
  TROUPE_RECORD(reserved, id, scope, amount, ticket);
};
/// Too little is left in `short_in`: it waits. `exhausted`: not even what others may give back
/// would do, so the ticket is told.
struct deferred {
  std::string id;
  std::string scope;
  std::int64_t amount = 0;
  ticket_id ticket;
  std::string short_in;
  bool exhausted = false;
  TROUPE_RECORD(deferred, id, scope, amount, ticket, short_in, exhausted);
};
/// The reservation is SETTLED (docs/state-machines.md).
struct charged {
  std::string id;
  std::int64_t spent = 0;
  std::string scope = {}; ///< set: nothing was reserved for it
  TROUPE_RECORD(charged, id, spent, scope);
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
TROUPE_CHOICE(event, granted, reserved, deferred, charged, released, level_changed, settled);

} // namespace troupe::budget

TROUPE_CODEC_ELSEWHERE(troupe::budget::command);
TROUPE_CODEC_ELSEWHERE(troupe::budget::event);
