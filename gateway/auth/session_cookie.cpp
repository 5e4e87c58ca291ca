#include "gateway/auth/session_cookie.hpp"

#include "gateway/http/text.hpp"

namespace troupe {

namespace {

constexpr std::string_view one_week = "604800";

/// Two servers on one machine differ in the port only, which a cookie does not know.
std::string cookie_name(header_map const& headers) {
  auto const host = trim(headers.get("Host"));
  auto const colon = host.rfind(':');
  auto const bracket = host.rfind(']');
  std::string out = "troupe_session";
  if (colon == std::string_view::npos ||
      (bracket != std::string_view::npos && colon < bracket)) // an IPv6 address without a port
    return out;
  auto const port = host.substr(colon + 1);
  if (port.empty() || port.find_first_not_of("0123456789") != std::string_view::npos)
    return out;
  return out + '_' + std::string{port};
}

} // namespace

std::optional<std::string_view> cookie_token(header_map const& headers) {
  auto const wanted = cookie_name(headers);
  for (auto const& [name, value] : headers) {
    if (!same_word(name, "Cookie"))
      continue;
    std::string_view rest{value};
    while (!rest.empty()) {
      auto const end = std::min(rest.find(';'), rest.size());
      auto const pair = trim(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
      if (auto const equals = pair.find('=');
          equals != std::string_view::npos && pair.substr(0, equals) == wanted)
        return pair.substr(equals + 1);
    }
  }
  return std::nullopt;
}

std::string session_cookie(header_map const& headers, std::string_view token) {
  std::string out =
      cookie_name(headers) + '=' + std::string{token} +
      "; Path=/; HttpOnly; SameSite=Strict; Max-Age=" + std::string{token.empty() ? "0" : one_week};
  // Where the page came over TLS, also from a proxy in front, the cookie goes over nothing else.
  if (headers.get("Origin").starts_with("https://"))
    out += "; Secure";
  return out;
}

bool from_own_page(header_map const& headers, bool writes) {
  auto const site = headers.get("Sec-Fetch-Site");
  if (!site.empty() && !same_word(site, "same-origin") && !same_word(site, "none"))
    return false;
  return !writes || headers.has("Origin");
}

} // namespace troupe
