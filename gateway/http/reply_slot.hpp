#pragma once

#include "gateway/http/message.hpp"
#include "gateway/http/wake_up.hpp"

#include <mutex>

namespace troupe {

/// Where a session waits for the answer to one request.
class reply_slot {
public:
  explicit reply_slot(std::shared_ptr<wake_up> waiter) : waiter_(std::move(waiter)) {}

  /// From any thread; the first answer counts.
  void deliver(response r) {
    {
      std::lock_guard lock{mutex_};
      if (settled_)
        return;
      settled_ = true;
      answer_ = std::move(r);
    }
    waiter_->notify();
  }
  [[nodiscard]] bool settled() const {
    std::lock_guard lock{mutex_};
    return settled_;
  }
  /// Ends the wait without an answer.
  void give_up() { waiter_->notify(); }

  /// Empty: none came until the deadline, and none will be taken any more.
  asio::awaitable<std::optional<response>> wait(std::chrono::milliseconds deadline) {
    bool const notified = co_await waiter_->wait(deadline);
    (void)notified;
    std::lock_guard lock{mutex_};
    settled_ = true;
    co_return std::move(answer_);
  }

private:
  std::shared_ptr<wake_up> waiter_;
  mutable std::mutex mutex_;
  bool settled_ = false;
  std::optional<response> answer_;
};

/// The `reply` that a handler gets. It does not keep the session alive. When its last copy goes
/// without an answer, nobody can answer any more, and the client need not wait for the deadline.
inline reply reply_into(std::shared_ptr<reply_slot> const& slot, std::string instance) {
  struct teller {
    teller(std::weak_ptr<reply_slot> waiting, std::string where)
        : to(std::move(waiting)), path(std::move(where)) {}
    teller(teller const&) = delete;
    teller& operator=(teller const&) = delete;
    std::weak_ptr<reply_slot> to;
    std::string path;
    void tell(response r) const {
      if (auto waiting = to.lock())
        waiting->deliver(std::move(r));
    }
    ~teller() {
      if (auto waiting = to.lock(); waiting && !waiting->settled())
        waiting->deliver(problem(
            fail(errc::timeout, "the answer was lost; the request may still take effect"), path));
    }
  };
  return [one = std::make_shared<teller const>(slot, std::move(instance))](response r) {
    one->tell(std::move(r));
  };
}

} // namespace troupe
