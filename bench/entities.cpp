#include "bench/costs.hpp"
#include "bench/stage.hpp"

#include <dlfcn.h>
#include <malloc.h>

#include <condition_variable>
#include <mutex>
#include <thread>

/// Of jemalloc, which the programs are linked with; null in the tests, which are not.
extern "C" [[gnu::weak]] int mallctl(char const* name, void* out, std::size_t* out_size, void* in,
                                     std::size_t in_size);

namespace troupe::bench {

namespace {

/// Bytes that the heap has given out: what objects need, without what the allocator keeps.
double heap_bytes() {
  if (mallctl != nullptr) {
    std::uint64_t epoch = 1; // the figures are those of the last time that it was written
    std::size_t size = sizeof epoch;
    mallctl("epoch", &epoch, &size, &epoch, size);
    std::size_t given = 0;
    size = sizeof given;
    if (mallctl("stats.allocated", &given, &size, nullptr, 0) == 0)
      return static_cast<double>(given);
  }
  // The sanitizers have an allocator of their own.
  using counter = std::size_t (*)();
  if (auto* const own = ::dlsym(RTLD_DEFAULT, "__sanitizer_get_current_allocated_bytes"))
    return static_cast<double>(reinterpret_cast<counter>(own)());
  auto const m = ::mallinfo2();
  return static_cast<double>(m.uordblks + m.hblkhd);
}

error did_not_stop() {
  return fail(errc::timeout, "the node did not stop");
}

/// States of tickets, asked for by name from as many callers as `level`.
class callers {
public:
  callers(stage& on, int tickets, int level) : on_(on), tickets_(tickets) {
    for (int i = 0; i < level; ++i)
      ask(i);
  }
  result<measure> run(int level, timing const& t) {
    auto const took = watch_.run(t, [](seconds wait) { std::this_thread::sleep_for(wait); });
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [&] { return ended_ == level; });
    if (!refused_.empty())
      return fail(errc::internal, refused_);
    measure m;
    m.what = "messages";
    m.where = "an entity's state, by name through the region";
    m.loop = "closed";
    m.level = level;
    m.rate = static_cast<double>(samples_.count()) / took;
    add_latencies(m, samples_);
    return m;
  }

private:
  void ask(int number) {
    on_.at().query(stage::ref(number), [this, number, begun = clock::now()](auto const& r) {
      auto const took = ns_since(begun);
      {
        std::lock_guard lock{mutex_};
        if (watch_.counts())
          samples_.record(took);
        if (!r)
          refused_ = r.error().message;
        if (!r || watch_.over()) {
          ++ended_;
          changed_.notify_one();
          return;
        }
      }
      ask((number + 64) % tickets_);
    });
  }

  stage& on_;
  int tickets_;
  stopwatch watch_;
  std::mutex mutex_;
  std::condition_variable changed_;
  histogram samples_;
  std::string refused_;
  int ended_ = 0;
};

} // namespace

result<std::vector<measure>> queries(timing const& t) {
  constexpr int tickets = 1024;
  auto const s = memory_stores();
  auto const at = s.open();
  if (!at)
    return at.error();
  stage on;
  if (auto r = on.open(at->store, 1); !r)
    return r.error();
  if (auto r = open_blocked(on, 0, tickets); !r)
    return r.error();
  std::vector<measure> out;
  for (int const level : {1, 64}) {
    auto m = repeated(t, [&] { return callers{on, tickets, level}.run(level, t); });
    if (!m)
      return m.error();
    out.push_back(std::move(*m));
  }
  if (!on.close())
    return did_not_stop();
  return out;
}

result<std::vector<measure>> idle_tickets(stores const& s, int count) {
  auto const at = s.open();
  if (!at)
    return at.error();
  constexpr int warm = 500; // caches and pools are filled by these
  std::vector<measure> out;
  auto const add = [&](char const* where, double bytes) {
    measure m;
    m.what = "memory";
    m.where = s.name + ", " + where;
    m.count = static_cast<std::uint64_t>(count);
    m.bytes = bytes / count;
    out.push_back(std::move(m));
  };
  {
    stage on;
    if (auto r = on.open(at->store, 1); !r)
      return r.error();
    if (auto r = open_blocked(on, 0, warm); !r)
      return r.error();
    auto const before = heap_bytes();
    if (auto r = open_blocked(on, warm, warm + count); !r)
      return r.error();
    add("live: its actor, its row of the board, its latest events", heap_bytes() - before);
    if (!on.close())
      return did_not_stop();
  }
  {
    auto const before = heap_bytes();
    stage on;
    auto const begun = clock::now();
    if (auto r = on.open(at->store, 1, false); !r)
      return r.error();
    if (auto r = on.resume(1); !r)
      return r.error();
    auto const took = ns_since(begun);
    add("at rest: started again, never called", heap_bytes() - before);
    measure start;
    start.what = "start";
    start.where = s.name + ", on a log of tickets";
    start.loop = "closed";
    start.level = count;
    start.rate = start.rate_low = start.rate_high = 1e9 / static_cast<double>(took);
    histogram h;
    h.record(took);
    add_latencies(start, h);
    out.push_back(std::move(start));
    if (!on.close())
      return did_not_stop();
  }
  return out;
}

namespace {

/// What the tickets themselves have begun (the store settles what it put off, Postgres makes its
/// statistics) comes to its end before anything is counted: when nothing was written for longer
/// than the journal waits before it settles. What writes on for half a minute is to be seen.
void wait_for_quiet(cost_meter& meter) {
  constexpr int quiet_seconds = 4;
  auto last = meter.read();
  for (int waited = 0, quiet = 0; waited < 30 && quiet < quiet_seconds; ++waited) {
    std::this_thread::sleep_for(seconds{1});
    auto const now = meter.read();
    auto const since = now - last;
    quiet = since.writes > 0 || since.log_bytes > 0 ? 0 : quiet + 1;
    last = now;
  }
}

} // namespace

result<measure> idle_cost(stores const& s, int count, timing const& t) {
  auto const at = s.open();
  if (!at)
    return at.error();
  stage on;
  if (auto r = on.open(at->store, 1); !r)
    return r.error();
  if (auto r = open_blocked(on, 0, count); !r)
    return r.error();
  cost_meter meter{*at};
  wait_for_quiet(meter);
  auto const before = meter.read();
  auto const begun = clock::now();
  std::this_thread::sleep_for(t.run);
  auto const took = seconds_since(begun);
  auto const cost = meter.read() - before;
  measure m;
  m.what = "idle";
  m.where = s.name;
  m.level = count;
  m.cpu_ms_s = cost.cpu_s * 1000 / took;
  m.cpu_store_ms_s = cost.cpu_store_s * 1000 / took;
  m.wakeups_s = cost.wakeups / took;
  m.writes_s = cost.writes / took;
  m.log_bytes_s = cost.log_bytes / took;
  if (!on.close())
    return did_not_stop();
  return m;
}

} // namespace troupe::bench
