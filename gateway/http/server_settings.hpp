#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace troupe {

/// Where and how the server listens, and its bounds. Every queue and wait has one.
struct server_settings {
  std::string address = "127.0.0.1"; ///< an IP address or `localhost`
  std::uint16_t port = 0;            ///< 0: any free one; ask `http_server::port`
  unsigned threads = 2;              ///< I/O threads; they never wait for an answer
  std::string tls_certificate;       ///< PEM chain; with `tls_key` the server speaks TLS 1.2 or 1.3
  std::string tls_key;               ///< PEM
  bool allow_plain = false;          ///< plain HTTP on an address that others can reach

  /// Names besides loopback ones that `Host` may hold while the address is a loopback one.
  std::vector<std::string> allowed_hosts;
  /// Origins (`https://host[:port]`) besides the server's own whose pages may write.
  std::vector<std::string> allowed_origins;

  std::size_t header_bytes = 16 * 1024;
  std::size_t max_connections = 4096;
  std::size_t max_in_flight = 256; ///< requests being answered; more: 429
  std::size_t max_streams = 2048;  ///< SSE and WebSocket together; more: 429

  std::chrono::milliseconds header_deadline = std::chrono::seconds{10}; ///< also TLS handshake
  std::chrono::milliseconds body_deadline = std::chrono::seconds{30};
  std::chrono::milliseconds idle_deadline = std::chrono::seconds{60}; ///< between two requests
  std::chrono::milliseconds reply_deadline = std::chrono::seconds{30};
  std::chrono::milliseconds write_deadline = std::chrono::seconds{30}; ///< for each 256 KiB

  std::size_t stream_queue_items = 1024; ///< events or messages waiting for one reader
  std::size_t stream_queue_bytes = 4 * 1024 * 1024;
  /// The same of all readers together: above it the one furthest behind is ended.
  std::size_t stream_queues_bytes = 256 * 1024 * 1024;
  /// Kernel send buffer of a stream, in bytes: without a bound, 500 slow readers would hold
  /// gigabytes there. 0: the system's default.
  int stream_socket_buffer_bytes = 128 * 1024;
  std::chrono::milliseconds keep_alive_interval = std::chrono::seconds{15}; ///< SSE comments
  /// WebSocket: a ping after half of it without traffic, the end after all of it.
  std::chrono::milliseconds socket_idle_deadline = std::chrono::seconds{40};
  std::size_t socket_message_bytes = 1024 * 1024;
};

} // namespace troupe
