#pragma once

#include "protocol/result.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace troupe {

/// How far a reader of the log has come: the last sequence number of each shard that it was given.
/// Shards are written side by side, so no single number says that and still holds after a restart.
using stream_position = std::map<std::uint32_t, std::uint64_t>;

/// The position as the id of a server-sent event: printable, without white space, two to four
/// characters a shard that was ever written.
[[nodiscard]] std::string encode_position(stream_position const& p);
/// Nothing for a text that `encode_position` did not make.
[[nodiscard]] std::optional<stream_position> decode_position(std::string_view text);

} // namespace troupe
