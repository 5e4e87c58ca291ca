#pragma once

#include "protocol/daemon_link.hpp"
#include "tests/sim/context.hpp"

#include <deque>

namespace troupe::sim {

/// One connection between a daemon and a server: frames take their time, and in a bad network some
/// are lost, come twice or out of order, which the numbers of both ends must bear.
class wire : public std::enable_shared_from_this<wire> {
public:
  struct end {
    std::function<void(link::link_frame)> received;
    std::function<void()> closed;
  };
  explicit wire(context& c) : c_(c) {}

  end server;
  end daemon;
  [[nodiscard]] bool open() const { return open_; }
  void to_server(link::link_frame f) { send(std::move(f), true); }
  void to_daemon(link::link_frame f) { send(std::move(f), false); }
  /// Both ends hear of it after a while; what is under way is lost.
  void close();
  /// One end is dead: only the other one hears.
  void server_died() {
    server = {};
    close();
  }
  void daemon_died() {
    daemon = {};
    close();
  }

private:
  void send(link::link_frame f, bool up);
  void deliver(link::link_frame f, bool up, duration at);

  context& c_;
  bool open_ = true;
  duration last_up_{0};
  duration last_down_{0};
};

} // namespace troupe::sim
