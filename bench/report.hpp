#pragma once

#include "bench/histogram.hpp"
#include "protocol/json.hpp"

#include <string>
#include <vector>

namespace troupe::bench {

/// One measured line. Rates are per second, latencies in microseconds. What does not apply, or
/// could not be read, is 0 and left out of the JSON.
struct measure {
  std::string what;  ///< `floor`, `messages`, `appends`, `tickets`, `watched`, `lines`, `memory`,
                     ///< `recovery`, `idle`
  std::string where; ///< the store, or which actors
  std::string loop;  ///< `closed`: who asks waits for the answer; `open`: by the clock (`--rate`)
  int level = 0;     ///< how much is under way at once; of an open loop: asked a second
  double rate = 0;   ///< median of the repeats
  double rate_low = 0;
  double rate_high = 0;
  double p50_us = 0; ///< of the repeat whose rate is the median
  double p90_us = 0;
  double p99_us = 0;
  double p999_us = 0;
  double max_us = 0;
  std::uint64_t count = 0; ///< samples of that repeat
  bool steady = true;      ///< at least as many finished as were under way

  double events_each = 0;      ///< events that one of them stores
  double commits_each = 0;     ///< commits of the journal
  double events_per_batch = 0; ///< events that one commit made durable
  double fsyncs_each = 0;
  double log_bytes_each = 0;    ///< WAL of Postgres; bytes written to the files of SQLite
  double cpu_us_each = 0;       ///< of this process, all threads
  double cpu_store_us_each = 0; ///< of Postgres on this machine, all its processes

  std::uint64_t refused = 0;    ///< open loop: answered `busy`
  std::uint64_t unfinished = 0; ///< open loop: not done when it was over

  double bytes = 0; ///< of `memory`, each

  double ready_ms = 0;      ///< of `recovery`, from the start of the new process: it takes commands
  double first_ms = 0;      ///< the first ticket has moved
  double all_moving_ms = 0; ///< every ticket has moved
  double all_done_ms = 0;   ///< every ticket is merged

  double cpu_ms_s = 0;       ///< of `idle`, a second: CPU of this process
  double cpu_store_ms_s = 0; ///< of Postgres
  double wakeups_s = 0;      ///< times that a thread began to run again
  double writes_s = 0;       ///< calls that wrote something, to files and sockets
  double log_bytes_s = 0;
  TROUPE_FIELDS(measure, what, where, loop, level, rate, rate_low, rate_high, p50_us, p90_us,
                p99_us, p999_us, max_us, count, steady, events_each, commits_each, events_per_batch,
                fsyncs_each, log_bytes_each, cpu_us_each, cpu_store_us_each, refused, unfinished,
                bytes, ready_ms, first_ms, all_moving_ms, all_done_ms, cpu_ms_s, cpu_store_ms_s,
                wakeups_s, writes_s, log_bytes_s);
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
  double seconds = 0; ///< of each repeat, after its warm-up
  std::vector<measure> measures;
  std::vector<std::string> failed; ///< what could not be measured, with the reason
  TROUPE_FIELDS(report, on, repeats, seconds, measures, failed);
};

[[nodiscard]] machine this_machine(std::string const& folder);

/// Of repeated runs of the same measure the one whose rate is the median (of an even number the
/// lower of the two in the middle), with the lowest and highest rate.
[[nodiscard]] measure median(std::vector<measure> runs);
/// Sets the percentiles and the count, of values in nanoseconds.
void add_latencies(measure& m, histogram const& h);
/// The whole report as Markdown.
[[nodiscard]] std::string table(report const& r);

} // namespace troupe::bench
