#include "gateway/routes/dashboard.hpp"

#include "gateway/auth/address_limit.hpp"
#include "gateway/auth/session_cookie.hpp"
#include "gateway/auth/sign_in_codes.hpp"
#include "gateway/auth/token.hpp"
#include "gateway/http/text.hpp"
#include "gateway/routes/table.hpp"

#include <algorithm>

namespace troupe {

namespace {

constexpr std::string_view first_page = "index.html";

/// Only what this server itself serves; no inline script or style, no frame, no other host.
constexpr std::string_view policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Whether an Accept-Encoding names this coding without forbidding it.
bool takes(std::string_view accepted, std::string_view coding) {
  while (!accepted.empty()) {
    auto const end = std::min(accepted.find(','), accepted.size());
    auto const item = accepted.substr(0, end);
    accepted.remove_prefix(std::min(end + 1, accepted.size()));
    auto const semicolon = item.find(';');
    if (!same_word(trim(item.substr(0, semicolon)), coding))
      continue;
    if (semicolon == std::string_view::npos)
      return true;
    auto const weight = trim(item.substr(semicolon + 1));
    return weight.find_first_of("123456789") != std::string_view::npos;
  }
  return false;
}

dashboard_file const* find(std::string_view name) {
  auto const& all = dashboard_files();
  auto const at =
      std::find_if(all.begin(), all.end(), [&](auto const& f) { return f.name == name; });
  return at == all.end() ? nullptr : &*at;
}

void show_file(request const& r, reply const& answer, std::string_view name) {
  if (auto const* file = find(name))
    answer(answer_with(*file, r));
  else if (dashboard_files().empty())
    answer(problem(fail(errc::not_found, "this server was built without the dashboard "
                                         "(TROUPE_DASHBOARD=OFF); the API is at /api"),
                   r.path));
  else
    answer(
        problem(fail(errc::not_found, "the dashboard has no file " + std::string{name}), r.path));
}

json::object shown(principal_info const& who) {
  json::array roles;
  for (auto const r : who.roles)
    roles.emplace_back(to_string(r));
  return {{"id", who.id.value}, {"roles", std::move(roles)}};
}

/// The token comes as everywhere in the header, which no log and no redactor of bodies sees.
std::string_view token_of(request const& r) {
  auto const authorization = r.headers.get("Authorization");
  return trim(authorization.substr(authorization.find(' ')));
}

response signed_in(request const& r, principal_info const& who, std::string_view token) {
  auto out = json_response(200, shown(who));
  out.headers.add("Set-Cookie", session_cookie(r.headers, token));
  return out;
}

void sign_in(request const& r, reply const& answer) {
  if (auto ok = no_fields(r); !ok)
    refuse(r, answer, ok.error());
  else
    answer(signed_in(r, r.principal, token_of(r)));
}

struct code_body {
  std::string code;
  TROUPE_FIELDS(code_body, code);
};

/// Signing in by an address: a code in place of the token.
struct code_desk {
  sign_in_codes codes;
  address_limit limit;

  void issue(request const& r, reply const& answer) {
    if (auto ok = no_fields(r); !ok) {
      refuse(r, answer, ok.error());
      return;
    }
    auto const code = codes.issue(token_of(r), std::chrono::steady_clock::now());
    answer(json_response(
        201, json::object{{"code", code}, {"seconds", sign_in_codes::good_for.count()}}));
  }
  void redeem(api const& a, request const& r, reply const& answer) {
    auto const now = std::chrono::steady_clock::now();
    if (auto const wait = limit.take(r.peer, now)) {
      refuse(r, answer,
             fail(errc::busy,
                  "too many codes were tried from this address; try again in " +
                      std::to_string(wait->count()) + " s",
                  {{"retry_after", wait->count()}}));
      return;
    }
    auto const b = body_of<code_body>(r);
    if (!b) {
      refuse(r, answer, b.error());
      return;
    }
    auto const token = codes.take(b->code, now);
    auto const who = token ? a.tokens.check(*token) : std::nullopt; // it may be revoked by now
    if (!who)
      refuse(r, answer,
             fail(errc::forbidden,
                  "this code is used, too old, or none; `troupe dashboard` prints "
                  "an address with a new one",
                  {{"field", "code"}}));
    else
      answer(signed_in(r, *who, *token));
  }
};

} // namespace

response answer_with(dashboard_file const& file, request const& r) {
  response out;
  out.content_type = file.type;
  out.headers.set("Vary", "Accept-Encoding");
  if (file.name == first_page) {
    auto const tag = '"' + hash_token(file.plain).substr(0, 32) + '"';
    out.headers.set("Content-Security-Policy", std::string{policy});
    out.headers.set("Cache-Control", "no-cache");
    out.headers.set("ETag", tag);
    if (r.headers.get("If-None-Match") == tag) {
      out.status = 304;
      return out;
    }
  } else {
    out.headers.set("Cache-Control", "public, max-age=31536000, immutable");
  }
  auto const accepted = r.headers.get("Accept-Encoding");
  if (!file.brotli.empty() && takes(accepted, "br")) {
    out.headers.set("Content-Encoding", "br");
    out.body = file.brotli;
  } else if (!file.gzip.empty() && takes(accepted, "gzip")) {
    out.headers.set("Content-Encoding", "gzip");
    out.body = file.gzip;
  } else {
    out.body = file.plain;
  }
  return out;
}

void add_dashboard_routes(std::vector<route>& out, api const& a) {
  out.push_back(get("/", role::none, [](request const& r, reply const& answer) {
    show_file(r, answer, first_page);
  }));
  out.push_back(get("/assets/{name}", role::none, [](request const& r, reply const& answer) {
    show_file(r, answer, r.params.at("name"));
  }));
  out.push_back(get("/api/session", role::viewer, [](request const& r, reply const& answer) {
    answer(json_response(200, shown(r.principal)));
  }));
  out.push_back(post("/api/session", role::viewer, small_body, sign_in));
  auto const desk = std::make_shared<code_desk>();
  out.push_back(post("/api/session/codes", role::viewer, small_body,
                     [desk](request const& r, reply const& answer) { desk->issue(r, answer); }));
  out.push_back(
      post("/api/session/redeem", role::none, small_body,
           [desk, &a](request const& r, reply const& answer) { desk->redeem(a, r, answer); }));
  out.push_back(remove("/api/session", role::none, [](request const& r, reply const& answer) {
    auto gone = empty_response();
    gone.headers.add("Set-Cookie", session_cookie(r.headers, {}));
    answer(std::move(gone));
  }));
}

} // namespace troupe
