#pragma once

#include "actors/domain/domain.hpp"

/// A project's money: a tree of scopes with one writer. A reservation counts in its scope and in
/// every ancestor; it is refused where any of them has not enough left.
namespace troupe::budget {

struct account {
  std::string parent; ///< empty: the root
  std::int64_t granted = 0;
  std::int64_t reserved = 0;
  std::int64_t spent = 0;
  std::int64_t overrun = 0; ///< charged beyond what was reserved, in all
  status level = status::open;
  TROUPE_FIELDS(account, parent, granted, reserved, spent, overrun, level);
};

enum class hold_status { reserved, SETTLED, RELEASED };
BOOST_DESCRIBE_ENUM(hold_status, reserved, SETTLED, RELEASED)

struct hold {
  std::string scope;
  std::int64_t amount = 0;
  std::int64_t spent = 0;
  hold_status is = hold_status::reserved;
  TROUPE_FIELDS(hold, scope, amount, spent, is);
};

struct state {
  entity_ref self;
  std::uint64_t version = 0; ///< events applied
  status is = status::none;  ///< level of the root scope
  std::map<std::string, account> scopes;
  std::map<std::string, hold> holds;
  std::vector<std::string> grants; ///< ids
  TROUPE_FIELDS(state, self, version, is, scopes, holds, grants);
};

/// The machine of a scope: open -> warned (80 %) -> exhausted -> open (grant).
[[nodiscard]] transition_table<status> transitions();
/// The machine of a reservation.
[[nodiscard]] transition_table<hold_status> hold_transitions();

/// Errors: conflict (not enough left, with `scope` and `left`; a reservation that is over; another
/// parent), invalid_argument (amount), not_found (scope, parent or reservation).
[[nodiscard]] result<std::vector<event>> decide(state const& s, command const& c,
                                                command_context const& ctx);
[[nodiscard]] state evolve(state s, event const& e, event_context const& ctx);
[[nodiscard]] std::vector<obligation> obligations(state const& s);

/// What can still be reserved in the scope alone, not looking at its ancestors.
[[nodiscard]] std::int64_t left_in(account const& a);

} // namespace troupe::budget
