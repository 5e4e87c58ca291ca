#pragma once

#include "tests/sim/coverage.hpp"

#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <vector>

namespace troupe::sim {

/// The kinds of trouble that a simulated world has. Each can be left out, so that a failing run can
/// be made smaller.
enum class trouble {
  crash,      ///< the server is killed at some step and started again
  takeover,   ///< another server takes the ledger over while the old one still runs
  stall,      ///< the server stands still for a while (SIGSTOP)
  part,       ///< the dispatcher or a shard goes down
  store,      ///< single calls of the store fail: before, after success, or answered late
  outage,     ///< the store is away for a while
  slow,       ///< the store is slow for a while
  clock,      ///< the server's clock jumps
  frames,     ///< frames of a link are lost, doubled, reordered
  link,       ///< a daemon's link is cut, for a while
  daemon,     ///< a daemon is killed and comes back with its spool
  agents,     ///< engines fail, answer nonsense or late; attempts fail
  people,     ///< people reject, interfere, send again
  neighbours, ///< another tenant has the same names and tries them
};
inline constexpr int troubles = static_cast<int>(trouble::neighbours) + 1;
/// `crash`, `takeover`, …
[[nodiscard]] char const* to_string(trouble t);

/// What a run depends on, and nothing else: the same options give the same run.
struct options {
  std::uint64_t seed = 1;
  double hours = 0.5; ///< of virtual time in which there is trouble
  int briefs = 3;     ///< how many things people want in this time
  std::set<trouble> without;
  /// Of the troubles that come at a time of their own (crash, cut, outage, …) only so many.
  int most = std::numeric_limits<int>::max();
  std::string plant;  ///< a bug to be planted, see `plants`; empty: none
  bool trace = false; ///< tell everything on the standard output
};

/// What came of a run.
struct outcome {
  std::string hash;                  ///< of the ledger, in the order of its commits
  std::vector<std::string> problems; ///< empty: every checker was content
  std::uint64_t events = 0;
  std::uint64_t commits = 0;
  std::uint64_t steps = 0;    ///< of actors
  std::uint64_t requests = 0; ///< of people and programs, answered for good
  std::uint64_t refused = 0;  ///< of these
  std::uint64_t reports = 0;  ///< of daemons, acknowledged
  std::uint64_t doubtful = 0; ///< appends whose outcome was not known at first
  std::uint64_t fenced = 0;   ///< appends of a server that had lost its shards
  std::uint64_t digest = 0;   ///< of everything that was left to chance, in its order
  coverage happened{};
  int starts = 0;    ///< of servers
  int scheduled = 0; ///< troubles that came at a time of their own
  double hours = 0;  ///< of virtual time in all
  int tickets = 0;
  int done = 0; ///< tickets that were merged
};

/// Runs a world from its beginning to its end. One thread; nothing but `o` decides.
[[nodiscard]] outcome run(options const& o);

} // namespace troupe::sim
