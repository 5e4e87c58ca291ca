#include "gateway/http/admission.hpp"

#include "gateway/auth/session_cookie.hpp"
#include "gateway/auth/token.hpp"
#include "gateway/http/json_body.hpp"
#include "gateway/http/target.hpp"
#include "gateway/http/text.hpp"
#include "protocol/hex.hpp"
#include "protocol/redact.hpp"
#include "protocol/redact_json.hpp"
#include "protocol/trace.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <array>

namespace troupe {

namespace {

using refusal = std::optional<response>;

bool names_one_of(std::vector<std::string> const& list, std::string_view name) {
  return std::any_of(list.begin(), list.end(),
                     [name](std::string const& item) { return same_word(item, name); });
}

/// A page from elsewhere whose name was rebound to 127.0.0.1 still sends its own name here.
refusal check_host(request_head const& head, server_settings const& settings,
                   std::string_view path) {
  auto const count = head.headers.count("Host");
  if (count > 1 || (count == 0 && head.version >= 11))
    return problem(fail(errc::invalid_argument, "exactly one Host header is needed"), path);
  if (count == 0 || !head.loopback_bind)
    return {};
  auto const name = host_name(head.headers.get("Host"));
  if (loopback_name(name) || names_one_of(settings.allowed_hosts, name))
    return {};
  return problem(fail(errc::forbidden, "this server answers to localhost only; the Host header "
                                       "names another machine"),
                 path);
}

/// Browsers say from which page a write comes; a page of another site has no business here.
refusal check_origin(request_head const& head, server_settings const& settings, bool writes,
                     std::string_view path) {
  auto const origin = head.headers.get("Origin");
  if (!writes || !head.headers.has("Origin"))
    return {};
  auto const own =
      std::string{head.tls ? "https://" : "http://"} + std::string{head.headers.get("Host")};
  if (same_word(origin, own) || names_one_of(settings.allowed_origins, origin))
    return {};
  return problem(fail(errc::forbidden, "requests from pages of another origin are refused"), path);
}

std::optional<std::string_view> bearer(header_map const& headers) {
  auto const text = trim(headers.get("Authorization"));
  auto const space = text.find(' ');
  if (space == std::string_view::npos || !same_word(text.substr(0, space), "Bearer"))
    return std::nullopt;
  return trim(text.substr(space));
}

refusal check_token(request_head& head, route const& to, bool writes, token_checker* tokens,
                    query_map const& query, std::string_view path, principal_info& who) {
  for (auto const& [name, value] : query) {
    if (same_word(name, "access_token") || value.substr(0, 4) == "trp_")
      return problem(fail(errc::invalid_argument,
                          "a token in the address ends in logs; send it as `Authorization: Bearer`",
                          {{"field", name}}),
                     path);
  }
  if (!head.headers.has("Authorization")) {
    if (auto const cookie = cookie_token(head.headers); cookie && to.needs != role::none) {
      if (!from_own_page(head.headers, writes))
        return problem(fail(errc::forbidden, "a browser's session is good for the pages of this "
                                             "server only; programs send `Authorization: Bearer`"),
                       path);
      // Whoever looks at the token later, as a stream does, finds it where it always is.
      head.headers.set("Authorization", "Bearer " + std::string{*cookie});
    }
  }
  auto const token = bearer(head.headers);
  if (token && tokens != nullptr && well_formed_token(*token)) {
    if (auto found = tokens->check(*token))
      who = std::move(*found);
  }
  if (to.needs == role::none)
    return {};
  if (!who.known())
    return problem(fail(errc::unauthorized, token
                                                ? "the token is not valid, or was revoked"
                                                : "send a token as `Authorization: Bearer trp_…`"),
                   path);
  return {};
}

refusal check_role(route const& to, principal_info const& who, std::string_view path) {
  if (to.needs == role::none || covers(who, to.needs))
    return {};
  return problem(fail(errc::forbidden, "this needs the role " + std::string{to_string(to.needs)},
                      {{"role", to_string(to.needs)}}),
                 path);
}

bool json_type(std::string_view content_type) {
  auto const type = trim(content_type.substr(0, content_type.find(';')));
  if (!same_word(type, "application/json"))
    return false;
  auto const at = content_type.find("charset=");
  if (at == std::string_view::npos)
    return true;
  auto charset = trim(content_type.substr(at + 8));
  if (charset.size() > 1 && charset.front() == '"')
    charset = charset.substr(1, charset.size() - 2);
  return same_word(charset, "utf-8");
}

refusal check_body(request_head const& head, route const& to, std::string_view path) {
  if (head.headers.has("Content-Encoding") &&
      !same_word(head.headers.get("Content-Encoding"), "identity"))
    return problem(fail(errc::unsupported, "compressed bodies are not supported"), path);
  if (!head.has_body)
    return {};
  if (head.content_length && *head.content_length > to.body_limit)
    return problem(body_too_large(to), path);
  if (to.kind == route_kind::json && !json_type(head.headers.get("Content-Type")))
    return problem(fail(errc::unsupported, "send `Content-Type: application/json`"), path);
  return {};
}

refusal read_key(request_head const& head, std::string_view path, std::string& key) {
  auto const text = head.headers.get("Idempotency-Key");
  bool const visible =
      std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 127; });
  if (!visible || text.size() > 200 || (text.empty() && head.headers.has("Idempotency-Key")))
    return problem(fail(errc::invalid_argument,
                        "Idempotency-Key must be 1 to 200 visible ASCII characters",
                        {{"field", "Idempotency-Key"}}),
                   path);
  // It is kept as long as what was done with it: where it is a secret, by mistake, it may not be.
  key = find_secrets(text).empty() ? std::string{text} : hash_token(text);
  return {};
}

} // namespace

