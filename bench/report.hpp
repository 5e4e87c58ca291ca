#pragma once

#include "protocol/json.hpp"

#include <string>
#include <vector>

namespace troupe::bench {

/// One measured line. Rates are per second, latencies in microseconds.
struct measure {
  std::string what;  ///< `floor`, `messages`, `appends`, `tickets`, `memory`
  std::string where; ///< the adapter, or which actors
  int level = 0;     ///< how much is under way at once
  double rate = 0;   ///< median of the repeats
  double rate_low = 0;
  double rate_high = 0;
  double p50_us = 0; ///< of the repeat whose rate is the median
  double p99_us = 0;
  std::uint64_t count = 0;     ///< samples of that repeat
  double events_each = 0;      ///< events that one of them stores
  double events_per_batch = 0; ///< events that one commit made durable
  double bytes = 0;            ///< of `memory`, each
  TROUPE_FIELDS(measure, what, where, level, rate, rate_low, rate_high, p50_us, p99_us, count,
                events_each, events_per_batch, bytes);
};

/// What the figures depend on.
struct machine {
  std::string commit;
  std::string at; ///< UTC
  std::string processor;
  int processors = 0;
  std::int64_t memory_mib = 0;
  std::string kernel;
  std::string file_system; ///< under the stores
  std::string build;       ///< compiler and whether it optimised
  std::string sqlite;      ///< version and what makes it durable
  std::string postgres;    ///< the same; empty: left out
  double load = 0;         ///< average of the minute before
  TROUPE_FIELDS(machine, commit, at, processor, processors, memory_mib, kernel, file_system, build,
                sqlite, postgres, load);
};

struct report {
  machine on;
  int repeats = 0;
  std::vector<measure> measures;
  TROUPE_FIELDS(report, on, repeats, measures);
};

[[nodiscard]] machine this_machine(std::string const& folder);

/// Median over repeated runs of the same measure: by rate, its latencies with it.
[[nodiscard]] measure median(std::vector<measure> runs);
/// Sets the percentiles and the count from samples in microseconds, in any order.
void add_latencies(measure& m, std::vector<double> samples_us);
/// The whole report as Markdown.
[[nodiscard]] std::string table(report const& r);

} // namespace troupe::bench
