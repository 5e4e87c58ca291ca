#include "actors/alarm_clock.hpp"

#include "actors/messages.hpp"

#include <caf/send.hpp>

#include <algorithm>

namespace troupe {

alarm_clock::~alarm_clock() {
  stop();
}

void alarm_clock::call(caf::actor_addr whom, moment at, std::uint64_t number) {
  bool first = false;
  {
    std::lock_guard lock{mutex_};
    if (stopping_)
      return;
    first = calls_.empty() || at < calls_.front().at;
    calls_.push_back({at, number, std::move(whom)});
    std::push_heap(calls_.begin(), calls_.end(), later);
    if (!thread_.joinable())
      thread_ = std::thread{[this] { run(); }};
  }
  if (first)
    earlier_.notify_one();
}

void alarm_clock::run() {
  std::unique_lock lock{mutex_};
  while (!stopping_) {
    if (calls_.empty()) {
      earlier_.wait(lock);
      continue;
    }
    if (auto const at = calls_.front().at; at > moment::clock::now()) {
      earlier_.wait_until(lock, at);
      continue;
    }
    std::pop_heap(calls_.begin(), calls_.end(), later);
    auto const due = std::move(calls_.back());
    calls_.pop_back();
    lock.unlock(); // an actor whose last handle this is ends here
    if (auto const whom = caf::actor_cast<caf::actor>(due.whom))
      caf::anon_send(whom, alarm_atom::value, due.number);
    lock.lock();
  }
}

void alarm_clock::stop() {
  {
    std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  earlier_.notify_one();
  if (thread_.joinable())
    thread_.join();
  calls_.clear(); // while there is an actor system to give the addresses back to
}

} // namespace troupe
