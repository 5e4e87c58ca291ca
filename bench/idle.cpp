#include "bench/stage.hpp"

#include <malloc.h>

#include <condition_variable>
#include <mutex>
#include <thread>

namespace troupe::bench {

namespace {

/// Bytes that the heap has given out: what objects need, without what the allocator keeps.
double heap_bytes() {
  auto const m = ::mallinfo2();
  return static_cast<double>(m.uordblks + m.hblkhd);
}

/// Opens tickets that wait for one that never comes: each is live and has nothing to do.
result<void> open_blocked(stage& on, int from, int to) {
  std::mutex mutex;
  std::condition_variable changed;
  int answered = 0;
  std::string refused;
  for (int i = from; i < to; ++i) {
    auto o = stage::ticket(i);
    o.blocked_by = {ticket_id{"never"}};
    on.at().submit(stage::ref(i), ticket::command{std::move(o)}, stage::by(),
                   [&](command_result const& r) {
                     std::lock_guard lock{mutex};
                     ++answered;
                     if (!r)
                       refused = r.error().message;
                     changed.notify_one();
                   });
  }
  std::unique_lock lock{mutex};
  changed.wait(lock, [&] { return answered == to - from; }); // each is answered exactly once
  if (!refused.empty())
    return fail(errc::internal, "a ticket was refused: " + refused);
  lock.unlock();
  on.at().view().settle();
  return {};
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
    m.level = level;
    m.rate = static_cast<double>(samples_.size()) / took;
    add_latencies(m, std::move(samples_));
    return m;
  }

private:
  void ask(int number) {
    on_.at().query(stage::ref(number), [this, number, begun = clock::now()](auto const& r) {
      auto const took = us_since(begun);
      {
        std::lock_guard lock{mutex_};
        if (watch_.counts())
          samples_.push_back(took);
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
  std::vector<double> samples_;
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
  if (auto r = on.open(s, *at, 1); !r)
    return r.error();
  if (auto r = open_blocked(on, 0, tickets); !r)
    return r.error();
  std::vector<measure> out;
  for (int const level : {1, 64}) {
    std::vector<measure> runs;
    for (int i = 0; i < t.repeats; ++i) {
      auto m = callers{on, tickets, level}.run(level, t);
      if (!m)
        return m.error();
      runs.push_back(std::move(*m));
    }
    out.push_back(median(std::move(runs)));
  }
  if (!on.close())
    return fail(errc::timeout, "the node did not stop");
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
    m.where = where;
    m.count = static_cast<std::uint64_t>(count);
    m.bytes = bytes / count;
    out.push_back(std::move(m));
  };
  {
    stage on;
    if (auto r = on.open(s, *at, 1); !r)
      return r.error();
    if (auto r = open_blocked(on, 0, warm); !r)
      return r.error();
    auto const before = heap_bytes();
    if (auto r = open_blocked(on, warm, warm + count); !r)
      return r.error();
    add("live: its actor, its row of the board, its latest events", heap_bytes() - before);
    if (!on.close())
      return fail(errc::timeout, "the node did not stop");
  }
  {
    ::malloc_trim(0);
    auto const before = heap_bytes();
    stage on;
    auto const begun = clock::now();
    if (auto r = on.open(s, *at, 1, false); !r)
      return r.error();
    auto const took = us_since(begun);
    add("at rest: started again, never called", heap_bytes() - before);
    measure start;
    start.what = "start";
    start.where = s.name;
    start.level = count;
    start.rate = start.rate_low = start.rate_high = 1e6 / took;
    start.p50_us = start.p99_us = took;
    start.count = 1;
    out.push_back(std::move(start));
    if (!on.close())
      return fail(errc::timeout, "the node did not stop");
  }
  return out;
}

} // namespace troupe::bench
