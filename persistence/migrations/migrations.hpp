#pragma once

#include "protocol/result.hpp"

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

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

/// Names of the tables, indexes and functions that a migration makes, without their schema.
[[nodiscard]] std::vector<std::string> made_by(migration const& m);

/// Which of `known` (1, 2, … in order) is still to be applied, given what the store has recorded
/// in order and the names of the tables, indexes and functions that are `present`. All three as of
/// one moment. Errors: unsupported (the store is newer than this program), corrupt (a recorded
/// migration is missing or its text was different; something that a recorded one made is gone, or
/// something is there that no recorded one made). The messages say what to do.
[[nodiscard]] result<std::span<migration const>> pending(std::span<migration const> known,
                                                         std::span<applied_migration const> applied,
                                                         std::set<std::string> const& present);

/// corrupt: a shard's row says that its last event is another one than it is.
[[nodiscard]] error wrong_end(std::int64_t shard, std::int64_t said, std::int64_t is);

} // namespace troupe
