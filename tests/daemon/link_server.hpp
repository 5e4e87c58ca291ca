#pragma once

#include "protocol/daemon_link.hpp"

#include <filesystem>
#include <functional>
#include <memory>

/// A server's end of the link for tests: a real WebSocket listener on loopback that keeps what it
/// took, sends what it is told, and can be made to fail.
namespace troupe::test {

class link_server {
public:
  struct options {
    std::string token = "trp_test";
    duration heartbeat{50};
    std::filesystem::path certificate; ///< PEM with key: speaks TLS
    unsigned seed = 1;
    /// Chance in percent that a connection is cut after a frame has come, before or after its
    /// acknowledgement.
    int cut_percent = 0;
    bool acknowledge = true;
  };
  explicit link_server(options o);
  link_server();
  ~link_server();

  [[nodiscard]] std::string url() const;
  [[nodiscard]] int port() const;

  /// Sends a numbered frame, again after each reconnect until the daemon took it.
  void send(link::frame_body body);
  /// Sends a frame without a number, now.
  void send_once(link::frame_body body);
  /// As after a restart: forgets its numbers and sends these open orders again under new ones.
  void restart(std::vector<link::frame_body> open);
  /// From now on the token is refused, and live links are cut.
  void revoke();
  void cut();
  void set_cut_percent(int percent);

  /// Reports in the order of their numbers, each once.
  [[nodiscard]] std::vector<link::frame_body> reports() const;
  template <class Report>
  [[nodiscard]] std::vector<Report> all() const {
    std::vector<Report> out;
    for (auto const& r : reports())
      if (auto const* x = std::get_if<Report>(&r))
        out.push_back(*x);
    return out;
  }
  [[nodiscard]] std::vector<link::hello> hellos() const;
  [[nodiscard]] std::vector<link::heartbeat> heartbeats() const;
  [[nodiscard]] std::vector<link::progress> progress() const;
  [[nodiscard]] std::size_t repeated() const; ///< reports that came again
  [[nodiscard]] std::size_t gaps() const;     ///< reports whose number was not the next
  [[nodiscard]] std::size_t links() const;    ///< connections so far
  [[nodiscard]] bool connected() const;
  [[nodiscard]] std::size_t unacknowledged() const; ///< frames that the daemon has not taken
  [[nodiscard]] std::string everything_received() const;

private:
  class machine;
  std::unique_ptr<machine> machine_;
};

} // namespace troupe::test
