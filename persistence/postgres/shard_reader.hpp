#pragma once

#include "persistence/postgres/session.hpp"
#include "persistence/postgres/tail.hpp"

namespace troupe::postgres {

/// Events of a shard with seq > `after`, in order, at most `limit`; `t` was refreshed before.
/// Throws failure.
[[nodiscard]] std::vector<stored_event> read_shard(session& s, tail const& t, std::uint32_t shard,
                                                   std::uint64_t after, std::size_t limit);

} // namespace troupe::postgres
