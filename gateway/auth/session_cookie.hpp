#pragma once

#include "gateway/http/message.hpp"

#include <optional>
#include <string>
#include <string_view>

/// How a browser carries its token: in a cookie that no script can read and that no other site's
/// page can send. Its end and its revocation are the token's own.
namespace troupe {

/// The token in the cookie of this server; empty if there is none.
[[nodiscard]] std::optional<std::string_view> cookie_token(header_map const& headers);

/// The `Set-Cookie` that gives a browser its token; an empty token takes it away.
[[nodiscard]] std::string session_cookie(header_map const& headers, std::string_view token);

/// Whether a request that carries the cookie was made by a page of this server. A browser sends the
/// cookie to every port of a host (cookies know no ports), so SameSite alone is not enough. A
/// request that writes must say where it comes from; `Origin` itself was compared before.
[[nodiscard]] bool from_own_page(header_map const& headers, bool writes);

} // namespace troupe
