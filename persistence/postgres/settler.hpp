#pragma once

#include "persistence/postgres/fresh_segments.hpp"
#include "persistence/postgres/session.hpp"

#include <cstdint>

namespace troupe::postgres {

/// Brings segments of a lane, from its oldest on, into records, timers and the seqs of shards, in
/// one transaction. Any session may do so at any time; who reads sees no difference. What is in
/// `fresh` is taken from there. Answers whether there may be more. Throws failure.
[[nodiscard]] bool settle(session& s, fresh_segments& fresh, std::uint32_t lane);

/// All lanes, until nothing is left of what was there at the beginning.
void settle_all(session& s, fresh_segments& fresh);

} // namespace troupe::postgres
