#pragma once

#include "daemon/attempt.hpp"
#include "daemon/progress_pace.hpp"
#include "daemon/spool.hpp"

#include <condition_variable>
#include <thread>

/// The attempts that run now, each on its own thread, and the removal of what is over.
namespace troupe::local {

class attempt_table {
public:
  struct outlets {
    std::function<void()> reported; ///< the spool has something new
    /// At most four times a second for each attempt; must not block.
    std::function<void(link::progress)> progress;
  };
  attempt_table(executor_settings settings, std::shared_ptr<repository_pool> repositories,
                spool& reports, std::int32_t slots, outlets to);
  ~attempt_table();
  attempt_table(attempt_table const&) = delete;
  attempt_table& operator=(attempt_table const&) = delete;

  /// Reports orders that a crash interrupted as lost, and goes on with removals.
  void recover();
  /// Starts an attempt, or declines. An older attempt of the same ticket is stopped first, and the
  /// new one waits for its end: they would share a worktree.
  void start(link::order o);
  void stop(link::stop const& s);
  void answer(link::answer const& a);
  void release(link::release r);

  [[nodiscard]] std::vector<link::held> held() const;
  [[nodiscard]] std::int32_t free_slots() const;

  /// From now on every order is declined.
  void drain();
  /// Ends every attempt by the kill ladder; `now` leaves out its grace time.
  void stop_all(bool now);
  /// Waits until no attempt runs; false after the time.
  [[nodiscard]] bool wait_idle(duration limit);

private:
  struct entry {
    std::shared_ptr<attempt> what;
    std::thread thread;
    bool ended = false;
  };
  using key = std::pair<ticket_id, std::int64_t>;

  void report(link::frame_body const& body);
  void run(std::shared_ptr<attempt> const& a, std::shared_ptr<attempt_events> const& events);
  void tell(link::progress p);
  void tell_late();
  void reap();
  void sweep();
  [[nodiscard]] result<void> remove_all_of(link::release const& r);
  [[nodiscard]] std::int32_t busy() const;

  executor_settings settings_;
  std::shared_ptr<repository_pool> repositories_;
  spool& spool_;
  std::int32_t slots_;
  outlets to_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<key, entry> attempts_;
  std::vector<link::release> releases_;
  bool draining_ = false;
  bool closing_ = false;
  std::thread sweeper_;
  // Texts are sent under this lock: the last one must not be overtaken by the one before it.
  std::mutex pace_mutex_;
  std::condition_variable pace_changed_;
  progress_pace pace_{std::chrono::milliseconds{250}};
  bool pace_closing_ = false;
  std::thread pacer_;
};

} // namespace troupe::local
