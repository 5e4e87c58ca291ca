#pragma once

#include "protocol/json.hpp"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace troupe::demo {

/// The demo's way to the server: the public API, as anybody's program would use it. A server that
/// is away is waited for; writes carry an Idempotency-Key, so sending one again does nothing twice.
class connection {
public:
  connection(std::string url, std::string token, int patience_s);
  ~connection();
  connection(connection const&) = delete;
  connection& operator=(connection const&) = delete;

  struct answer {
    int status = 0;
    json::value body;
    [[nodiscard]] bool ok() const { return status >= 200 && status < 300; }
  };
  /// Errors: unavailable (no answer within the patience).
  [[nodiscard]] result<answer> call(std::string const& method, std::string const& path,
                                    json::value const& body = {});
  /// Like `call` with GET; an error for any other status than 200.
  [[nodiscard]] result<json::value> get(std::string const& path);

  /// Follows the stream of events from now on, on a thread; reconnects. Returns when the server has
  /// begun to tell, or after ten seconds.
  void follow(std::string const& query);
  /// The next event of the stream (`{"event":type,"data":{…}}`); none after `wait`.
  [[nodiscard]] std::optional<json::object> next(std::chrono::milliseconds wait);
  void close();

private:
  std::string url_;
  std::string token_;
  int patience_s_;
  std::atomic<int> keys_{0};
  std::string key_prefix_;
  std::mutex mutex_;
  std::condition_variable wakeup_;
  std::deque<json::object> events_;
  bool follows_ = false; ///< with the mutex
  std::atomic<bool> closed_{false};
  std::thread follower_;
};

} // namespace troupe::demo
