#include "net/edge_stream.hpp"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <algorithm>
#include <vector>

namespace troupe {

namespace asio = boost::asio;
namespace ssl = boost::asio::ssl;
using boost::system::error_code;

namespace {

/// What one record of TLS holds.
constexpr std::size_t record_bytes = 16 * 1024;

} // namespace

struct edge_stream::tls_layer {
  tls_layer(boost::beast::tcp_stream& tcp, ssl::context& context) : stream(tcp, context) {}

  ssl::stream<boost::beast::tcp_stream&> stream;
  std::vector<char> record; ///< several buffers as one
};

edge_stream::edge_stream(asio::ip::tcp::socket socket) : tcp_(std::move(socket)) {}
edge_stream::edge_stream(executor_type const& executor) : tcp_(executor) {}
edge_stream::edge_stream(asio::io_context& io) : tcp_(io) {}
edge_stream::~edge_stream() = default;

void edge_stream::use_tls(ssl::context& context) {
  tls_ = std::make_unique<tls_layer>(tcp_, context);
}

bool edge_stream::use_tls(ssl::context& context, std::string const& host) {
  use_tls(context);
  tls_->stream.set_verify_callback(ssl::host_name_verification{host});
  return SSL_set_tlsext_host_name(tls_->stream.native_handle(), host.c_str()) == 1;
}

void edge_stream::start_connect(asio::ip::tcp::resolver::results_type const& found,
                                step_handler done) {
  auto const executor = done.get_executor();
  tcp_.async_connect(
      found, asio::bind_executor(executor, [done = std::move(done)](
                                               error_code ec, auto const&) mutable { done(ec); }));
}

void edge_stream::start_handshake(ssl::stream_base::handshake_type side, step_handler done) {
  tls_->stream.async_handshake(side, std::move(done));
}

void edge_stream::start_shutdown(step_handler done) {
  tls_->stream.async_shutdown(std::move(done));
}

void edge_stream::start_read(few_buffers<asio::mutable_buffer> const& into, step_handler done) {
  if (tls_)
    tls_->stream.async_read_some(into, std::move(done));
  else
    tcp_.async_read_some(into, std::move(done));
}

void edge_stream::start_write(few_buffers<asio::const_buffer> const& from, step_handler done) {
  if (!tls_) {
    tcp_.async_write_some(from, std::move(done));
    return;
  }
  asio::const_buffer one;
  if (from.size() == 1) {
    one = *from.begin();
  } else {
    // TLS would make a record, and a packet, of the first buffer alone.
    auto& record = tls_->record;
    record.resize(std::min(asio::buffer_size(from), record_bytes));
    one = asio::buffer(record.data(), asio::buffer_copy(asio::buffer(record), from));
  }
  tls_->stream.async_write_some(one, std::move(done));
}

} // namespace troupe
