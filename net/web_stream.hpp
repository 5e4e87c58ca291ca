#pragma once

#include "net/edge_stream.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include <chrono>
#include <map>
#include <memory>
#include <string>

namespace troupe {

/// Bounds of a WebSocket; zero: none (16 MiB of a message).
struct web_limits {
  std::chrono::milliseconds handshake{0};
  std::chrono::milliseconds idle{0}; ///< half of it without a byte: a ping; all of it: the end
  std::size_t message_bytes = 0;
};

/// How the peer ended a WebSocket.
struct web_close {
  std::uint16_t code = 0;
  std::string reason;
};

/// A WebSocket of text messages on a stream, which must live longer (RFC 6455). Beast's own is a
/// template that costs half a minute wherever it is used; it is used in web_stream.cpp alone.
/// One read and one write (or close) at a time; each answers how it went.
class web_stream {
public:
  web_stream(edge_stream& below, web_limits const& limits);
  ~web_stream();
  web_stream(web_stream const&) = delete;
  web_stream& operator=(web_stream const&) = delete;

  using request = boost::beast::http::request<boost::beast::http::string_body>;
  using step = boost::asio::awaitable<boost::system::error_code>;

  /// As the server.
  [[nodiscard]] step accept(request const& r);
  /// As the client, with these headers; `status` is that of the answer, 0 without one.
  [[nodiscard]] step connect(std::string host, std::string target,
                             std::map<std::string, std::string> headers, int& status);
  /// The next message. One that is too large is `message_too_big`, and read on and forgotten after
  /// that: who asked for it says so before it closes.
  [[nodiscard]] step read(std::string& message);
  [[nodiscard]] bool got_binary() const;
  /// The text must stay until it is sent.
  [[nodiscard]] step write(std::string const& text);
  [[nodiscard]] step close(std::uint16_t code, std::string reason = {});
  /// What the peer's close frame said, after a read that ended with `websocket::error::closed`.
  [[nodiscard]] web_close closed() const;

private:
  struct layer;
  std::unique_ptr<layer> layer_;
};

} // namespace troupe
