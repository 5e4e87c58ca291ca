#pragma once

#include "gateway/http/message.hpp"

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace troupe {

/// What a route takes and gives.
enum class route_kind {
  json, ///< a body, if any, is `application/json` and arrives parsed
  raw,  ///< a body of any type arrives as bytes
  sse,
  websocket,
};

/// One row of the table of routes.
struct route {
  std::string method;
  /// `/api/tickets/{id}`; a last segment `{rest*}` takes all that is left, slashes included.
  std::string pattern;
  role needs = role::viewer;
  std::size_t body_limit = 256 * 1024; ///< bytes; 0: no body at all
  std::string limit_hint;              ///< what to do about a body that is too large
  route_kind kind = route_kind::json;
  /// Matches `kind`: `handler` for json and raw, else the handler of a stream or a socket.
  std::variant<handler, stream_handler, socket_handler> handle;
  /// Of a stream that may be had as a WebSocket as well: for a request that asks for one.
  socket_handler upgraded;
  /// Beside `upgraded`: tells such a request, whose sender is known, why it gets nothing. A browser
  /// is shown neither status nor body of a handshake that is refused.
  std::function<void(response const& why, std::shared_ptr<web_socket> const&)> refuse_upgraded;
  /// How long an answer may take; zero: the server's setting.
  std::chrono::milliseconds reply_deadline{0};
  /// Not counted against the limit of requests in flight: health must answer under load.
  bool unlimited = false;
};

/// Finds the route of a request. A literal segment is preferred to a parameter, from the left.
class router {
public:
  /// Throws std::logic_error for a bad pattern, a pattern twice, or a handler of the wrong kind:
  /// the table is code, so this is a bug found at start.
  void add(route r);

  struct match {
    route const* found = nullptr; ///< null: no such path, or not with that method
    std::map<std::string, std::string> params;
    std::string allow; ///< methods of the path, for 405 and OPTIONS; empty: no such path
  };
  /// HEAD is answered by a GET route of JSON or raw kind; OPTIONS is never a route of its own.
  [[nodiscard]] match find(std::string_view method, std::vector<std::string> const& segments) const;

  [[nodiscard]] std::vector<route> const& rows() const { return rows_; }

private:
  std::vector<route> rows_;
  std::vector<std::vector<std::string>> patterns_; ///< segments of the row of the same index
};

} // namespace troupe
