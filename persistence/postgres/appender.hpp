#pragma once

#include "persistence/event_store.hpp"
#include "persistence/postgres/session.hpp"

namespace troupe::postgres {

/// Stores a batch of units that `check_batch` has passed. One call if nothing is refused; else the
/// same is judged unit by unit in a transaction (persistence/judge.hpp). Throws failure.
[[nodiscard]] std::vector<unit_result> append(session& s, std::span<unit const> units,
                                              time_point now);

} // namespace troupe::postgres
