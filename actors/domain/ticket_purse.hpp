#pragma once

#include "actors/domain/ticket.hpp"

/// The money of a ticket, as its events move it. Part of its `evolve`; not for others.
namespace troupe::ticket {

/// A wait for money is over.
void end_money_wait(state& s);
/// The reservation of the purse is done with.
void empty_purse(state& s, std::int64_t spent, bool charged);
/// The lease that the purse was for has ended so.
void pay(state& s, lease_status how, std::int64_t spent);
/// The holder of a lease that is over says what it had spent. Charged where its lease was paid;
/// again, or where nothing was reserved for it: no effect.
void pay_late(state& s, std::int64_t token, std::int64_t spent);
/// Follows the money from what the ticket is now: what it asks for, and what is not needed any
/// more.
void keep_purse(state& s);

} // namespace troupe::ticket
