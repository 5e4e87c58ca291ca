#include "tests/api/lab.hpp"
#include "tests/gateway/edge_lab.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::test;

namespace {

raw_answer ask(api_lab const& lab, std::string const& method, std::string const& target,
               std::string const& headers = {}, bool head_only = false) {
  raw_connection c{static_cast<std::uint16_t>(lab.port())};
  c.send(method + " " + target + " HTTP/1.1\r\nHost: localhost:" + std::to_string(lab.port()) +
         "\r\nConnection: close\r\n" + headers + "\r\n");
  return c.answer(head_only);
}

} // namespace

TEST_CASE("dashboard: its page is strict, and its files are for ever", "[api]") {
  api_lab lab;
  auto const page = ask(lab, "GET", "/");
  if (page.status == 404) { // TROUPE_DASHBOARD=OFF
    CHECK(page.body.find("TROUPE_DASHBOARD=OFF") != std::string::npos);
    return;
  }
  REQUIRE(page.status == 200);
  CHECK(page.headers.get("Content-Type") == "text/html; charset=utf-8");
  auto const policy = page.headers.get("Content-Security-Policy");
  CHECK(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"));
  CHECK(policy.find("unsafe") == std::string_view::npos);
  CHECK(policy.find("frame-ancestors 'none'") != std::string_view::npos);
  // Nothing inline, and nothing from elsewhere.
  CHECK(page.body.find("style=") == std::string::npos);
  CHECK(page.body.find("<style") == std::string::npos);
  CHECK(page.body.find("http") == std::string::npos);

  auto const tag = std::string{page.headers.get("ETag")};
  CHECK(ask(lab, "GET", "/", "If-None-Match: " + tag + "\r\n").status == 304);
  CHECK(ask(lab, "GET", "/", "If-None-Match: \"x\"\r\n").status == 200);

  auto const at = page.body.find("/assets/");
  REQUIRE(at != std::string::npos);
  auto const script = page.body.substr(at, page.body.find('"', at) - at);
  auto const plain = ask(lab, "GET", script);
  CHECK(plain.status == 200);
  CHECK_FALSE(plain.headers.has("Content-Encoding"));
  CHECK(plain.headers.get("Cache-Control") == "public, max-age=31536000, immutable");
  auto const gzip = ask(lab, "GET", script, "Accept-Encoding: deflate, gzip\r\n");
  CHECK(gzip.headers.get("Content-Encoding") == "gzip");
  CHECK(gzip.headers.get("Vary") == "Accept-Encoding");
  auto const best = ask(lab, "GET", script, "Accept-Encoding: gzip, br;q=0.5\r\n");
  CHECK(best.headers.get("Content-Encoding") == "br");
  auto const none = ask(lab, "GET", script, "Accept-Encoding: br;q=0, gzip;q=0.0\r\n");
  CHECK_FALSE(none.headers.has("Content-Encoding"));
  CHECK(none.body == plain.body);
  CHECK(ask(lab, "HEAD", script, {}, true).status == 200);

  CHECK(ask(lab, "GET", "/assets/none.js").status == 404);
  CHECK(ask(lab, "GET", "/assets/..%2Findex.html").status == 404);
  CHECK(ask(lab, "POST", "/").status == 405);
}

TEST_CASE("dashboard: a token becomes a cookie that ends with the token", "[api]") {
  api_lab lab;
  auto const token = lab.token_for("viewer");
  auto const origin = "Origin: http://localhost:" + std::to_string(lab.port()) + "\r\n";
  auto const made = ask(lab, "POST", "/api/session",
                        "Content-Length: 0\r\nAuthorization: Bearer " + token + "\r\n" + origin);
  REQUIRE(made.status == 200);
  CHECK(made.body.find(token) == std::string::npos);
  auto const set = std::string{made.headers.get("Set-Cookie")};
  CHECK(set.find("HttpOnly; SameSite=Strict") != std::string::npos);
  auto const cookie = "Cookie: " + set.substr(0, set.find(';')) + "\r\n";

  auto const me = ask(lab, "GET", "/api/session", cookie);
  REQUIRE(me.status == 200);
  CHECK(me.json().at("roles").as_array().size() == 1);
  CHECK(ask(lab, "GET", "/api/tickets", cookie).status == 200);
  CHECK(ask(lab, "GET", "/api/tokens", cookie).status == 403); // its roles are the token's
  CHECK(ask(lab, "GET", "/api/tickets", cookie + "Sec-Fetch-Site: same-site\r\n").status == 403);
  CHECK(ask(lab, "DELETE", "/api/session").headers.get("Set-Cookie").find("Max-Age=0") !=
        std::string_view::npos);

  // The token is revoked: so is the session.
  std::string id;
  auto const tokens = lab.get("/api/tokens?status=active");
  for (auto const& t : tokens.json.at("items").as_array())
    if (t.at("roles").as_array().size() == 1 &&
        t.at("roles").as_array().front().as_string() == "viewer")
      id = t.at("id").as_string();
  REQUIRE_FALSE(id.empty());
  REQUIRE(lab.remove("/api/tokens/" + id).status == 200);
  CHECK(ask(lab, "GET", "/api/session", cookie).status == 401);
}

TEST_CASE("ledger: what an entity was at a version, by the server's own evolve", "[api]") {
  project_lab lab;
  auto const brief = lab.pending_brief();
  auto const now = lab.get("/api/history/brief/" + brief);
  REQUIRE(now.status == 200);
  auto const versions = now.json.at("versions").to_number<int>();
  REQUIRE(versions >= 2);
  CHECK(now.json.at("version").to_number<int>() == versions);
  CHECK(now.json.at("state") == lab.get("/api/briefs/" + brief).json);
  auto const first = lab.get("/api/history/brief/" + brief + "?version=1");
  REQUIRE(first.status == 200);
  CHECK(first.json.at("type").as_string() == "brief.submitted");
  CHECK(first.json.at("state").at("status").as_string() == "drafting");
  // Each version is that of its event.
  json::array events;
  REQUIRE(eventually([&] {
    events = lab.events("&entity=" + brief);
    return static_cast<int>(events.size()) == versions;
  }));
  for (auto const& e : events) {
    auto const v = e.at("version").to_number<int>();
    auto const then = lab.get("/api/history/brief/" + brief + "?version=" + std::to_string(v));
    REQUIRE(then.status == 200);
    CHECK(then.json.at("event") == e.at("id"));
    CHECK(then.json.at("hash") == e.at("hash"));
  }
  CHECK(lab.get("/api/history/brief/" + brief + "?version=9999").json.at("version") ==
        now.json.at("version"));
  refused(lab.get("/api/history/brief/none"), 404, "not_found");
  refused(lab.get("/api/history/brief/" + brief + "?version=0"), 400, "invalid_argument");
  refused(lab.get("/api/history/brief/" + brief + "?version=1x"), 400, "invalid_argument");
  refused(lab.get("/api/history/principal/x"), 400, "invalid_argument");
  refused(lab.get("/api/history/teapot/x"), 400, "invalid_argument");
}

TEST_CASE("ledger: the size of it, and that its chain holds", "[api]") {
  project_lab lab;
  auto const approval = "/api/approvals/" + lab.pending_brief() + ".a1";
  REQUIRE(eventually([&] { return lab.get(approval).text("status") == "pending"; }));
  auto const system = lab.get("/api/system");
  REQUIRE(system.status == 200);
  CHECK_FALSE(system.text("version").empty());
  auto const last = system.json.at("events").at("last").to_number<std::uint64_t>();
  std::uint64_t sum = 0;
  for (auto const& s : system.json.at("shards").as_array())
    sum += s.at("seq").to_number<std::uint64_t>();
  CHECK(sum == last);
  // What the journal did, and what waits: each batch is in one range, and counts its units.
  auto const& batches = system.json.at("journal").at("batches");
  CHECK(batches.at("counts").as_array().size() == batches.at("bounds").as_array().size() + 1);
  std::uint64_t made = 0;
  for (auto const& n : batches.at("counts").as_array())
    made += n.to_number<std::uint64_t>();
  CHECK(made > 0);
  CHECK(made <= batches.at("sum").to_number<std::uint64_t>());
  CHECK(system.json.at("journal").at("commits").at("sum").to_number<std::int64_t>() > 0);
  CHECK(system.json.at("load").at("entities").to_number<std::int64_t>() > 0);
  CHECK(system.json.at("load").at("journal").at("bytes_limit").to_number<std::int64_t>() > 0);
  // The approval waits for its deadline: that much is under way at least.
  std::map<std::string, json::value> effects;
  for (auto const& e : system.json.at("effects").as_array())
    effects[std::string{std::string_view{e.at("kind").as_string()}}] = e;
  CHECK(effects.size() == 6);
  CHECK(effects.at("timer").at("count").to_number<std::int64_t>() > 0);
  CHECK(effects.at("timer").at("oldest_ms").to_number<std::int64_t>() >= 0);
  CHECK(effects.at("attempt").at("count").to_number<std::int64_t>() == 0);
  CHECK(effects.at("attempt").at("oldest_ms").is_null());
  CHECK(effects.at("attempt").at("class").as_string() == "probeable");
  CHECK(effects.at("message").at("class").as_string() == "idempotent");
  auto const agents = lab.get("/api/agents");
  REQUIRE_FALSE(agents.json.at("items").as_array().empty());
  for (auto const& agent : agents.json.at("items").as_array())
    CHECK(agent.at("restarts").to_number<std::int64_t>() == 0);

  auto const check = lab.get("/api/ledger/check");
  REQUIRE(check.status == 200);
  CHECK(check.json.at("ok").as_bool());
  CHECK(check.json.at("events").to_number<std::uint64_t>() >= last);
  CHECK(lab.get("/api/ledger/check", api_lab::as(lab.token_for("viewer"))).status == 403);
  CHECK(lab.healthy()); // it writes again after it was read as it stood
  CHECK_FALSE(lab.pending_brief().empty());
}

TEST_CASE("dashboard: a code stands for the token once, and for nobody who is revoked", "[api]") {
  api_lab lab;
  auto const token = lab.token_for("viewer");
  auto const origin = "Origin: http://localhost:" + std::to_string(lab.port()) + "\r\n";
  auto const redeem = [&](std::string const& code) {
    auto const body = R"({"code":")" + code + "\"}";
    return ask(lab, "POST", "/api/session/redeem",
               "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
                   "\r\n" + origin + "\r\n" + body);
  };
  auto const made = lab.post("/api/session/codes", {}, api_lab::as(token));
  REQUIRE(made.status == 201);
  CHECK(made.body.find(token) == std::string::npos);
  auto const code = made.text("code");
  REQUIRE(code.size() == 29);
  CHECK(token.find(code) == std::string::npos);
  CHECK(redeem((code.front() == '0' ? "1" : "0") + code.substr(1)).status == 403);
  auto const in = redeem(code);
  INFO(in.body);
  REQUIRE(in.status == 200);
  CHECK(in.json().at("roles").as_array().size() == 1);
  auto const set = std::string{in.headers.get("Set-Cookie")};
  CHECK(set.find("HttpOnly; SameSite=Strict") != std::string::npos);
  auto const cookie = "Cookie: " + set.substr(0, set.find(';')) + "\r\n";
  CHECK(ask(lab, "GET", "/api/tickets", cookie).status == 200);
  auto const again = redeem(code);
  CHECK(again.status == 403);
  CHECK_FALSE(again.headers.has("Set-Cookie"));

  auto const late = lab.post("/api/session/codes", {}, api_lab::as(token)).text("code");
  auto const me = lab.get("/api/tokens").json.at("items").as_array();
  for (auto const& t : me)
    if (text_at(t, "name") != "admin" && text_at(t, "status") == "active")
      (void)lab.remove("/api/tokens/" + text_at(t, "id"));
  CHECK(redeem(late).status == 403);
}
