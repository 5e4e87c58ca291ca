#pragma once

#include "persistence/sqlite/database.hpp"
#include "persistence/sqlite/sqlite_store.hpp"

namespace troupe::sqlite {

/// Applies the migrations that are missing, each in a transaction of its own, and records them.
/// Errors: unsupported, corrupt (see `pending`; or the file is of another program, or the events of
/// a shard do not end where its row says). `tell`: hears of events that are brought over. Throws
/// failure.
[[nodiscard]] result<void> migrate(database& db, conversion_progress const& tell);

/// Says whether the schema is exactly the one of this program; the rows are not looked at, which is
/// what `troupe verify` is for. Throws failure. Errors: unsupported (older or newer), corrupt.
[[nodiscard]] result<void> check_schema(database& db);

} // namespace troupe::sqlite
