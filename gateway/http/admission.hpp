#pragma once

#include "gateway/http/message.hpp"
#include "gateway/http/router.hpp"
#include "gateway/http/server_settings.hpp"

#include <optional>
#include <variant>

namespace troupe {

/// A request's head as it was read, before any check.
struct request_head {
  std::string method;
  std::string target;
  int version = 11; ///< 10 or 11
  header_map headers;
  bool loopback_peer = false;
  std::string peer; ///< its address
  bool tls = false;
  bool loopback_bind = true; ///< the server listens on a loopback address
  bool has_body = false;
  std::optional<std::uint64_t> content_length; ///< empty for a chunked body
};

/// A request that may be read on: everything but the body.
struct admitted {
  route const* to = nullptr;
  request req;
  std::size_t redacted = 0; ///< strings of the body
  /// Of one that asks for a WebSocket: it is told there why it gets nothing.
  std::optional<response> refused;
};

/// Decides on a head alone, before a byte of the body is read: target, Host and Origin, route,
/// token and role, size and type of the body. The answer to whoever may not go on is complete.
/// Order of the checks: what a stranger learns first is the least.
/// `matched`, where given: the route that was asked for, also where it is refused.
[[nodiscard]] std::variant<admitted, response> admit(request_head head, router const& routes,
                                                     server_settings const& settings,
                                                     token_checker* tokens,
                                                     route const** matched = nullptr);

/// The caller's `traceparent`, or a new one.
[[nodiscard]] std::string trace_of(header_map const& headers);

/// Takes the body of an admitted request: parses it where the route wants JSON, and redacts its
/// strings. No handler sees a secret there, so none can end up in a command, a hash or a log.
[[nodiscard]] result<void> take_body(admitted& a, std::string body);

/// The refusal of a body larger than its route takes, with the limit and what to do.
[[nodiscard]] error body_too_large(route const& to);

/// Host part of a `Host` header, lower case, without port and brackets; empty if it is malformed.
[[nodiscard]] std::string host_name(std::string_view host_header);
/// Whether a name or address can only mean this machine.
[[nodiscard]] bool loopback_name(std::string_view name);

} // namespace troupe
