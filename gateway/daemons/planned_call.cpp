#include "gateway/daemons/planned_call.hpp"

namespace troupe {

void planned_call::plan(duration after) {
  std::lock_guard lock{mutex_};
  if (stopped_)
    return;
  auto const at = clock::now() + after;
  if (due_ && *due_ <= at)
    return;
  due_ = at;
  if (!thread_.joinable())
    thread_ = std::thread{[this] { run(); }};
  wakeup_.notify_all();
}

void planned_call::stop() {
  {
    std::lock_guard lock{mutex_};
    stopped_ = true;
  }
  wakeup_.notify_all();
  if (thread_.joinable())
    thread_.join();
}

void planned_call::run() {
  std::unique_lock lock{mutex_};
  while (!stopped_) {
    if (!due_) {
      wakeup_.wait(lock);
    } else if (auto const at = *due_; at > clock::now()) {
      wakeup_.wait_until(lock, at);
    } else {
      due_.reset();
      lock.unlock();
      what_();
      lock.lock();
    }
  }
}

} // namespace troupe
