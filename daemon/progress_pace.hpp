#pragma once

#include "protocol/daemon_link.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <vector>

namespace troupe::local {

/// Keeps what agents say they are doing at a pace that people can read: of each attempt at most one
/// text in `interval`; what is said faster is dropped, but never the last of it. Pure: the time
/// comes in. Holds one text an attempt.
class progress_pace {
public:
  using clock = std::chrono::steady_clock;
  explicit progress_pace(clock::duration interval) : interval_(interval) {}

  /// What to send now, or none: then it waits, in place of what waited before.
  [[nodiscard]] std::optional<link::progress> offer(link::progress p, clock::time_point now);
  /// What has waited long enough.
  [[nodiscard]] std::vector<link::progress> due(clock::time_point now);
  /// When something will be due; none: nothing waits.
  [[nodiscard]] std::optional<clock::time_point> next() const;
  /// The attempt is over: what still waits, to be sent now.
  [[nodiscard]] std::optional<link::progress> end(ticket_id const& ticket, std::int64_t token);

private:
  struct line {
    clock::time_point sent{};
    std::optional<link::progress> waiting;
  };
  clock::duration interval_;
  std::map<std::pair<ticket_id, std::int64_t>, line> lines_;
};

} // namespace troupe::local
