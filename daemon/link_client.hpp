#pragma once

#include "daemon/spool.hpp"

/// The daemon's end of the link: one outbound WebSocket, kept up for ever.
namespace troupe::local {

struct link_settings {
  identity who;
  std::int32_t slots = 1;
  std::vector<link::runner_info> runners;
  std::vector<std::string> repositories;
  std::filesystem::path ca_file; ///< further trusted certificates (PEM); empty: the system's alone
  duration first_backoff{200};
  duration last_backoff{std::chrono::seconds{10}};
  duration connect_timeout{std::chrono::seconds{10}};
};

/// What the link asks of the daemon; called on the link's thread, must not block.
struct link_events {
  /// A new order; it is durable in the spool and will not come again.
  std::function<void(link::order)> order;
  std::function<void(link::stop)> stop;
  std::function<void(link::answer)> answer;
  std::function<void(link::release)> release;
  std::function<void(bool up)> connected; ///< may be empty
  std::function<std::vector<link::held>()> held;
  std::function<std::int32_t()> free_slots;
};

/// How `run` ended.
enum class link_end {
  stopped,
  unauthorized, ///< the server does not know the token (any more)
};

/// Connects, greets, sends what the spool holds, takes over what comes, and connects again after
/// every failure, with jittered exponential backoff. A report leaves the spool only when the server
/// has acknowledged it; a frame of the server is acknowledged only when the spool has it.
class link_client {
public:
  link_client(link_settings settings, spool& reports, link_events events);
  ~link_client();
  link_client(link_client const&) = delete;
  link_client& operator=(link_client const&) = delete;

  /// Blocks until `stop`, or until the server refuses the token twice in a row.
  [[nodiscard]] link_end run();
  /// Thread-safe.
  void stop();
  /// The spool has something new. Thread-safe.
  void notify();
  /// Sends a frame that may be lost (progress); dropped when there is no link or too much waits.
  /// Thread-safe.
  void send_lossy(link::frame_body body);

private:
  class machine;
  std::unique_ptr<machine> machine_;
};

/// Parts of a server's address. `http` and `ws` are plain, `https` and `wss` are TLS.
struct server_address {
  bool tls = false;
  std::string host;
  std::string port;
  std::string base; ///< path in front of `/api`, without a slash at its end
};
/// invalid_argument with what is wrong.
[[nodiscard]] result<server_address> parse_server(std::string_view url);

/// Trades a short-lived code for an identity: `POST /api/daemons/enroll`. Errors: unauthorized (the
/// code is wrong, used or expired), unavailable (no server there), and what the server says.
[[nodiscard]] result<identity> enroll(std::string const& server, std::string const& code,
                                      std::string const& name,
                                      std::vector<link::runner_info> const& runners,
                                      std::filesystem::path const& ca_file = {});

} // namespace troupe::local
