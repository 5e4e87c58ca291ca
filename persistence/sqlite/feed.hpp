#pragma once

#include "persistence/sqlite/database.hpp"

namespace troupe::sqlite {

/// Up to which record table `feed` says what stands where in a shard, and the last record there is.
struct feed_ends {
  std::int64_t done = 0;
  std::int64_t last = 0;
};
[[nodiscard]] feed_ends find_feed_ends(database& db);

/// Makes the entries from behind `ends.done` up to `ends.last`, within a transaction.
void feed(database& db, feed_ends const& ends);

} // namespace troupe::sqlite
