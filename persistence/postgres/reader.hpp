#pragma once

#include "persistence/postgres/session.hpp"
#include "persistence/postgres/tail.hpp"

/// Reading what a store holds: the tables, and over them what is not settled yet. `t` was refreshed
/// before, within the same call; so what stands in both is left out once, and nothing in between is
/// missed. All throw failure.
namespace troupe::postgres {

/// As the members of `event_store` with these names.
[[nodiscard]] std::vector<shard_info> read_shards(session& s, tail const& t);
[[nodiscard]] std::vector<stored_event> read_stream(session& s, tail const& t,
                                                    entity_ref const& stream, std::uint64_t after,
                                                    std::size_t limit);
[[nodiscard]] std::vector<stored_event> scan_shard(session& s, tail const& t, std::uint32_t shard,
                                                   std::uint64_t after, std::size_t least);
[[nodiscard]] std::vector<stored_event> read_shard(session& s, tail const& t, std::uint32_t shard,
                                                   std::uint64_t after, std::size_t limit);
[[nodiscard]] std::optional<stored_event>
find_event(session& s, tail const& t, tenant_id const& tenant, std::string const& event_id);
[[nodiscard]] stream_info find_stream(session& s, tail const& t, entity_ref const& stream);
[[nodiscard]] std::vector<due_stream> find_due(session& s, tail const& t, std::uint32_t shard,
                                               time_point until, std::size_t limit);
[[nodiscard]] std::optional<time_point> find_next_due(session& s, tail const& t, time_point after);
[[nodiscard]] std::vector<stream_info> list_streams(session& s, tail const& t, std::uint32_t shard,
                                                    std::optional<entity_ref> const& after,
                                                    std::size_t limit);

} // namespace troupe::postgres
