#pragma once

// The parts of Asio and Beast that the link and the enrolment use; nothing else includes them.
#include "daemon/link_client.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <boost/beast/websocket/stream.hpp>

namespace troupe::local {

namespace asio = boost::asio;
namespace beast = boost::beast;

/// Awaits without throwing: `auto [ec, n] = co_await …(checked)`.
inline constexpr auto checked = asio::as_tuple(asio::use_awaitable);

using plain_stream = beast::tcp_stream;
using tls_stream = beast::ssl_stream<beast::tcp_stream>;

/// A context that verifies the server; throws boost::system::system_error for an unusable file.
[[nodiscard]] asio::ssl::context tls_context(std::filesystem::path const& ca_file);
/// Name indication and name check; false if the name cannot be used.
[[nodiscard]] bool expect_host(tls_stream& stream, std::string const& host);

} // namespace troupe::local
