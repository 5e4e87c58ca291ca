#pragma once

#include "persistence/postgres/session.hpp"
#include "protocol/ids.hpp"

#include <atomic>
#include <memory>
#include <mutex>
#include <thread>

namespace troupe::postgres {

/// The lock that makes one program the holder of a database. A lock of Postgres ends with its
/// session, also by a restart of the database, so a lost session is replaced and the lock taken
/// again: by a thread that sleeps until the connection ends, and by whoever is about to write.
class holding {
public:
  /// Waits at most `wait` for an earlier holder's end. Errors: busy (somebody else holds it: the
  /// message says who), unavailable.
  [[nodiscard]] static result<std::shared_ptr<holding>>
  take(std::string const& url, std::string const& owner, duration wait);
  ~holding();
  holding(holding const&) = delete;
  holding& operator=(holding const&) = delete;

  /// Asked before each append; takes the lock again if it was lost. Errors: fenced (another program
  /// holds the database: for good), else one that `is_not_stored`: try again.
  [[nodiscard]] result<void> check();

private:
  explicit holding(std::string url);
  void connect();
  void note_taken();
  [[nodiscard]] result<void> renew();
  [[nodiscard]] result<void> take_again();
  void watch();

  std::string url_;
  int wake_; ///< an eventfd: the connection to watch is another one, or the end
  std::atomic<bool> stopping_{false};
  std::mutex mutex_; ///< guards what follows
  std::unique_ptr<session> session_;
  bool locked_ = false;       ///< `session_` has the lock
  std::string identity_;      ///< of the session that had it last
  std::optional<error> gone_; ///< another program has it
  std::thread watcher_;
};

} // namespace troupe::postgres
