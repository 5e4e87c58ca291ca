#include "gateway/auth/session_cookie.hpp"
#include "gateway/http/admission.hpp"
#include "tests/gateway/edge_lab.hpp"

#include <catch2/catch.hpp>

using namespace troupe;

namespace {

header_map headers(std::initializer_list<std::pair<char const*, std::string>> fields) {
  header_map out;
  for (auto const& [name, value] : fields)
    out.add(name, value);
  return out;
}

struct door {
  server_settings settings;
  router routes;
  test::fixed_tokens tokens;
  std::string viewer = tokens.add("human:vera", {role::viewer, role::developer});

  door() {
    for (auto const* method : {"GET", "POST"}) {
      route r;
      r.method = method;
      r.pattern = "/api/x";
      r.needs = role::viewer;
      r.handle = handler{[](request const&, reply const&) {}};
      routes.add(std::move(r));
    }
  }
  /// 200, or the status of the refusal.
  int ask(std::string const& method,
          std::initializer_list<std::pair<char const*, std::string>> more) {
    request_head h;
    h.method = method;
    h.target = "/api/x";
    h.headers.add("Host", "localhost:7717");
    for (auto const& [name, value] : more)
      h.headers.add(name, value);
    auto const d = admit(std::move(h), routes, settings, &tokens);
    auto const* no = std::get_if<response>(&d);
    if (no != nullptr)
      return no->status;
    authorization = std::get<admitted>(d).req.headers.get("Authorization");
    return 200;
  }
  std::string authorization; ///< as a handler sees it
};

} // namespace

TEST_CASE("session cookie: found by the port of the server, among others", "[gateway]") {
  auto const h = headers({{"Host", "127.0.0.1:7777"},
                          {"Cookie", "a=b; troupe_session_7778=other;troupe_session_7777=mine"}});
  CHECK(cookie_token(h) == "mine");
  CHECK_FALSE(cookie_token(headers({{"Host", "127.0.0.1:80"}, {"Cookie", "troupe_session=x"}})));
  CHECK(cookie_token(headers({{"Host", "example.org"}, {"Cookie", "troupe_session=x"}})) == "x");
  CHECK(cookie_token(headers({{"Host", "[::1]"}, {"Cookie", "troupe_session=x"}})) == "x");
  CHECK(cookie_token(headers({{"Host", "[::1]:7"}, {"Cookie", "troupe_session_7=x"}})) == "x");
  CHECK_FALSE(cookie_token(headers({{"Host", "h"}, {"Cookie", "xtroupe_session=x; =; ;"}})));
}

TEST_CASE("session cookie: out of the reach of scripts and of other sites", "[gateway]") {
  auto const plain = headers({{"Host", "localhost:7777"}, {"Origin", "http://localhost:7777"}});
  CHECK(session_cookie(plain, "trp_x") ==
        "troupe_session_7777=trp_x; Path=/; HttpOnly; SameSite=Strict; Max-Age=604800");
  CHECK(session_cookie(plain, {}) ==
        "troupe_session_7777=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
  auto const tls = headers({{"Host", "team.example"}, {"Origin", "https://team.example"}});
  CHECK(session_cookie(tls, "trp_x").ends_with("; Secure"));
}

TEST_CASE("session cookie: admits what a page of this server asks for, and nothing else",
          "[gateway]") {
  door d;
  auto const cookie = "troupe_session_7717=" + d.viewer;
  CHECK(d.ask("GET", {{"Cookie", cookie}, {"Sec-Fetch-Site", "same-origin"}}) == 200);
  CHECK(d.authorization == "Bearer " + d.viewer); // where a stream looks for it later
  CHECK(d.ask("GET", {{"Cookie", cookie}}) == 200);
  CHECK(d.ask("GET", {{"Cookie", cookie}, {"Sec-Fetch-Site", "none"}}) == 200);
  CHECK(d.ask("GET", {{"Cookie", cookie}, {"Sec-Fetch-Site", "same-site"}}) == 403);
  CHECK(d.ask("GET", {{"Cookie", cookie}, {"Sec-Fetch-Site", "cross-site"}}) == 403);
  CHECK(d.ask("GET", {{"Cookie", "troupe_session_7717=trp_wrong"}}) == 401);
  CHECK(d.ask("GET", {{"Cookie", "troupe_session_7718=" + d.viewer}}) == 401);

  CHECK(d.ask("POST", {{"Cookie", cookie}, {"Origin", "http://localhost:7717"}}) == 200);
  CHECK(d.ask("POST", {{"Cookie", cookie}}) == 403); // a form of an old browser
  CHECK(d.ask("POST", {{"Cookie", cookie}, {"Origin", "http://localhost:8080"}}) == 403);
  CHECK(d.ask("POST", {{"Cookie", cookie}, {"Origin", "null"}}) == 403);
}

TEST_CASE("session cookie: a token in the header counts, and the cookie beside it does not",
          "[gateway]") {
  door d;
  CHECK(d.ask("POST", {{"Authorization", "Bearer " + d.viewer},
                       {"Cookie", "troupe_session_7717=x"},
                       {"Sec-Fetch-Site", "none"}}) == 200);
  CHECK(d.ask("GET", {{"Authorization", "Bearer wrong"},
                      {"Cookie", "troupe_session_7717=" + d.viewer}}) == 401);
}
