#include "gateway/http/admission.hpp"
#include "tests/gateway/edge_lab.hpp"

#include <catch2/catch.hpp>

using namespace troupe;

namespace {

struct door {
  server_settings settings;
  router routes;
  test::fixed_tokens tokens;
  std::string viewer = tokens.add("human:vera", {role::viewer});

  door() {
    for (auto const* method : {"GET", "POST"}) {
      route r;
      r.method = method;
      r.pattern = "/api/x/{id}";
      r.needs = std::string_view{method} == "GET" ? role::viewer : role::developer;
      r.body_limit = 100;
      r.handle = handler{[](request const&, reply const&) {}};
      routes.add(std::move(r));
    }
  }
  std::variant<admitted, response> ask(request_head head) {
    return admit(std::move(head), routes, settings, &tokens);
  }
  int status(request_head head) {
    auto const d = ask(std::move(head));
    auto const* no = std::get_if<response>(&d);
    return no == nullptr ? 200 : no->status;
  }
  [[nodiscard]] request_head head(std::string method = "GET") const {
    request_head h;
    h.method = std::move(method);
    h.target = "/api/x/7?q=1";
    h.headers.add("Host", "localhost:7717");
    h.headers.add("Authorization", "Bearer " + viewer);
    return h;
  }
};

} // namespace

