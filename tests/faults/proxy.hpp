#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>

namespace troupe::faults {

/// A TCP proxy on the loopback interface that stands between the server and its database and does
/// to the connection what networks do. Everything takes effect at once, also on open connections.
class proxy {
public:
  /// Listens on a free port; connects to this one.
  explicit proxy(int to_port);
  ~proxy();
  proxy(proxy const&) = delete;
  proxy& operator=(proxy const&) = delete;

  [[nodiscard]] int port() const { return port_; }

  /// Of the next `times` requests to PostgreSQL that store a batch the reply is swallowed when it
  /// is complete (the commit is done), and the connection closed: the outcome is unknown. They are
  /// told by the statement that they execute, because what is stored is compressed.
  void eat_reply(int times = 1);
  /// Replies swallowed since the start.
  [[nodiscard]] int eaten() const { return eaten_; }
  /// Each piece of data waits so long, in both directions.
  void delay(std::chrono::milliseconds by) { delay_ms_ = by.count(); }
  /// So many of a thousand pieces of data close their connection in place of being passed on.
  void break_some(int per_mille) { per_mille_ = per_mille; }
  [[nodiscard]] int broken() const { return broken_; }
  /// One way: requests come through, replies are dropped.
  void mute(bool on) { mute_ = on; }
  /// Closes all connections, and accepts none until `pass` is called.
  void cut();
  /// Back to a wire.
  void pass();

private:
  struct engine;
  friend struct engine;
  std::atomic<int> eaten_{0};
  std::atomic<int> broken_{0};
  std::atomic<std::int64_t> delay_ms_{0};
  std::atomic<int> per_mille_{0};
  std::atomic<bool> mute_{false};
  std::atomic<bool> cut_{false};
  int port_ = 0;
  std::unique_ptr<engine> engine_;
  std::thread thread_;
};

} // namespace troupe::faults
