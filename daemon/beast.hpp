#pragma once

// The parts of Asio and Beast that the link and the enrolment use; nothing else includes them.
#include "daemon/link_client.hpp"
#include "net/edge_stream.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace troupe::local {

namespace asio = boost::asio;
namespace beast = boost::beast;

/// Awaits without throwing: `auto [ec, n] = co_await …(checked)`.
inline constexpr auto checked = asio::as_tuple(asio::use_awaitable);

/// A context that verifies the server; throws boost::system::system_error for an unusable file.
[[nodiscard]] asio::ssl::context tls_context(std::filesystem::path const& ca_file);

} // namespace troupe::local
