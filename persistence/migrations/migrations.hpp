#pragma once

#include "protocol/result.hpp"

#include <span>
#include <string>
#include <string_view>

namespace troupe {

/// One numbered schema change, embedded from persistence/migrations/<store>/<number>_<name>.sql.
struct migration {
  int number = 0;
  std::string_view name; ///< the file's name
  std::string_view sql;
};

[[nodiscard]] std::span<migration const> sqlite_migrations();
[[nodiscard]] std::span<migration const> postgres_migrations();

/// SHA-256 of the text, as it is recorded when the migration is applied.
[[nodiscard]] std::string checksum(migration const& m);

/// A row of the store's own `migration` table.
struct applied_migration {
  int number = 0;
  std::string checksum;
};

/// Which of `known` (1, 2, … in order) is still to be applied, given what the store has recorded
/// in order. Errors: unsupported (the store is newer than this program), corrupt (a recorded
/// migration is missing or its text was different).
[[nodiscard]] result<std::span<migration const>>
pending(std::span<migration const> known, std::span<applied_migration const> applied);

} // namespace troupe
