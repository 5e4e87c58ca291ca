#pragma once

#include <caf/detail/thread_safe_actor_clock.hpp>
#include <caf/execution_unit.hpp>
#include <caf/resumable.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace troupe {

/// The threads that the actors run on: one queue for all, as the scheduler "sharing" of CAF has it,
/// and the same settings. Two things are otherwise: where all threads have work, or callers come
/// back at once, the actor that was called last by the one which runs is run next by the same
/// thread, which has its memory at hand (docs/decisions/0020-work-pool.md, 0022-quick-callers.md);
/// and CAF's own logger, which nobody reads, is not told which actor runs. An actor may send with
/// its own `send` only on the thread that runs it; others use `anon_send`.
class work_pool final : public caf::scheduler::abstract_coordinator {
public:
  explicit work_pool(caf::actor_system& system);
  ~work_pool() override;

  /// For `actor_system_config::load`.
  static caf::actor_system::module* make(caf::actor_system& system, caf::detail::type_list<>);

  void enqueue(caf::resumable* job) override;
  caf::detail::thread_safe_actor_clock& clock() noexcept override { return clock_; }
  /// Whether a thread keeps what its actors call, as they come back at once.
  [[nodiscard]] bool is_quick() const;

protected:
  void start() override;
  /// Runs what waits before it returns.
  void stop() override;

private:
  class worker;

  /// The next job; null: there will be none.
  [[nodiscard]] caf::resumable* wait_for_job(worker& me);
  /// What another thread would run next, but is busy with something else; null: nothing. `seen`:
  /// the calls that each had made when the one which asks last looked. `passed_over`: one may
  /// have something, and comes back for it.
  [[nodiscard]] caf::resumable* take_from_others(std::vector<std::uint64_t>& seen,
                                                 bool& passed_over);
  void look_again();

  std::mutex mutex_;
  std::condition_variable wakeup_;
  std::deque<caf::resumable*> queue_;
  bool stopping_ = false;
  std::atomic<int> idle_{0}; ///< threads that wait for a job, or are about to
  std::vector<std::unique_ptr<worker>> workers_;
  caf::detail::thread_safe_actor_clock clock_;
  std::thread timer_; ///< tells delayed messages
};

} // namespace troupe