std::string trace_of(header_map const& headers) {
  auto const given = headers.get("traceparent");
  if (tracing::well_formed(given))
    return std::string{given};
  std::array<unsigned char, 24> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1)
    return {};
  return "00-" + hex_of(bytes.data(), 16) + '-' + hex_of(bytes.data() + 16, 8) + "-01";
}

error body_too_large(route const& to) {
  auto text = to.body_limit == 0
                  ? std::string{"this address takes no body"}
                  : "the body may have " + std::to_string(to.body_limit) + " bytes at most";
  if (!to.limit_hint.empty())
    text += "; " + to.limit_hint;
  return fail(errc::too_large, std::move(text), {{"limit_bytes", to.body_limit}});
}

std::string host_name(std::string_view header) {
  header = trim(header);
  std::string out;
  if (!header.empty() && header.front() == '[') {
    auto const close = header.find(']');
    if (close == std::string_view::npos)
      return {};
    out = header.substr(1, close - 1);
  } else {
    out = header.substr(0, header.find(':'));
  }
  for (auto& c : out) {
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c - 'A' + 'a');
  }
  if (!out.empty() && out.back() == '.')
    out.pop_back();
  return out;
}

bool loopback_name(std::string_view name) {
  constexpr std::string_view suffix = ".localhost";
  if (name == "localhost" || name == "::1")
    return true;
  if (name.size() > suffix.size() && name.substr(name.size() - suffix.size()) == suffix)
    return true; // RFC 6761, 6.3
  // Only digits and dots: `127.0.0.1.example.org` is somebody's name.
  return name.substr(0, 4) == "127." &&
         name.find_first_not_of("0123456789.") == std::string_view::npos;
}

std::variant<admitted, response> admit(request_head head, router const& routes,
                                       server_settings const& settings, token_checker* tokens,
                                       route const** matched) {
  auto target = parse_target(head.target);
  if (!target)
    return problem(target.error(), "/", head.target.size() > 8192 ? 414 : 400);
  auto const& path = target->path;
  if (auto no = check_host(head, settings, path))
    return std::move(*no);

  auto found = routes.find(head.method, target->segments);
  if (matched != nullptr)
    *matched = found.found;
  if (head.method == "OPTIONS" && (head.target == "*" || !found.allow.empty())) {
    auto out = empty_response(204);
    out.headers.set("Allow", found.allow.empty() ? "GET, HEAD, OPTIONS, POST" : found.allow);
    return out;
  }
  if (found.allow.empty())
    return problem(fail(errc::not_found, "there is nothing at " + path), path);
  if (found.found == nullptr) {
    auto out = problem(fail(errc::invalid_argument,
                            head.method + " is not possible here; allowed: " + found.allow),
                       path, 405);
    out.headers.set("Allow", found.allow);
    return out;
  }
  auto const& to = *found.found;
  // A page of another site must not open a socket with the cookie of this one.
  bool const upgrades = to.upgraded && head.headers.has("Upgrade");
  bool const writes = to.kind == route_kind::websocket || upgrades ||
                      (head.method != "GET" && head.method != "HEAD");
  if (auto no = check_origin(head, settings, writes, path))
    return std::move(*no);

  admitted out;
  if (auto no = check_token(head, to, writes, tokens, target->query, path, out.req.principal))
    return std::move(*no);
  if (auto no = check_role(to, out.req.principal, path)) {
    if (!upgrades || !to.refuse_upgraded)
      return std::move(*no);
    out.refused = std::move(no);
  }
  if (auto no = check_body(head, to, path))
    return std::move(*no);
  if (auto no = read_key(head, path, out.req.idempotency_key))
    return std::move(*no);

  out.to = &to;
  out.req.method = std::move(head.method);
  out.req.path = std::move(target->path);
  out.req.params = std::move(found.params);
  out.req.query = std::move(target->query);
  out.req.trace = trace_of(head.headers);
  out.req.headers = std::move(head.headers);
  out.req.loopback = head.loopback_peer;
  out.req.peer = std::move(head.peer);
  return out;
}

result<void> take_body(admitted& a, std::string body) {
  a.req.body = std::move(body);
  if (a.to->kind != route_kind::json || a.req.body.empty())
    return {};
  if (!valid_utf8(a.req.body))
    return fail(errc::invalid_argument, "the body is not UTF-8");
  auto parsed = parse_json_body(a.req.body);
  if (!parsed)
    return parsed.error();
  a.req.json = std::move(*parsed);
  a.redacted = redact_json(a.req.json);
  return {};
}

} // namespace troupe
