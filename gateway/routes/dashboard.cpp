#include "gateway/routes/dashboard.hpp"

#include "gateway/auth/session_cookie.hpp"
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

void sign_in(request const& r, reply const& answer) {
  if (auto ok = no_fields(r); !ok) {
    refuse(r, answer, ok.error());
    return;
  }
  // The token comes as everywhere in the header, which no log and no redactor of bodies sees.
  auto const authorization = r.headers.get("Authorization");
  auto out = json_response(200, shown(r.principal));
  out.headers.add("Set-Cookie",
                  session_cookie(r.headers, trim(authorization.substr(authorization.find(' ')))));
  answer(std::move(out));
}

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

void add_dashboard_routes(std::vector<route>& out) {
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
  out.push_back(remove("/api/session", role::none, [](request const& r, reply const& answer) {
    auto gone = empty_response();
    gone.headers.add("Set-Cookie", session_cookie(r.headers, {}));
    answer(std::move(gone));
  }));
}

} // namespace troupe
