#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace troupe::sim {

/// What can go wrong in a world, as it is counted: a run of many worlds says how often each came,
/// and one that never came was not tested.
enum class happening {
  crash,
  takeover,
  stall,
  dispatcher_down,
  shard_down,
  outage,
  slow_store,
  clock_forward,
  clock_back,
  call_failed,
  call_not_sent,
  call_late_in_store,
  answer_lost,
  answer_late,
  read_failed,
  read_late,
  frame_lost,
  frame_doubled,
  frame_reordered,
  heartbeat_missed,
  link_cut,
  daemon_killed,
  engine_down,
  engine_nonsense,
  attempt_declined,
  attempt_failed,
  sent_twice,
  sent_again,
  interfered,
  foreign_command,
  foreign_question,
  fenced,
  answered_duplicate,
};
inline constexpr std::size_t happenings =
    static_cast<std::size_t>(happening::answered_duplicate) + 1;
/// `crash`, `takeover`, …
[[nodiscard]] char const* to_string(happening h);

/// How often each came.
using coverage = std::array<std::uint32_t, happenings>;

} // namespace troupe::sim
