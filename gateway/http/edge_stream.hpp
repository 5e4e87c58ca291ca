#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/core/role.hpp>
#include <boost/beast/core/tcp_stream.hpp>

#include <optional>
#include <utility>

namespace troupe {

/// A TCP stream with deadlines that may speak TLS. One type for both, so that everything built on
/// it (HTTP, WebSocket, server, client) is compiled once and not twice.
class edge_stream {
public:
  using executor_type = boost::beast::tcp_stream::executor_type;
  using next_layer_type = boost::beast::tcp_stream;

  explicit edge_stream(boost::asio::ip::tcp::socket socket) : tcp_(std::move(socket)) {}
  explicit edge_stream(executor_type const& executor) : tcp_(executor) {}

  /// From here on bytes go through TLS; the handshake is the caller's, on `tls()`.
  void use_tls(boost::asio::ssl::context& context) { tls_.emplace(tcp_, context); }
  [[nodiscard]] bool secure() const { return tls_.has_value(); }
  boost::asio::ssl::stream<boost::beast::tcp_stream&>& tls() { return *tls_; }

  boost::beast::tcp_stream& next_layer() { return tcp_; }
  boost::beast::tcp_stream const& next_layer() const { return tcp_; }
  executor_type get_executor() noexcept { return tcp_.get_executor(); }

  template <class Buffers, class Token>
  auto async_read_some(Buffers const& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(
        [this](auto done, Buffers const& into) {
          if (tls_)
            tls_->async_read_some(into, std::move(done));
          else
            tcp_.async_read_some(into, std::move(done));
        },
        token, buffers);
  }

  template <class Buffers, class Token>
  auto async_write_some(Buffers const& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(
        [this](auto done, Buffers const& from) {
          if (tls_)
            tls_->async_write_some(from, std::move(done));
          else
            tcp_.async_write_some(from, std::move(done));
        },
        token, buffers);
  }

private:
  boost::beast::tcp_stream tcp_;
  std::optional<boost::asio::ssl::stream<boost::beast::tcp_stream&>> tls_;
};

/// Found by Beast when a WebSocket on this stream ends. Beast's own waits for the peer to close,
/// for as long as it likes; here only our side ends, and the owner waits with its own deadline.
template <class Handler>
void async_teardown(boost::beast::role_type, edge_stream& stream, Handler&& done) {
  boost::system::error_code ignored;
  stream.next_layer().socket().shutdown(boost::asio::ip::tcp::socket::shutdown_send, ignored);
  boost::asio::post(
      stream.get_executor(),
      boost::beast::bind_front_handler(std::forward<Handler>(done), boost::system::error_code{}));
}

} // namespace troupe
