#pragma once

#include "tests/faults/scenario.hpp"

namespace troupe::faults {

/// A long run under an even load, with a fault every minute between a quiet beginning and a quiet
/// end: what it cost at the beginning must be what it costs at the end. The server is killed once,
/// as the first fault; the process that is measured at the end has lived through all others.
struct soak_settings {
  store_kind store = store_kind::postgres;
  std::filesystem::path home;           ///< exists, and is empty
  test::postgres_server* db = nullptr;  ///< for PostgreSQL
  std::chrono::minutes length{30};      ///< with the quiet parts
  std::chrono::seconds quiet{180};      ///< at the beginning, and at the end
  std::chrono::seconds between{60};     ///< from one fault to the next
  std::chrono::seconds calibration{15}; ///< as fast as the clients can
  double share = 0.8;                   ///< of the rate that was reached then
  std::uint64_t seed = 1;
  std::function<void(std::string const&)> tell;
};

/// What was seen in ten seconds. Latencies in milliseconds, from when the write was due (so a stall
/// counts for all that it held up) to its acknowledgement, of writes that were due in this window.
struct soak_window {
  double at = 0; ///< seconds since the load began
  std::int64_t writes = 0;
  double p50 = 0;
  double p99 = 0;
  double most = 0;
  std::int64_t rss_kb = 0;
  std::int64_t fds = 0;
  std::string fault; ///< that was struck in it
  TROUPE_FIELDS(soak_window, at, writes, p50, p99, most, rss_kb, fds, fault);
};

struct soak_report {
  double reached = 0; ///< writes a second in the calibration
  double rate = 0;    ///< that were offered then
  std::vector<soak_window> windows;
  std::int64_t faults = 0;
  std::int64_t tickets = 0; ///< made for the daemons meanwhile
  std::int64_t acknowledged = 0;
  std::int64_t lost = 0;
  std::int64_t duplicated = 0;
  double longest_recovery = 0;    ///< seconds
  std::vector<std::string> found; ///< none: passed
  TROUPE_FIELDS(soak_report, reached, rate, windows, faults, tickets, acknowledged, lost,
                duplicated, longest_recovery, found);
};

/// A write: when it was due, in seconds since the load began, and how long it took from then.
struct soak_sample {
  double due = 0;
  double ms = 0;
};

/// What a long run must not do: get slower, or take more and more.
[[nodiscard]] findings compare_ends(std::vector<soak_window> const& windows,
                                    std::vector<soak_sample> const& samples,
                                    soak_settings const& s);

[[nodiscard]] soak_report run_soak(soak_settings const& s);

/// The report for docs/soak.md, and its graph.
[[nodiscard]] std::string soak_text(soak_report const& r, soak_settings const& s);
[[nodiscard]] std::string soak_graph(soak_report const& r);

} // namespace troupe::faults
