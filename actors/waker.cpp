#include "actors/waker.hpp"

#include <algorithm>

namespace troupe {

namespace {

constexpr std::size_t at_once = 256; ///< without waiting for any
constexpr std::size_t slice = 64;
constexpr std::size_t under_way = 32; ///< being read, before the next ones are woken
constexpr std::chrono::milliseconds look{1};
/// One that is not read in this time (the store is away) does not keep the others asleep.
constexpr std::chrono::milliseconds patience{250};

} // namespace

void waker::start(std::vector<entity_ref> all) {
  if (thread_.joinable())
    thread_.join();
  auto const now = std::min(all.size(), at_once);
  for (std::size_t i = 0; i < now; ++i)
    where_.wake(all[i]);
  if (now < all.size())
    thread_ = std::thread{[this, all = std::move(all), now] { run(all, now); }};
}

void waker::run(std::vector<entity_ref> const& all, std::size_t from) {
  while (from < all.size()) {
    {
      std::unique_lock lock{mutex_};
      auto const limit = std::chrono::steady_clock::now() + patience;
      do {
        if (stopped_.wait_for(lock, look, [this] { return stop_; }))
          return;
      } while (crowd_.reading() > under_way && std::chrono::steady_clock::now() < limit);
    }
    for (auto const to = std::min(from + slice, all.size()); from < to; ++from)
      where_.wake(all[from]);
  }
}

void waker::stop() {
  {
    std::lock_guard lock{mutex_};
    stop_ = true;
  }
  stopped_.notify_all();
  if (thread_.joinable())
    thread_.join();
}

} // namespace troupe
