#pragma once

#include "actors/domain/domain.hpp"

/// Money: a tree of scopes with one writer. A reservation counts in its scope and in every
/// ancestor; where any of them has not enough left it waits (of a ticket) or is refused.
namespace troupe::budget {

struct account {
  std::string parent; ///< empty: the root
  std::int64_t granted = 0;
  std::int64_t reserved = 0;
  std::int64_t spent = 0;
  std::int64_t overrun = 0; ///< charged beyond what was reserved, in all
  bool dry = false;         ///< it could not pay for another attempt since its last grant
  status level = status::open;
  TROUPE_FIELDS(account, parent, granted, reserved, spent, overrun, dry, level);
};

enum class hold_status { reserved, SETTLED, RELEASED };
BOOST_DESCRIBE_ENUM(hold_status, reserved, SETTLED, RELEASED)

struct hold {
  std::string scope;
  std::int64_t amount = 0;
  std::int64_t spent = 0;
  hold_status is = hold_status::reserved;
  bool unasked = false; ///< charged without ever being reserved
  TROUPE_FIELDS(hold, scope, amount, spent, is, unasked);
};

/// A reservation that waits for money.
struct want {
  std::string id;
  std::string scope;
  std::int64_t amount = 0;
  ticket_id ticket;
  std::string short_in;   ///< the scope that has too little
  bool exhausted = false; ///< not even what is reserved there would do
  TROUPE_FIELDS(want, id, scope, amount, ticket, short_in, exhausted);
};

/// What a ticket must hear about its reservation.
struct notice {
  std::string id;
  ticket_id ticket;
  std::string short_in; ///< empty: it is funded
  std::string why;
  TROUPE_FIELDS(notice, id, ticket, short_in, why);
};

/// Reservations of one series (`k3-1.money7` is the seventh of `k3-1.money`) that are forgotten.
/// What was charged without a reservation takes its number when the ticket hears of it, which may
/// be while the reservation before it is still on its way: so it says nothing about those below.
struct series {
  std::string name;
  std::int64_t last = 0;  ///< no number above was ever over
  std::int64_t asked = 0; ///< all that were reserved or given back, up to this one, are over
  TROUPE_FIELDS(series, name, last, asked);
};

/// How many reservations that are over a budget keeps whole, and of how many series it then still
/// knows that they are over: whatever is sent again has no second effect until that many others
/// came after it. Charged and given back amounts stay in the accounts for ever.
constexpr std::size_t max_over = 256;
constexpr std::size_t max_forgotten = 1024;

struct state {
  entity_ref self;
  std::uint64_t version = 0; ///< events applied
  status is = status::none;  ///< level of the root scope
  std::map<std::string, account> scopes;
  std::map<std::string, hold> holds; ///< every one that is reserved, and the newest that are over
  std::vector<std::string> over;     ///< ids of the latter, in the order of their ends
  std::vector<series> forgotten;     ///< in the order of their last change
  std::vector<std::string> grants;   ///< ids
  std::vector<want> wanted;          ///< in order of their coming
  std::vector<notice> notices;       ///< not taken over yet
  TROUPE_FIELDS(state, self, version, is, scopes, holds, over, forgotten, grants, wanted, notices);
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

/// The scopes with a limit from the root to the ticket, as the configuration sets them; empty where
/// it sets none. The root's name is that of the budget.
[[nodiscard]] std::vector<scope_limit> limits_of(work_limits const& l, project_id const& p,
                                                 run_id const& r, ticket_id const& t);
/// What is set aside for one attempt.
[[nodiscard]] std::int64_t attempt_amount(work_limits const& l);

} // namespace troupe::budget

TROUPE_CODEC_ELSEWHERE(troupe::budget::state);
