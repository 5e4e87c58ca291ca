#pragma once

#include "persistence/event_store.hpp"
#include "protocol/json.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace troupe::bench {

/// One measured line. Rates are per second, latencies in microseconds.
struct measure {
  std::string what;  ///< `appends`, `tickets`, `messages`, `memory`
  std::string where; ///< `memory`, `sqlite`, `postgres`, empty
  int level = 0;     ///< concurrent entities, or tickets in flight
  double rate = 0;
  double p50_us = 0;
  double p99_us = 0;
  std::uint64_t count = 0;
  double bytes = 0; ///< of `memory`
  TROUPE_FIELDS(measure, what, where, level, rate, p50_us, p99_us, count, bytes);
};

/// Median over repeated runs of the same measure: by rate, its latencies with it.
[[nodiscard]] measure median(std::vector<measure> runs);
/// The value below which `share` of the sorted samples lie, in microseconds.
[[nodiscard]] double percentile(std::vector<double>& samples_us, double share);
[[nodiscard]] std::string table(std::vector<measure> const& all);

struct stores {
  std::string name;
  std::function<result<store_factory>()> open; ///< a new, empty store
  int writers = 1;
};

/// Round trips of a message between two actors: raw CAF, with one and with many under way.
[[nodiscard]] std::vector<measure> messages(int repeats);
/// Appends of one event each, through the journal, by entities that wait for each answer.
[[nodiscard]] result<std::vector<measure>> appends(stores const& s, int repeats);
/// Tickets from `open` to `DONE` through the process `standard`, with an engine that does nothing.
[[nodiscard]] result<std::vector<measure>> tickets(stores const& s, std::vector<int> const& levels);
/// Resident bytes of one ticket that is live and idle.
[[nodiscard]] result<measure> idle_ticket();

} // namespace troupe::bench
