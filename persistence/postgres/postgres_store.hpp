#pragma once

#include "persistence/event_store.hpp"

namespace troupe {

/// Opens the store in a PostgreSQL database (15 or newer, UTF-8) by its URL or libpq key words, and
/// brings its schema (`troupe`) up to date; programs that start at once wait for one another. Each
/// handle has a connection of its own and makes a new one after it was lost; the call that met the
/// loss answers `unavailable`, because its outcome is unknown.
/// Errors: unavailable (not reachable), unsupported (a newer schema, another encoding), corrupt.
[[nodiscard]] result<store_factory> open_postgres_store(std::string const& url);

/// The same on an existing, current schema, for reading only: `verify` and `export`.
[[nodiscard]] result<store_factory> open_postgres_readonly(std::string const& url);

} // namespace troupe
