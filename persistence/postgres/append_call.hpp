#pragma once

#include "persistence/event_store.hpp"

namespace troupe::postgres {

/// One call of `troupe.append` or `troupe.append_one` (migrations/postgres/0002_append.sql).
struct append_call {
  /// Where the first event of a unit goes: so many above the last seq of its shard.
  struct place {
    std::size_t home = 0;    ///< place of the shard in the call
    std::uint64_t above = 0; ///< 0: the unit has no events
  };
  bool one = false;                ///< of `append_one`
  std::vector<std::string> params; ///< in the binary form
  std::vector<place> places;       ///< one a unit
};

/// The call that stores all units, if nothing in the batch itself speaks against it. None: the
/// units speak of one key or effect or contradict each other, and must be judged one by one.
[[nodiscard]] std::optional<append_call> make_call(std::span<unit const> units, time_point now);

} // namespace troupe::postgres
