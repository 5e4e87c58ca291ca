#pragma once

#include "gateway/auth/token.hpp"
#include "gateway/http/server.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace troupe::test {

/// How long a test waits for something that must happen. Never how long it takes.
constexpr std::chrono::seconds patience{20};

/// An answer as it came over the socket.
struct raw_answer {
  int status = 0; ///< 0: the connection ended without one
  header_map headers;
  std::string body;
  [[nodiscard]] boost::json::object json() const;
};

/// A TCP connection that sends exactly the bytes it is given; no HTTP library in between.
class raw_connection {
public:
  explicit raw_connection(std::uint16_t port, int receive_buffer_bytes = 0);
  ~raw_connection();
  raw_connection(raw_connection const&) = delete;
  raw_connection& operator=(raw_connection const&) = delete;

  /// False: the peer closed meanwhile.
  bool send(std::string_view bytes);
  /// Reads one answer, by Content-Length, chunks or the end. `head_only` for HEAD.
  raw_answer answer(bool head_only = false);
  /// Reads until what came contains `text`; false: the end or the deadline came first.
  bool read_until(std::string_view text);
  /// Reads until the peer closes; false: it did not before the deadline.
  bool read_to_end();
  /// Exactly n bytes; fewer at the end.
  std::string take(std::size_t n);
  /// What was read and not taken.
  [[nodiscard]] std::string const& pending() const { return in_; }
  void drop() { in_.clear(); }
  void shutdown_write();
  void close();

private:
  bool fill();
  int fd_ = -1;
  std::string in_;
};

/// A WebSocket client of raw frames, so that it can send wrong ones.
class raw_socket {
public:
  raw_socket(std::uint16_t port, std::string const& path, std::string const& token = {},
             std::string const& more_headers = {});
  raw_answer const& handshake() const { return handshake_; }
  bool send(unsigned opcode, std::string_view payload, bool final = true, bool masked = true);
  bool text(std::string_view payload) { return send(1, payload); }
  struct frame {
    unsigned opcode = 0; ///< 0 with an empty payload: the connection ended
    std::string payload;
    [[nodiscard]] unsigned close_code() const;
  };
  frame read();
  /// The next frame that is neither ping nor pong.
  frame read_message();
  raw_connection& connection() { return connection_; }

private:
  raw_connection connection_;
  raw_answer handshake_;
};

/// Tokens of a test: one a role.
class fixed_tokens : public token_checker {
public:
  std::string add(std::string name, std::set<role> roles);
  std::optional<principal_info> check(std::string_view token) override;

private:
  std::map<std::string, principal_info> by_hash_;
};

/// Waits until something is so.
bool eventually(std::function<bool()> const& so);

/// A server with the routes of a test.
struct edge_lab {
  server_settings settings;
  router routes;
  std::shared_ptr<fixed_tokens> tokens = std::make_shared<fixed_tokens>();
  std::string viewer = tokens->add("human:vera", {role::viewer});
  std::string admin = tokens->add("human:ada", {role::admin});
  std::string daemon = tokens->add("daemon:d-1", {role::daemon});
  std::optional<http_server> server;

  void json(std::string method, std::string pattern, handler h, role needs = role::none,
            std::size_t limit = 64 * 1024);
  void raw(std::string method, std::string pattern, handler h, std::size_t limit = 1024 * 1024);
  void sse(std::string pattern, stream_handler h, role needs = role::none);
  void socket(std::string pattern, socket_handler h, role needs = role::none);
  /// Routes `GET /hello`, `POST /echo` (JSON) and `POST /raw`, then starts.
  void start();
  [[nodiscard]] std::uint16_t port() const { return server->port(); }
  /// Sends one request on a connection of its own.
  raw_answer ask(std::string const& request_bytes);
  /// Request line and usual headers; ends the head.
  static std::string get(std::string const& target, std::string const& headers = {});
  static std::string post(std::string const& target, std::string const& body,
                          std::string const& headers = {},
                          std::string const& type = "application/json");
};

/// A self-signed certificate for localhost and 127.0.0.1, in a folder that goes with it.
struct certificate_files {
  certificate_files();
  ~certificate_files();
  std::string folder, certificate, key;
};

} // namespace troupe::test
