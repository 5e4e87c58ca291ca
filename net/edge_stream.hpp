#pragma once

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream_base.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/core/role.hpp>
#include <boost/beast/core/tcp_stream.hpp>

#include <array>
#include <memory>
#include <utility>

namespace troupe {

/// The first buffers of any sequence, in one type for all of them.
template <class Buffer>
class few_buffers {
public:
  using value_type = Buffer;
  using const_iterator = Buffer const*;

  template <class Sequence>
  explicit few_buffers(Sequence const& all) {
    for (auto const one : boost::beast::buffers_range_ref(all)) {
      if (size_ == all_.size())
        break;
      if (one.size() > 0)
        all_[size_++] = one;
    }
  }
  [[nodiscard]] const_iterator begin() const { return all_.data(); }
  [[nodiscard]] const_iterator end() const { return all_.data() + size_; }
  [[nodiscard]] std::size_t size() const { return size_; }

private:
  std::array<Buffer, 8> all_;
  std::size_t size_ = 0;
};

/// Whoever waits for a step of a stream, in one type for all of them. It is called on its own
/// executor; its allocator and its cancellation slot are not passed on.
class step_handler {
public:
  using executor_type = boost::asio::any_io_executor;

  template <class F>
  step_handler(F f, executor_type const& otherwise)
      : executor_(boost::asio::get_associated_executor(f, otherwise)),
        f_(std::make_unique<holder<F>>(std::move(f))) {}

  void operator()(boost::system::error_code ec, std::size_t n = 0) {
    std::exchange(f_, nullptr)->call(ec, n);
  }
  [[nodiscard]] executor_type get_executor() const noexcept { return executor_; }

private:
  struct base {
    base() = default;
    virtual ~base() = default;
    base(base const&) = delete;
    base& operator=(base const&) = delete;
    virtual void call(boost::system::error_code ec, std::size_t n) = 0;
  };
  template <class F>
  struct holder final : base {
    explicit holder(F g) : f(std::move(g)) {}
    void call(boost::system::error_code ec, std::size_t n) override { f(ec, n); }
    F f;
  };

  executor_type executor_;
  std::unique_ptr<base> f_;
};

/// A TCP stream with deadlines that may speak TLS. One type for both, and what lies below it is
/// compiled once, in edge_stream.cpp: HTTP and WebSocket on top of it, in the server, the client
/// and the daemon, each cost seconds to compile without.
class edge_stream {
public:
  using executor_type = boost::beast::tcp_stream::executor_type;
  using next_layer_type = boost::beast::tcp_stream;

  explicit edge_stream(boost::asio::ip::tcp::socket socket);
  explicit edge_stream(executor_type const& executor);
  explicit edge_stream(boost::asio::io_context& io);
  edge_stream(edge_stream const&) = delete;
  edge_stream& operator=(edge_stream const&) = delete;
  ~edge_stream();

  /// From here on bytes go through TLS, after the handshake.
  void use_tls(boost::asio::ssl::context& context);
  /// The same, towards a server whose certificate must be for this host; false: no usable name.
  [[nodiscard]] bool use_tls(boost::asio::ssl::context& context, std::string const& host);
  [[nodiscard]] bool secure() const { return tls_ != nullptr; }

  boost::beast::tcp_stream& next_layer() { return tcp_; }
  boost::beast::tcp_stream const& next_layer() const { return tcp_; }
  executor_type get_executor() noexcept { return tcp_.get_executor(); }

  /// Connects to the first of these that answers.
  template <class Token>
  auto async_connect(boost::asio::ip::tcp::resolver::results_type found, Token&& token) {
    return initiate([this, found = std::move(found)](
                        step_handler done) { start_connect(found, std::move(done)); },
                    token);
  }
  template <class Token>
  auto async_handshake(boost::asio::ssl::stream_base::handshake_type side, Token&& token) {
    return initiate([this, side](step_handler done) { start_handshake(side, std::move(done)); },
                    token);
  }
  /// Says goodbye in TLS.
  template <class Token>
  auto async_shutdown(Token&& token) {
    return initiate([this](step_handler done) { start_shutdown(std::move(done)); }, token);
  }

  template <class Buffers, class Token>
  auto async_read_some(Buffers const& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(
        [this](auto done, few_buffers<boost::asio::mutable_buffer> const& into) {
          start_read(into, {std::move(done), get_executor()});
        },
        token, few_buffers<boost::asio::mutable_buffer>{buffers});
  }
  template <class Buffers, class Token>
  auto async_write_some(Buffers const& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(
        [this](auto done, few_buffers<boost::asio::const_buffer> const& from) {
          start_write(from, {std::move(done), get_executor()});
        },
        token, few_buffers<boost::asio::const_buffer>{buffers});
  }

private:
  struct tls_layer;

  template <class Start, class Token>
  auto initiate(Start start, Token& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code)>(
        [this, start = std::move(start)](auto done) {
          auto const executor = boost::asio::get_associated_executor(done, get_executor());
          start({[done = std::move(done)](boost::system::error_code ec, std::size_t) mutable {
                   done(ec);
                 },
                 executor});
        },
        token);
  }
  void start_connect(boost::asio::ip::tcp::resolver::results_type const& found, step_handler done);
  void start_handshake(boost::asio::ssl::stream_base::handshake_type side, step_handler done);
  void start_shutdown(step_handler done);
  void start_read(few_buffers<boost::asio::mutable_buffer> const& into, step_handler done);
  void start_write(few_buffers<boost::asio::const_buffer> const& from, step_handler done);

  boost::beast::tcp_stream tcp_;
  std::unique_ptr<tls_layer> tls_;
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