TEST_CASE("admission: a good request comes through whole", "[gateway]") {
  door d;
  auto h = d.head();
  h.headers.add("Idempotency-Key", "abc-1");
  h.headers.add("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  h.loopback_peer = true;
  auto got = d.ask(h);
  auto const* a = std::get_if<admitted>(&got);
  REQUIRE(a != nullptr);
  CHECK(a->req.params.at("id") == "7");
  CHECK(a->req.query.get("q") == "1");
  CHECK(a->req.principal.id.value == "human:vera");
  CHECK(a->req.idempotency_key == "abc-1");
  CHECK(a->req.trace == "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  CHECK(a->req.loopback);
}

TEST_CASE("admission: a malformed trace is replaced, not refused", "[gateway]") {
  door d;
  auto h = d.head();
  h.headers.add("traceparent", "00-zz");
  auto got = d.ask(h);
  auto const& trace = std::get<admitted>(got).req.trace;
  CHECK(trace.size() == 55);
  CHECK(trace.substr(0, 3) == "00-");
}

TEST_CASE("admission: 401 means nobody, 403 means not you", "[gateway]") {
  door d;
  auto h = d.head();
  h.headers.set("Authorization", "");
  CHECK(d.status(h) == 401);
  h.headers.set("Authorization", "Bearer " + new_token());
  CHECK(d.status(h) == 401);
  h.headers.set("Authorization", "Bearer nonsense");
  CHECK(d.status(h) == 401);
  h.headers.set("Authorization", "Basic " + d.viewer);
  CHECK(d.status(h) == 401);
  h.headers.set("Authorization", "bearer   " + d.viewer);
  CHECK(d.status(h) == 200);
  CHECK(d.status(d.head("POST")) == 403);
}

TEST_CASE("admission: tokens in the address are refused", "[gateway]") {
  door d;
  auto h = d.head();
  h.target = "/api/x/7?access_token=" + d.viewer;
  CHECK(d.status(h) == 400);
  h.target = "/api/x/7?t=" + d.viewer;
  CHECK(d.status(h) == 400);
}

TEST_CASE("admission: a loopback server answers to its own names only", "[gateway]") {
  door d;
  auto const [host, status] = GENERATE(table<std::string, int>({
      {"localhost", 200},
      {"LOCALHOST:99", 200},
      {"127.0.0.1:7717", 200},
      {"[::1]:7717", 200},
      {"a.localhost", 200},
      {"localhost.", 200},
      {"evil.example", 403},
      {"127.0.0.1.evil.example", 403},
      {"localhost.evil.example", 403},
      {"", 403},
      {"[::1", 403},
      {"192.168.1.2", 403},
  }));
  auto h = d.head();
  h.headers.set("Host", host);
  CHECK(d.status(h) == status);
  h.loopback_bind = false;
  CHECK(d.status(h) == 200);
}

TEST_CASE("admission: an allowed name is let in", "[gateway]") {
  door d;
  d.settings.allowed_hosts = {"troupe.internal"};
  auto h = d.head();
  h.headers.set("Host", "Troupe.Internal:80");
  CHECK(d.status(h) == 200);
}

TEST_CASE("admission: Host must be there once", "[gateway]") {
  door d;
  auto h = d.head();
  h.headers.add("Host", "localhost");
  CHECK(d.status(h) == 400);
  request_head none = d.head();
  none.headers = {};
  none.headers.add("Authorization", "Bearer " + d.viewer);
  CHECK(d.status(none) == 400);
  none.version = 10;
  CHECK(d.status(none) == 200);
}

TEST_CASE("admission: pages of another origin may not write", "[gateway]") {
  door d;
  d.viewer = d.tokens.add("human:dev", {role::developer});
  auto const post = [&](std::string const& origin) {
    auto h = d.head("POST");
    h.headers.add("Origin", origin);
    return d.status(h);
  };
  CHECK(d.status(d.head("POST")) == 200);
  CHECK(post("http://localhost:7717") == 200);
  CHECK(post("https://localhost:7717") == 403);
  CHECK(post("http://localhost:1") == 403);
  CHECK(post("http://evil.example") == 403);
  CHECK(post("null") == 403);
  d.settings.allowed_origins = {"http://evil.example"};
  CHECK(post("http://evil.example") == 200);
}

TEST_CASE("admission: bodies are judged before they are read", "[gateway]") {
  door d;
  d.viewer = d.tokens.add("human:dev", {role::developer});
  auto h = d.head("POST");
  h.has_body = true;
  h.content_length = 10;
  CHECK(d.status(h) == 415);
  h.headers.add("Content-Type", "text/plain");
  CHECK(d.status(h) == 415);
  h.headers.set("Content-Type", "application/json; charset=latin1");
  CHECK(d.status(h) == 415);
  h.headers.set("Content-Type", "Application/JSON; charset=\"UTF-8\"");
  CHECK(d.status(h) == 200);
  h.content_length = 101;
  CHECK(d.status(h) == 413);
  h.content_length = 10;
  h.headers.add("Content-Encoding", "gzip");
  CHECK(d.status(h) == 415);
}

TEST_CASE("admission: a bad idempotency key is refused", "[gateway]") {
  door d;
  auto const key = GENERATE(as<std::string>{}, "", "a b", "\xC3\xA9", std::string(201, 'k'));
  auto h = d.head();
  h.headers.add("Idempotency-Key", key);
  CHECK(d.status(h) == 400);
}

TEST_CASE("admission: a secret that was sent as idempotency key goes no further, and is a key",
          "[gateway]") {
  door d;
  auto const key_of = [&](std::string const& sent) {
    auto h = d.head();
    h.headers.add("Idempotency-Key", sent);
    auto got = d.ask(h);
    auto const* a = std::get_if<admitted>(&got);
    REQUIRE(a != nullptr);
    return a->req.idempotency_key;
  };
  auto const secret = std::string{"ghp_"} + "Zq7Kp2Lw9Xt4Rb8Nv1Mc6Yh3" + "Pd5Fs0Gj2Ae4";
  auto const kept = key_of(secret);
  CHECK(kept.find("Zq7Kp2") == std::string::npos);
  CHECK(kept == key_of(secret));
  CHECK(kept != key_of(secret + "5"));
  // What clients use for it is kept as it came.
  for (auto const* usual : {"0193b5a0-7b7e-7f3e-8a11-2f9d1f0c4a55", "order-77/retry"})
    CHECK(key_of(usual) == usual);
}

TEST_CASE("admission: OPTIONS says what is possible", "[gateway]") {
  door d;
  auto h = d.head("OPTIONS");
  auto got = d.ask(h);
  CHECK(std::get<response>(got).status == 204);
  CHECK(std::get<response>(got).headers.get("Allow") == "GET, HEAD, OPTIONS, POST");
  h.target = "*";
  CHECK(d.status(h) == 204);
  h.target = "/nothing";
  CHECK(d.status(h) == 404);
}
