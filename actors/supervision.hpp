#pragma once

#include "protocol/ids.hpp"

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace troupe {

/// How many restarts are borne: more than `limit` within `window` means that starting again does
/// not help, and the failure goes up (an entity is quarantined, a subsystem's parent is told).
struct restart_policy {
  int limit = 3;
  duration window{std::chrono::minutes{10}};
  duration base{200};
  duration cap{std::chrono::seconds{30}};
};

/// Restart intensity and backoff of one child. Pure: the time and a random number come in.
class restart_budget {
public:
  explicit restart_budget(restart_policy policy) : policy_(policy) {}

  /// Notes a crash. True: start again after `delay`; false: the intensity is exceeded.
  /// `random` in [0, 1): full jitter, so that many children do not come back in step.
  [[nodiscard]] bool may_restart(time_point now, double random, duration& delay);

  [[nodiscard]] restart_policy const& policy() const { return policy_; }

private:
  restart_policy policy_;
  std::deque<time_point> crashes_;
};

/// A command that took its entity down, and is put aside.
struct dead_letter {
  entity_ref to;
  std::string command_id;
  std::string command; ///< its kind, `ticket.grant`; empty where that is not known
  std::string body;    ///< its members as JSON, without secrets; empty like `command`
  std::string why;     ///< what was thrown; empty where nothing was
  time_point at{};
};

/// What the shards of a node know about entities that misbehave; for operators. Thread-safe. Keeps
/// the newest hundred letters, until the server stops: what is sent again to the next one goes down
/// with its entity twice again, and is here again. Each is in the server's log, too.
class incident_log {
public:
  void put_aside(dead_letter letter);
  void quarantined(bool now) { quarantined_ += now ? 1 : -1; }
  void crashed() { ++crashes_; }
  void restarted(entity_ref const& what);

  [[nodiscard]] std::vector<dead_letter> letters() const;
  [[nodiscard]] std::uint64_t dead_letters() const { return count_; } ///< since the start
  [[nodiscard]] std::uint64_t crashes() const { return crashes_; }    ///< since the start
  /// How often each entity was started again after a crash, since the start; of very many others
  /// than agents, those that were the first.
  [[nodiscard]] std::map<entity_ref, std::uint64_t> restarts() const;
  [[nodiscard]] std::int64_t in_quarantine() const { return quarantined_; }

private:
  mutable std::mutex mutex_;
  std::deque<dead_letter> letters_;
  std::map<entity_ref, std::uint64_t> restarts_;
  std::atomic<std::uint64_t> count_{0};
  std::atomic<std::uint64_t> crashes_{0};
  std::atomic<std::int64_t> quarantined_{0};
};

} // namespace troupe
