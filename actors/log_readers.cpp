#include "actors/log_readers.hpp"

#include "actors/log_merge.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace troupe {

namespace {

constexpr std::size_t chunk_size = 1000; // handed over at once
constexpr std::size_t chunks_ahead = 8;

using chunk = result<std::vector<stored_event>>;

} // namespace

/// Reads its part on a thread of its own.
class log_readers::reader {
public:
  reader(event_store& store, log_part which)
      : thread_([this, &store, which] { run(store, which); }) {}
  ~reader() {
    {
      std::lock_guard lock{mutex_};
      stop_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }
  reader(reader const&) = delete;
  reader& operator=(reader const&) = delete;

  /// Empty at the end.
  chunk next() {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [this] { return ended_ || !ready_.empty(); });
    if (ready_.empty())
      return std::vector<stored_event>{};
    auto out = std::move(ready_.front());
    ready_.pop_front();
    changed_.notify_all();
    return out;
  }

private:
  /// False: nothing is wanted any more.
  bool hand_over(chunk what) {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [this] { return stop_ || ready_.size() < chunks_ahead; });
    ended_ = !what || what->empty();
    ready_.push_back(std::move(what));
    changed_.notify_all();
    return !stop_ && !ended_;
  }

  void read(event_store& store, log_part which) {
    auto log = log_merge::open(store, which);
    if (!log)
      hand_over(log.error());
    else
      while (hand_over(log->next(chunk_size))) {
      }
  }

  void run(event_store& store, log_part which) {
    try {
      read(store, which);
    } catch (std::exception const& x) {
      hand_over(fail(errc::internal, std::string{"the log could not be read: "} + x.what()));
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<chunk> ready_;
  bool ended_ = false; ///< nothing comes after what is ready
  bool stop_ = false;
  std::thread thread_;
};

log_readers::log_readers(std::vector<event_store*> const& stores) {
  auto const all = static_cast<std::uint32_t>(stores.size());
  for (std::uint32_t i = 0; i < all; ++i)
    parts_.push_back({std::make_unique<reader>(*stores[i], log_part{i, all}), {}, 0});
}

log_readers::~log_readers() = default;

/// Every part has something at its front, or is gone.
result<void> log_readers::fill() {
  for (auto& p : parts_)
    if (p.next == p.ready.size()) {
      auto more = p.from->next();
      if (!more)
        return more.error();
      p.ready = std::move(*more);
      p.next = 0;
    }
  std::erase_if(parts_, [](auto const& p) { return p.ready.empty(); });
  return {};
}

/// Until one of them has nothing ready.
chunk log_readers::next() {
  if (auto const ok = fill(); !ok)
    return ok.error();
  std::vector<stored_event> out;
  if (parts_.empty())
    return out;
  auto const earlier = [](auto& a, auto& b) {
    return a.front().event.event_id < b.front().event.event_id;
  };
  for (;;) {
    auto& p = *std::min_element(parts_.begin(), parts_.end(), earlier);
    out.push_back(std::move(p.front()));
    if (++p.next == p.ready.size())
      return out;
  }
}

} // namespace troupe
