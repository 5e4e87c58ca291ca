#pragma once

#include "persistence/event_store.hpp"
#include "persistence/postgres/session.hpp"

namespace troupe::postgres {

/// The parameters of `troupe.append` (migrations/postgres/0002_append.sql) for one batch.
[[nodiscard]] params append_params(std::span<unit const> units, time_point now);

/// Cuts a batch into runs of units that touch nothing in common; answers the index after the last
/// unit of each run.
[[nodiscard]] std::vector<std::size_t> independent_runs(std::span<unit const> units);

} // namespace troupe::postgres
