#include "net/web_stream.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>

namespace troupe {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = boost::beast::websocket;

namespace {

constexpr auto checked = asio::as_tuple(asio::use_awaitable);

} // namespace

struct web_stream::layer {
  explicit layer(edge_stream& below) : ws(below) {}

  websocket::stream<edge_stream&, false> ws;
  beast::flat_buffer in;
  std::size_t most = 16 * 1024 * 1024; ///< bytes of a message
};

web_stream::web_stream(edge_stream& below, web_limits const& limits)
    : layer_(std::make_unique<layer>(below)) {
  auto& ws = layer_->ws;
  websocket::stream_base::timeout times{websocket::stream_base::none(),
                                        websocket::stream_base::none(), false};
  if (limits.handshake.count() > 0)
    times.handshake_timeout = limits.handshake;
  if (limits.idle.count() > 0) {
    times.idle_timeout = limits.idle;
    times.keep_alive_pings = true;
  }
  ws.set_option(times);
  if (limits.message_bytes > 0)
    layer_->most = limits.message_bytes;
  ws.read_message_max(0); // Beast would close at once, with nothing said before
  ws.auto_fragment(false);
  ws.text(true);
}

web_stream::~web_stream() = default;

web_stream::step web_stream::accept(request const& r) {
  auto [ec] = co_await layer_->ws.async_accept(r, checked);
  co_return ec;
}

web_stream::step web_stream::connect(std::string host, std::string target,
                                     std::map<std::string, std::string> headers, int& status) {
  layer_->ws.set_option(websocket::stream_base::decorator([&](websocket::request_type& r) {
    for (auto const& [name, value] : headers)
      r.set(name, value);
  }));
  websocket::response_type answer;
  answer.result(0U);
  auto [ec] = co_await layer_->ws.async_handshake(answer, host, target, checked);
  status = static_cast<int>(answer.result_int());
  co_return ec;
}

web_stream::step web_stream::read(std::string& message) {
  auto& in = layer_->in;
  in.clear();
  message.clear();
  do {
    auto [ec, n] = co_await layer_->ws.async_read_some(in, 0, checked);
    (void)n;
    if (ec)
      co_return ec;
    if (in.size() > layer_->most)
      co_return websocket::error::message_too_big;
  } while (!layer_->ws.is_message_done());
  message = beast::buffers_to_string(in.cdata());
  co_return boost::system::error_code{};
}

bool web_stream::got_binary() const {
  return layer_->ws.got_binary();
}

web_stream::step web_stream::write(std::string const& text) {
  auto [ec, n] = co_await layer_->ws.async_write(asio::buffer(text), checked);
  (void)n;
  co_return ec;
}

web_stream::step web_stream::close(std::uint16_t code, std::string reason) {
  websocket::close_reason const why{static_cast<websocket::close_code>(code),
                                    beast::string_view{reason}};
  auto [ec] = co_await layer_->ws.async_close(why, checked);
  co_return ec;
}

web_close web_stream::closed() const {
  auto const& why = layer_->ws.reason();
  return {why.code, std::string{why.reason.data(), why.reason.size()}};
}

} // namespace troupe
