#pragma once

#include "gateway/http/beast.hpp"

#include <atomic>
#include <chrono>
#include <memory>

namespace troupe {

/// Lets any thread wake a coroutine that waits on a strand. Notices are never lost, and many before
/// the coroutine looks are one.
///
/// It shares the io_context, since actors may hold streams and replies for longer than the server
/// lives; what it posts holds it weakly, else a notice left in a stopped context would own that
/// context for ever.
class wake_up : public std::enable_shared_from_this<wake_up> {
public:
  wake_up(std::shared_ptr<asio::io_context> io, asio::any_io_executor strand)
      : io_(std::move(io)), strand_(std::move(strand)), timer_(strand_) {}

  /// From any thread.
  void notify() {
    if (posted_.exchange(true))
      return;
    asio::post(strand_, [weak = weak_from_this()] {
      if (auto self = weak.lock()) {
        // Reset before the waiter looks: a notice that comes later posts again.
        self->posted_ = false;
        self->raised_ = true;
        self->timer_.cancel();
      }
    });
  }
  /// On the strand, one waiter at a time. True: notified; false: the time is over.
  asio::awaitable<bool> wait(std::chrono::milliseconds longest) {
    if (!raised_) {
      timer_.expires_after(longest);
      auto [ec] = co_await timer_.async_wait(checked);
      (void)ec;
    }
    co_return std::exchange(raised_, false);
  }
  /// Runs `f` on the strand, later.
  template <class F>
  void run(F f) {
    asio::post(strand_, std::move(f));
  }

private:
  std::shared_ptr<asio::io_context> io_; // first, to be destroyed last
  asio::any_io_executor strand_;
  asio::steady_timer timer_;
  std::atomic<bool> posted_{false};
  bool raised_ = false; // touched on the strand only
};

} // namespace troupe
