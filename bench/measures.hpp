#pragma once

#include "bench/report.hpp"
#include "persistence/event_store.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

/// Closed loops are a fixed number of clients, each of which waits for its answer before it asks
/// again: a stall slows the asking too (coordinated omission), and the latencies say what these
/// clients saw. Open loops (`arrivals`) ask by the clock and count from the moment at which each
/// request was due, so that a stall is in the latency of everything that was due during it.
namespace troupe::bench {

using clock = std::chrono::steady_clock;
using seconds = std::chrono::duration<double>;

/// How long one repeat of a measure runs.
struct timing {
  seconds warm_up{1};
  seconds run{3};
  int repeats = 3;
};

/// A store in which one repeat works: new, and gone with this object.
struct place {
  store_factory store; ///< empty where the store has not been opened
  std::string address; ///< file, or URL with the database; empty: in memory
  std::shared_ptr<void> rest;
};

struct stores {
  std::string name;                    ///< `memory`, `sqlite`, `postgres`
  std::function<result<place>()> make; ///< where there is room for a store
  [[nodiscard]] result<place> open() const;
};

/// Where the loops of a repeat stand: they begin in the warm-up, count while measuring, and end.
class stopwatch {
public:
  enum class phase { warming, measuring, over };
  [[nodiscard]] bool over() const { return phase_ == phase::over; }
  [[nodiscard]] bool counts() const { return phase_ == phase::measuring; }
  /// Takes one of the loops through warm-up and measurement: `wait` until each end. Answers the
  /// seconds that were measured.
  template <class Wait>
  double run(timing const& t, Wait wait) {
    wait(t.warm_up);
    auto const begin = clock::now();
    phase_ = phase::measuring;
    wait(t.run);
    phase_ = phase::over;
    return seconds(clock::now() - begin).count();
  }

private:
  std::atomic<phase> phase_{phase::warming};
};

[[nodiscard]] inline double seconds_since(clock::time_point t) {
  return seconds(clock::now() - t).count();
}
[[nodiscard]] inline std::uint64_t ns_since(clock::time_point t) {
  auto const ns = std::chrono::duration_cast<std::chrono::nanoseconds>(clock::now() - t).count();
  return ns < 0 ? 0 : static_cast<std::uint64_t>(ns);
}

/// Runs `one` as often as `t` says and answers the median, or the first failure.
template <class F>
[[nodiscard]] result<measure> repeated(timing const& t, F one) {
  std::vector<measure> runs;
  for (int i = 0; i < t.repeats; ++i) {
    result<measure> m = one();
    if (!m)
      return m.error();
    runs.push_back(std::move(*m));
  }
  return median(std::move(runs));
}

/// One row a commit, by one connection with the adapters' own settings: what the disk and the
/// database allow to somebody who does not batch. The other figures are to be read beside it.
[[nodiscard]] result<measure> sqlite_floor(std::string const& folder, timing const& t);
[[nodiscard]] result<measure> postgres_floor(std::string const& url, timing const& t);
/// Version and durability settings of the server; unsupported if it does not wait for the disk.
[[nodiscard]] result<std::string> postgres_settings(std::string const& url);

/// Stores in SQLite files under `folder`, or in databases of the server at `url`.
[[nodiscard]] stores sqlite_stores(std::string folder);
[[nodiscard]] stores postgres_stores(std::string url);
[[nodiscard]] stores memory_stores();
/// Drops the databases that are in use; for a program that is about to end at once.
void remove_databases();
/// The store at an address that exists already: a file, or the URL of a database.
[[nodiscard]] result<store_factory> store_at(std::string const& address);

/// Messages between bare actors: round trips with 1 and 64 under way, the same through the send
/// point, 1,000 that ask one, one that asks 1,000, and new actors.
[[nodiscard]] std::vector<measure> messages(timing const& t);
/// Round trips to an entity by its name, through the region: its state as JSON.
[[nodiscard]] result<std::vector<measure>> queries(timing const& t);
/// Appends of one event each, through the journal, by 1 and 64 entities that wait for each answer.
[[nodiscard]] result<std::vector<measure>> appends(stores const& s, timing const& t);
/// Tickets from `open` to merged through the process `standard`, with an engine that does nothing
/// and answers 200 bytes at once; `level`: how many are under way.
[[nodiscard]] result<measure> tickets(stores const& s, int level, timing const& t);
/// The same while nobody watches the traffic, one at 200 records a second, and 1,000 everything;
/// and the lines that the watchers had, with the time from the choke point to one of them.
[[nodiscard]] result<std::vector<measure>> watched(stores const& s, int level, timing const& t);
/// The same by the clock: `rate` tickets a second, whatever becomes of them. The node refuses new
/// ones as busy as one with `slowdown` in its settings does.
[[nodiscard]] result<measure> arrivals(stores const& s, double rate, timing const& t, int slowdown);
/// Heap bytes of one ticket that is idle: with its actor, and after a restart, not yet called.
[[nodiscard]] result<std::vector<measure>> idle_tickets(stores const& s, int count);
/// What a server with so many tickets costs while nothing happens.
[[nodiscard]] result<measure> idle_cost(stores const& s, int count, timing const& t);
/// A process with tickets in their second stage gets `kill -9`; how long until a new one moves
/// them.
[[nodiscard]] result<measure> recovery(stores const& s, int in_flight);

/// What `recovery` starts: `hold` or `resume` on the store at an address. Answers the exit code.
[[nodiscard]] int recovery_child(std::string const& phase, std::string const& address,
                                 int in_flight);
/// Measures one level in the database at `url` as bench/peers wants it, prints the record and stays
/// until standard input ends. Answers the exit code.
[[nodiscard]] int record(std::string const& url, int level, double run_seconds, int cap);

} // namespace troupe::bench
