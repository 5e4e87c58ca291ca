#include "bench/stage.hpp"

#include <condition_variable>
#include <mutex>
#include <unordered_map>

namespace troupe::bench {

namespace {

/// Keeps `level` tickets under way. A ticket begins when its `open` is sent and ends when the read
/// side shows that it is merged, which is what a client sees.
class flow {
public:
  flow(stage& on, int level) : on_(on), level_(level) {
    listener_ = on_.at().view().subscribe([this](board_event const& e) { heard(e); }, {});
  }
  ~flow() { on_.at().view().unsubscribe(listener_); }
  flow(flow const&) = delete;
  flow& operator=(flow const&) = delete;

  /// Warm-up, measurement, and the rest until nothing is under way any more. The measurement goes
  /// on until at least twice `level` tickets were merged, because they move in waves.
  result<measure> run(timing const& t) {
    {
      std::lock_guard lock{mutex_};
      for (int i = 0; i < level_; ++i)
        open_next();
    }
    auto warm = wait(t.warm_up, level_);
    if (!warm)
      return warm.error();
    journal_counters const& c = on_.at().log().counters();
    auto const events = c.events.load();
    auto const batches = c.batches.load();
    auto const begin = clock::now();
    {
      std::lock_guard lock{mutex_};
      counting_ = true;
    }
    auto ran = wait(t.run, merged_at_start() + 2 * level_);
    if (!ran)
      return ran.error();
    measure m;
    std::vector<double> samples;
    {
      std::lock_guard lock{mutex_};
      counting_ = false;
      ending_ = true;
      samples = std::move(samples_);
    }
    auto const took = us_since(begin) / 1e6;
    m.what = "tickets";
    m.level = level_;
    m.rate = static_cast<double>(samples.size()) / took;
    auto const stored = static_cast<double>(c.events.load() - events);
    m.events_each = stored / static_cast<double>(samples.size());
    m.events_per_batch = stored / static_cast<double>(c.batches.load() - batches);
    add_latencies(m, std::move(samples));
    std::unique_lock lock{mutex_};
    if (!changed_.wait_for(lock, limit, [&] { return begun_.empty() || !refused_.empty(); }))
      return fail(errc::timeout, std::to_string(begun_.size()) + " tickets were not finished");
    if (!refused_.empty())
      return fail(errc::internal, "a ticket was refused: " + refused_);
    return m;
  }

private:
  static constexpr std::chrono::seconds limit{60};

  int merged_at_start() {
    std::lock_guard lock{mutex_};
    return merged_;
  }

  /// Until `least` has passed and `merged` tickets are merged.
  result<void> wait(seconds least, int merged) {
    auto const end = clock::now() + least;
    std::unique_lock lock{mutex_};
    bool const moved =
        changed_.wait_for(lock, limit, [&] { return merged_ >= merged || !refused_.empty(); });
    if (!refused_.empty())
      return fail(errc::internal, "a ticket was refused: " + refused_);
    if (!moved)
      return fail(errc::timeout,
                  "only " + std::to_string(merged_) + " tickets were merged in a minute");
    changed_.wait_until(lock, end, [&] { return clock::now() >= end || !refused_.empty(); });
    return {};
  }

  void open_next() { // under the lock
    auto const ref = stage::ref(++opened_);
    begun_.emplace(ref.id, clock::now());
    on_.at().submit(ref, ticket::command{stage::ticket(opened_)}, stage::by(),
                    [this](command_result const& r) {
                      if (r)
                        return;
                      std::lock_guard lock{mutex_};
                      refused_ = r.error().message;
                      changed_.notify_one();
                    });
  }

  void heard(board_event const& e) {
    if (e.event.event.type != "ticket.merged")
      return;
    std::lock_guard lock{mutex_};
    auto const it = begun_.find(e.event.stream.id);
    if (it == begun_.end())
      return;
    if (counting_)
      samples_.push_back(us_since(it->second));
    begun_.erase(it);
    ++merged_;
    if (!ending_)
      open_next();
    changed_.notify_one();
  }

  stage& on_;
  int level_;
  std::uint64_t listener_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::unordered_map<std::string, clock::time_point> begun_;
  std::vector<double> samples_;
  std::string refused_;
  int opened_ = 0;
  int merged_ = 0;
  bool counting_ = false;
  bool ending_ = false;
};

result<measure> one(stores const& s, int level, timing const& t) {
  auto at = s.open();
  if (!at)
    return at.error();
  stage on;
  if (auto r = on.open(s, *at, level); !r)
    return r.error();
  flow tickets_flow{on, level}; // outlives the node's work: answers may still come
  auto m = tickets_flow.run(t);
  if (!on.close())
    return fail(errc::timeout, "the node did not stop");
  if (m)
    m->where = s.name;
  return m;
}

} // namespace

result<std::vector<measure>> tickets(stores const& s, std::vector<int> const& levels,
                                     timing const& t) {
  std::vector<measure> out;
  for (int const level : levels) {
    std::vector<measure> runs;
    for (int i = 0; i < t.repeats; ++i) {
      auto m = one(s, level, t);
      if (!m)
        return m.error();
      runs.push_back(std::move(*m));
    }
    out.push_back(median(std::move(runs)));
  }
  return out;
}

} // namespace troupe::bench
