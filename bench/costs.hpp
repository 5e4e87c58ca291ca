#pragma once

#include "bench/measures.hpp"

namespace troupe::bench {

/// Counters that only grow; what a window cost is the difference of two.
struct spent {
  double cpu_s = 0;       ///< of this process
  double cpu_store_s = 0; ///< of Postgres, where it runs on this machine
  double fsyncs = 0;
  double log_bytes = 0;
  double wakeups = 0; ///< of threads that live
  double writes = 0;  ///< system calls
};
[[nodiscard]] spent operator-(spent const& a, spent const& b);

/// Reads them for a store. Postgres says of its log what it wrote and how often it synced it
/// (`pg_stat_wal`; busy backends report about once a second, so short windows are coarse), and its
/// processes are those below the parent of our backend. SQLite runs in this process: its bytes are
/// those that we write, and a sync is a call of fsync or fdatasync (counted by syncs.cpp).
class cost_meter {
public:
  explicit cost_meter(place const& at);
  ~cost_meter();
  cost_meter(cost_meter const&) = delete;
  cost_meter& operator=(cost_meter const&) = delete;
  [[nodiscard]] spent read();

private:
  struct connection;
  std::unique_ptr<connection> to_; ///< null: not Postgres
};

/// How often this process has called fsync and fdatasync.
[[nodiscard]] std::uint64_t syncs_so_far();

} // namespace troupe::bench
