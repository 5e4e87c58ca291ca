#pragma once

#include "bench/report.hpp"
#include "persistence/event_store.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

/// Every measure is a closed loop: a fixed number of clients, each of which waits for its answer
/// before it asks again. A stall so slows the asking too (coordinated omission), and the latencies
/// say what these clients saw, not what an open stream of requests at that rate would see.
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
  store_factory store;
  std::shared_ptr<void> rest;
};

struct stores {
  std::string name;
  std::function<result<place>()> open;
  int writers = 1; ///< of the journal, as the server has it for this adapter
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

[[nodiscard]] inline double us_since(clock::time_point t) {
  return std::chrono::duration<double, std::micro>(clock::now() - t).count();
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

/// Round trips of a message between two bare actors, with 1 and 64 under way.
[[nodiscard]] std::vector<measure> messages(timing const& t);
/// Round trips to an entity by its name, through the region: its state as JSON.
[[nodiscard]] result<std::vector<measure>> queries(timing const& t);
/// Appends of one event each, through the journal, by 1 and 64 entities that wait for each answer.
[[nodiscard]] result<std::vector<measure>> appends(stores const& s, timing const& t);
/// Tickets from `open` to merged through the process `standard`, with an engine that does nothing
/// and answers at once; `levels`: how many are under way.
[[nodiscard]] result<std::vector<measure>> tickets(stores const& s, std::vector<int> const& levels,
                                                   timing const& t);
/// Heap bytes of one ticket that is idle: with its actor, and after a restart, not yet called.
[[nodiscard]] result<std::vector<measure>> idle_tickets(stores const& s, int count);

} // namespace troupe::bench
