#pragma once

#include "persistence/postgres/session.hpp"

namespace troupe::postgres {

/// Applies the migrations that are missing, each in a transaction of its own, under an advisory
/// lock: programs that start at once wait for one another. Throws failure.
/// Errors: unsupported (a newer schema; a database that is not UTF-8), corrupt (see `pending`; or
/// the events of a shard do not end where its row says).
[[nodiscard]] result<void> migrate(session& s);

/// Says whether the schema is exactly the one of this program; the rows are not looked at, which is
/// what `troupe verify` is for. Throws failure. Errors: unsupported (older or newer), corrupt.
[[nodiscard]] result<void> check_schema(session& s);

} // namespace troupe::postgres
