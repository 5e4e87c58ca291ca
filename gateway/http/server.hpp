#pragma once

#include "gateway/http/request_counts.hpp"
#include "gateway/http/router.hpp"
#include "gateway/http/server_settings.hpp"

#include <chrono>
#include <memory>

namespace troupe {

/// The HTTP server: listener, I/O threads and sessions. Handlers run on its threads and must not
/// wait; replies and streams may be used from any thread, also after the server is gone.
class http_server {
public:
  /// Without a checker, no token is valid and only routes that need none can be reached.
  http_server(server_settings settings, router routes,
              std::shared_ptr<token_checker> tokens = nullptr);
  /// For a server that takes its address before there is anything to serve; see `bind`.
  explicit http_server(server_settings settings);
  ~http_server(); ///< stops at once
  http_server(http_server const&) = delete;
  http_server& operator=(http_server const&) = delete;

  /// Takes the address, so that nobody else can have it; who connects waits until `start`.
  /// Errors: invalid_argument (bad address; unreadable certificate or key; an address that others
  /// can reach without TLS), conflict (the address is in use), unavailable (any other refusal of
  /// the system).
  [[nodiscard]] result<void> bind();
  /// Begins to accept, and binds first where that was not done. Errors: those of `bind`.
  [[nodiscard]] result<void> start();
  /// The same with these routes.
  [[nodiscard]] result<void> start(router routes, std::shared_ptr<token_checker> tokens);
  /// The port that is listened on; 0 before `bind`.
  [[nodiscard]] std::uint16_t port() const;
  /// `http://127.0.0.1:7717`; empty before `bind`.
  [[nodiscard]] std::string url() const;

  /// Stops accepting, tells streams that the server goes, lets requests in flight finish until the
  /// deadline, then cuts what is left. Not from an I/O thread. A second call does nothing.
  void stop(std::chrono::milliseconds deadline);

  struct load {
    std::size_t connections = 0;
    std::size_t in_flight = 0;
    std::size_t streams = 0;
    std::size_t stream_bytes = 0;   ///< that wait for readers of streams
    std::uint64_t streams_shed = 0; ///< ended because all of them together held too much
  };
  [[nodiscard]] load now() const;
  [[nodiscard]] server_settings const& settings() const;
  /// What was answered since the start; null before it.
  [[nodiscard]] request_counts const* seen() const;

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace troupe
