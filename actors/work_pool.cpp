#include "actors/work_pool.hpp"

#include <caf/actor_system.hpp>
#include <caf/detail/set_thread_name.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace troupe {

namespace {

/// How often an idle thread looks after what a quick caller has not come back for.
constexpr std::chrono::microseconds patience{250};

} // namespace

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
  /// where another thread has nothing to do, unless callers have come back at once of late: nobody
  /// knows how long the actor still takes.
  void exec_later(caf::resumable* job) override {
    constexpr std::uint64_t one_in = 16; // asking for the time costs a tenth of a quick message
    if (auto* const before = next_.exchange(job); before != nullptr)
      pool_.enqueue(before);
    auto const call = calls_.load(std::memory_order_relaxed) + 1;
    calls_.store(call, std::memory_order_relaxed); // by this thread only
    if (pool_.idle_.load() != 0 && !quick_.load()) {
      if (auto* const mine = take_next(); mine != nullptr)
        pool_.enqueue(mine);
    }
    if (call % one_in == 0)
      called_at_ = std::chrono::steady_clock::now(); // handing over is not the caller's doing
  }

  /// On any thread.
  [[nodiscard]] caf::resumable* take_next() { return next_.exchange(nullptr); }
  /// Callers have come back at once of late: what they call is not handed over.
  [[nodiscard]] bool quick() const { return quick_.load(); }
  /// One has not come back for what it called: from here on it hands over.
  void doubt() { quick_.store(false); }
  [[nodiscard]] std::uint64_t calls() const { return calls_.load(std::memory_order_relaxed); }

  // Of its own thread:
  void rest() {
    quick_.store(false);
    came_back_ = 0;
  }
  std::vector<std::uint64_t> seen; ///< calls of each thread when this one last looked

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

  /// How long a caller went on after its call.
  void learn(std::chrono::nanoseconds went_on) {
    constexpr std::chrono::nanoseconds at_once{3'000}; // less than it takes to wake a thread
    constexpr int enough = 64; // where callers differ, one comes that is not
    came_back_ = went_on < at_once ? std::min(came_back_ + 1, enough) : 0;
    bool const now = came_back_ == enough;
    if (now == quick())
      return;
    quick_.store(now);
    if (now)
      pool_.look_again();
  }

  caf::resumable* take() {
    if (called_at_ != std::chrono::steady_clock::time_point{})
      learn(std::chrono::steady_clock::now() -
            std::exchange(called_at_, std::chrono::steady_clock::time_point{}));
    constexpr int most = 16; // two that call each other must not keep the others waiting
    auto* const next = take_next();
    if (next != nullptr && in_a_row_ < most) {
      ++in_a_row_;
      return next;
    }
    in_a_row_ = 0;
    if (next != nullptr)
      pool_.enqueue(next);
    return pool_.wait_for_job(*this);
  }

  work_pool& pool_;
  std::size_t throughput_;
  std::atomic<caf::resumable*> next_{nullptr};
  std::atomic<std::uint64_t> calls_{0};
  std::atomic<bool> quick_{false};
  int came_back_ = 0; ///< calls that were timed, in a row, after which the caller came back at once
  std::chrono::steady_clock::time_point called_at_{}; ///< of a call that is timed
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

/// Threads that wait find out that there is a quick one.
void work_pool::look_again() {
  { std::lock_guard lock{mutex_}; }
  wakeup_.notify_all();
}

caf::resumable* work_pool::wait_for_job(worker& me) {
  std::unique_lock lock{mutex_};
  while (queue_.empty()) {
    if (stopping_)
      return nullptr;
    // Counted before it looks: who calls an actor from here on sees that somebody is idle, and
    // gives it to the queue.
    ++idle_;
    bool passed_over = false;
    auto* const job = take_from_others(me.seen, passed_over);
    if (job == nullptr) {
      me.rest();
      if (passed_over || is_quick())
        wakeup_.wait_for(lock, patience);
      else
        wakeup_.wait(lock);
    }
    --idle_;
    if (job != nullptr)
      return job;
  }
  auto* const job = queue_.front();
  queue_.pop_front();
  return job;
}

/// A quick one comes back for it, unless it did not in all the time since the last look.
caf::resumable* work_pool::take_from_others(std::vector<std::uint64_t>& seen, bool& passed_over) {
  seen.resize(workers_.size());
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    auto& w = *workers_[i];
    auto const calls = w.calls();
    if (w.quick()) {
      if (std::exchange(seen[i], calls) != calls) {
        passed_over = true;
        continue;
      }
      w.doubt(); // before it is looked: what it calls from here on it hands over
    }
    if (auto* const job = w.take_next(); job != nullptr)
      return job;
  }
  return nullptr;
}

bool work_pool::is_quick() const {
  return std::any_of(workers_.begin(), workers_.end(), [](auto const& w) { return w->quick(); });
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
