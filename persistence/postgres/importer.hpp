#pragma once

#include "persistence/event_store.hpp"
#include "persistence/postgres/session.hpp"

namespace troupe::postgres {

/// Stores events as they are; the caller holds the transaction. Throws failure.
/// Errors: conflict (see `check_next`).
[[nodiscard]] result<void> import_events(session& s, std::span<stored_event const> events);

/// Puts rows beside imported events back. Throws failure. Errors: conflict.
[[nodiscard]] result<void> restore_rows(session& s, side_rows const& rows);

} // namespace troupe::postgres
