#pragma once

// Precompiled for the files of this folder that speak Asio or Beast; parsing these headers is most
// of their compile time.
#include "net/edge_stream.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>

namespace troupe {

namespace asio = boost::asio;
namespace beast = boost::beast;

/// Awaits without throwing: `auto [ec, n] = co_await …(checked)`.
inline constexpr auto checked = asio::as_tuple(asio::use_awaitable);

} // namespace troupe
