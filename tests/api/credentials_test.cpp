#include "tests/api/lab.hpp"
#include "tests/gateway/edge_lab.hpp"

#include <catch2/catch.hpp>

#include <chrono>

using namespace troupe;
using namespace troupe::test;

namespace {

/// Waits until the machine's clock, which is the server's, has passed a time of the API.
bool wait_until_past(std::int64_t at_ms) {
  return eventually([&] {
    auto const now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(now).count() > at_ms;
  });
}

std::string enroll_body(std::string const& code) {
  return R"({"name":"machine","code":")" + code + "\"}";
}

} // namespace

TEST_CASE("api: without a valid token nothing is told", "[api]") {
  api_lab lab;
  unchanged const guard{lab};
  auto const authorization = GENERATE(as<std::string>{}, "", "Bearer", "Bearer nope", "Basic YTpi",
                                      "Bearer trp_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
  INFO(authorization);
  auto const a = lab.get("/api/briefs", {{"Authorization", authorization}});
  refused(a, 401, "unauthorized");
  CHECK(a.headers.contains("www-authenticate"));
}

TEST_CASE("api: a token in the address is refused, though it is good", "[api]") {
  api_lab lab;
  unchanged const guard{lab};
  refused(lab.get("/api/briefs?access_token=" + lab.token()), 400, "invalid_argument");
}

TEST_CASE("api: a role that does not cover the step is named", "[api]") {
  api_lab lab;
  lab.project();
  auto const viewer = api_lab::as(lab.token_for("viewer"));
  auto const developer = api_lab::as(lab.token_for("developer"));
  auto const brief = lab.pending_brief();
  unchanged const guard{lab};
  CHECK(lab.get("/api/briefs", viewer).status == 200);
  refused(lab.post("/api/briefs", R"({"project":"duration","text":"a"})", viewer), 403,
          "forbidden");
  refused(lab.get("/api/tokens", developer), 403, "forbidden");
  auto const a = lab.post("/api/briefs/" + brief + "/approve", {}, developer);
  refused(a, 403, "forbidden");
  CHECK(a.text("role") == "approver");
}

TEST_CASE("api: a revoked token is refused, also after a restart", "[api]") {
  api_lab lab;
  auto const made = lab.post("/api/tokens", R"({"name":"guest","roles":["viewer"]})");
  REQUIRE(made.status == 201);
  auto const guest = api_lab::as(made.text("token"));
  CHECK(lab.get("/api/briefs", guest).status == 200);
  auto const gone = lab.remove("/api/tokens/" + made.text("id"));
  CHECK(gone.status == 200);
  CHECK(gone.text("status") == "REVOKED");
  CHECK_FALSE(gone.json.contains("secret_hash"));
  {
    unchanged const guard{lab};
    refused(lab.get("/api/briefs", guest), 401, "unauthorized");
    refused(lab.post("/api/briefs", "{}", guest), 401, "unauthorized");
  }
  lab.stop();
  lab.open();
  refused(lab.get("/api/briefs", guest), 401, "unauthorized");
}

TEST_CASE("api: a token that has run out is refused", "[api]") {
  api_lab lab;
  auto const made = lab.post("/api/tokens", R"({"name":"job","roles":["viewer"],"seconds":4})");
  REQUIRE(made.status == 201);
  auto const job = api_lab::as(made.text("token"));
  CHECK(lab.get("/api/briefs", job).status == 200);
  REQUIRE(wait_until_past(made.json.at("expires").to_number<std::int64_t>()));
  refused(lab.get("/api/briefs", job), 401, "unauthorized");
  CHECK(lab.healthy());
}

TEST_CASE("api: tokens that must not be are refused", "[api]") {
  api_lab lab;
  unchanged const guard{lab};
  struct row {
    char const *body, *field;
  };
  auto const r = GENERATE(row{R"({"roles":["viewer"]})", "name"}, row{R"({"name":"x"})", "roles"},
                          row{R"({"name":"x","roles":["daemon"]})", "roles"},
                          row{R"({"name":"x","roles":["viewer"],"days":-1})", "days"},
                          row{R"({"name":"x","roles":["viewer"],"days":99999})", "days"},
                          row{R"({"name":"x","roles":["viewer"],"seconds":-5})", "seconds"});
  INFO(r.body);
  auto const a = lab.post("/api/tokens", r.body);
  refused(a, 400, "invalid_argument");
  CHECK(a.text("field") == r.field);
}

TEST_CASE("api: hashes of tokens are never shown", "[api]") {
  api_lab lab;
  (void)lab.token_for("viewer");
  CHECK(lab.get("/api/tokens").body.find("secret") == std::string::npos);
  auto const all = lab.events();
  for (auto const& e : all)
    CHECK(text_at(e, "kind") != "principal");
}

TEST_CASE("api: an enrolment code works once", "[api]") {
  api_lab lab;
  auto const code = lab.post("/api/daemons/codes").text("code");
  auto const first = lab.call("POST", "/api/daemons/enroll", enroll_body(code),
                              {{"Content-Type", "application/json"}, {"Authorization", ""}});
  INFO(first.body);
  REQUIRE(first.status == 201);
  CHECK(lab.get("/api/daemons/" + first.text("daemon")).text("status") == "enrolled");
  unchanged const guard{lab};
  auto const again = lab.post("/api/daemons/enroll", enroll_body(code));
  refused(again, 401, "unauthorized");
  CHECK(again.text("detail").find("troupe daemon code") != std::string::npos);
}

TEST_CASE("api: who tries codes without end is told to wait, and others are not", "[api]") {
  api_lab lab;
  unchanged const guard{lab};
  auto const try_one = [&] { return lab.post("/api/daemons/enroll", enroll_body("KKKK-KKKK")); };
  auto last = try_one();
  int tries = 1;
  for (; last.status == 401 && tries < 2000; ++tries)
    last = try_one();
  CHECK(tries > 100); // a room full of machines may enrol at once
  refused(last, 429, "busy");
  CHECK(last.text("detail").find("too many enrolments") == 0);
  REQUIRE(last.headers.contains("retry-after"));
  CHECK(last.headers.at("retry-after") == "1");
  CHECK(lab.get("/api/daemons").status == 200); // nothing else is held back
  // And what was told is so: one more try comes back.
  CHECK(eventually([&] { return try_one().status == 401; }));
}

TEST_CASE("api: an enrolment code that expired is refused", "[api]") {
  api_lab lab;
  auto const made = lab.post("/api/daemons/codes", R"({"seconds":1})");
  REQUIRE(made.status == 201);
  REQUIRE(wait_until_past(made.json.at("expires").to_number<std::int64_t>()));
  unchanged const guard{lab};
  auto const a = lab.post("/api/daemons/enroll", enroll_body(made.text("code")));
  refused(a, 401, "unauthorized");
  CHECK(a.text("detail").find("expired") != std::string::npos);
}

TEST_CASE("api: codes that are none are refused", "[api]") {
  api_lab lab;
  unchanged const guard{lab};
  auto const code = GENERATE(as<std::string>{}, "", "0", "0000-0000", "KKKK-KKKK",
                             "trp_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "' or 1=1 --");
  INFO(code);
  refused(lab.post("/api/daemons/enroll", enroll_body(code)), 401, "unauthorized");
  refused(lab.post("/api/daemons/enroll", R"({"code":"KKKK-KKKK"})"), 400, "invalid_argument");
  refused(lab.post("/api/daemons/codes", R"({"seconds":0})"), 400, "invalid_argument");
}

TEST_CASE("api: a person's token is no enrolment code", "[api]") {
  api_lab lab;
  unchanged const guard{lab};
  refused(lab.post("/api/daemons/enroll", enroll_body(lab.token())), 401, "unauthorized");
}

TEST_CASE("api: a daemon's token opens its link and nothing else", "[api]") {
  api_lab lab;
  auto const made =
      lab.post("/api/daemons/enroll", enroll_body(lab.post("/api/daemons/codes").text("code")));
  auto const token = made.text("token");
  (void)lab.quiet_mark();
  refused(lab.get("/api/briefs", api_lab::as(token)), 403, "forbidden");
  auto const port = static_cast<std::uint16_t>(lab.port());
  CHECK(raw_socket{port, "/api/daemon/link", lab.token()}.handshake().status == 403);
  CHECK(raw_socket{port, "/api/daemon/link"}.handshake().status == 401);
  refused(lab.get("/api/daemon/link", api_lab::as(token)), 426, "invalid_argument");
  raw_socket link{port, "/api/daemon/link", token};
  CHECK(link.handshake().status == 101);
  CHECK(lab.healthy());
}
