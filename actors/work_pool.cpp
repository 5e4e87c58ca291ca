#include "actors/work_pool.hpp"

#include <caf/actor_system.hpp>
#include <caf/detail/set_thread_name.hpp>

#include <utility>

namespace troupe {

class work_pool::worker final : public caf::execution_unit {
public:
  worker(work_pool& pool, std::size_t throughput)
      : caf::execution_unit(&pool.system()), pool_(pool), throughput_(throughput) {}

  void start() {
    thread_ = std::thread{[this] {
      caf::detail::set_thread_name("troupe.actors");
      system().thread_started();
      run();
      system().thread_terminates();
    }};
  }
  void join() { thread_.join(); }

  /// Called by the actor that runs here. What was called before it is anybody's, and so is this
  /// where another thread has nothing to do: nobody knows how long the actor still takes.
  void exec_later(caf::resumable* job) override {
    if (auto* const before = next_.exchange(job); before != nullptr)
      pool_.enqueue(before);
    if (pool_.idle_.load() == 0)
      return;
    if (auto* const mine = take_next(); mine != nullptr)
      pool_.enqueue(mine);
  }

  /// On any thread.
  [[nodiscard]] caf::resumable* take_next() { return next_.exchange(nullptr); }

private:
  void run() {
    while (auto* const job = take()) {
      switch (job->resume(this, throughput_)) {
      case caf::resumable::resume_later:
        pool_.enqueue(job);
        break;
      case caf::resumable::awaiting_message: // whoever writes to it comes with it again
      case caf::resumable::done:
      case caf::resumable::shutdown_execution_unit: // nobody sends one
        caf::intrusive_ptr_release(job);
        break;
      }
    }
  }

  caf::resumable* take() {
    constexpr int most = 16; // two that call each other must not keep the others waiting
    auto* const next = take_next();
    if (next != nullptr && in_a_row_ < most) {
      ++in_a_row_;
      return next;
    }
    in_a_row_ = 0;
    if (next != nullptr)
      pool_.enqueue(next);
    return pool_.wait_for_job();
  }

  work_pool& pool_;
  std::size_t throughput_;
  std::atomic<caf::resumable*> next_{nullptr};
  int in_a_row_ = 0;
  std::thread thread_;
};

work_pool::work_pool(caf::actor_system& system) : caf::scheduler::abstract_coordinator(system) {}

work_pool::~work_pool() = default;

caf::actor_system::module* work_pool::make(caf::actor_system& system, caf::detail::type_list<>) {
  return new work_pool(system); // the actor system owns it
}

void work_pool::enqueue(caf::resumable* job) {
  {
    std::lock_guard lock{mutex_};
    queue_.push_back(job);
  }
  wakeup_.notify_one();
}

caf::resumable* work_pool::wait_for_job() {
  std::unique_lock lock{mutex_};
  while (queue_.empty()) {
    if (stopping_)
      return nullptr;
    // Counted before it looks: who calls an actor from here on sees that somebody is idle, and
    // gives it to the queue.
    ++idle_;
    auto* const job = take_from_others();
    if (job == nullptr)
      wakeup_.wait(lock, [this] { return !queue_.empty() || stopping_; });
    --idle_;
    if (job != nullptr)
      return job;
  }
  auto* const job = queue_.front();
  queue_.pop_front();
  return job;
}

caf::resumable* work_pool::take_from_others() {
  for (auto const& w : workers_)
    if (auto* const job = w->take_next(); job != nullptr)
      return job;
  return nullptr;
}

void work_pool::start() {
  for (std::size_t i = 0; i < num_workers(); ++i)
    workers_.push_back(std::make_unique<worker>(*this, max_throughput()));
  for (auto& w : workers_)
    w->start();
  timer_ = std::thread{[this] {
    caf::detail::set_thread_name("troupe.timer");
    system().thread_started();
    clock_.run_dispatch_loop();
    system().thread_terminates();
  }};
  abstract_coordinator::start();
}

void work_pool::stop() {
  {
    std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  wakeup_.notify_all();
  for (auto& w : workers_)
    w->join();
  stop_actors(); // CAF's own, which have threads of their own
  clock_.cancel_dispatch_loop();
  timer_.join();
  // What was called since: what is cleaned up may call others.
  for (;;) {
    caf::resumable* job = nullptr;
    {
      std::lock_guard lock{mutex_};
      if (queue_.empty())
        return;
      job = queue_.front();
      queue_.pop_front();
    }
    cleanup_and_release(job);
  }
}

} // namespace troupe
