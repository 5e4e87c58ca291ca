#include "tests/api/lab.hpp"
#include "tests/gateway/edge_lab.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::test;

namespace {
std::string const good_brief =
    R"({"project":"duration","text":"Ann: Hello.\nBob: We must print weeks.\n"})";
}

TEST_CASE("api: JSON that is malformed is refused with the place", "[api]") {
  api_lab lab;
  lab.project();
  unchanged const guard{lab};
  auto const text = GENERATE(as<std::string>{}, "{", "{\"project\":", "not json", "{\"a\":1,}",
                             "{\"project\":\"duration\"} {}", "\"\\ud800\"", "{\"a\":01}", "nul",
                             "{\"a\":NaN}", "[1,2");
  auto const a = lab.post("/api/briefs", text);
  refused(a, 400, "invalid_argument");
  CHECK(a.text("detail").find("byte") != std::string::npos);
}

TEST_CASE("api: JSON of 100000 levels is refused", "[api]") {
  api_lab lab;
  unchanged const guard{lab};
  refused(lab.post("/api/briefs", std::string(100'000, '[')), 400, "invalid_argument");
}

TEST_CASE("api: a JSON body that is no object is refused", "[api]") {
  api_lab lab;
  lab.project();
  unchanged const guard{lab};
  auto const text = GENERATE(as<std::string>{}, "[]", "\"text\"", "17", "true");
  refused(lab.post("/api/briefs", text), 400, "invalid_argument");
}

TEST_CASE("api: a missing body is refused where one is needed", "[api]") {
  api_lab lab;
  lab.project();
  unchanged const guard{lab};
  auto const body = GENERATE(as<std::string>{}, "", "null");
  refused(lab.post("/api/briefs", body), 400, "invalid_argument");
}

TEST_CASE("api: JSON that is not UTF-8 is refused", "[api]") {
  api_lab lab;
  lab.project();
  unchanged const guard{lab};
  refused(lab.post("/api/briefs", "{\"project\":\"duration\",\"text\":\"caf\xe9\"}"), 400,
          "invalid_argument");
}

TEST_CASE("api: a field given twice is refused with its name", "[api]") {
  api_lab lab;
  lab.project();
  unchanged const guard{lab};
  auto const a = lab.post("/api/briefs", R"({"project":"duration","text":"a","text":"b"})");
  refused(a, 400, "invalid_argument");
  CHECK(a.text("field") == "text");
}

TEST_CASE("api: an unknown field is refused with its name", "[api]") {
  api_lab lab;
  lab.project();
  unchanged const guard{lab};
  struct row {
    char const *method, *path, *body, *field;
  };
  auto const r = GENERATE(
      row{"POST", "/api/briefs", R"({"project":"duration","text":"a","txt":"b"})", "txt"},
      row{"POST", "/api/projects", R"({"id":"x","repo":"y"})", "repo"},
      row{"POST", "/api/projects", R"({"id":"x","config":{"repositori":"y"}})", "repositori"},
      row{"PATCH", "/api/projects/duration", R"({"limits":{"atempts":1}})", "limits.atempts"},
      row{"POST", "/api/tokens", R"({"name":"x","role":["viewer"]})", "role"},
      row{"POST", "/api/daemons/codes", R"({"minutes":1})", "minutes"},
      row{"POST", "/api/projects/duration/archive", R"({"really":true})", "really"},
      row{"POST", "/api/agents/duration.pm/pause", R"({"reason":"x"})", "reason"},
      row{"POST", "/api/agents/duration.pm/retire", R"({"why":"x"})", "why"});
  INFO(r.path << " " << r.body);
  auto const a = lab.call(r.method, r.path, r.body, {{"Content-Type", "application/json"}});
  refused(a, 400, "invalid_argument");
  CHECK(a.text("field") == r.field);
}

TEST_CASE("api: a value of the wrong type is refused with its field", "[api]") {
  api_lab lab;
  lab.project();
  unchanged const guard{lab};
  struct row {
    char const *method, *path, *body, *field;
  };
  auto const r = GENERATE(
      row{"POST", "/api/briefs", R"({"project":5})", "project"},
      row{"PATCH", "/api/projects/duration", R"({"roster":5})", "roster"},
      row{"PATCH", "/api/projects/duration", R"({"limits":{"attempts":"3"}})", "limits.attempts"},
      row{"PATCH", "/api/projects/duration", R"({"limits":{"attempts":1e99}})", "limits.attempts"},
      row{"POST", "/api/tokens", R"({"name":"x","roles":"viewer"})", "roles"},
      row{"POST", "/api/tokens", R"({"name":"x","roles":["king"]})", "roles[0]"},
      row{"POST", "/api/tokens", R"({"name":"x","roles":["viewer"],"days":1.5})", "days"});
  INFO(r.path << " " << r.body);
  auto const a = lab.call(r.method, r.path, r.body, {{"Content-Type", "application/json"}});
  refused(a, 400, "invalid_argument");
  CHECK(a.text("field") == r.field);
}

TEST_CASE("api: a wrong content type is refused with the right one", "[api]") {
  api_lab lab;
  lab.project();
  unchanged const guard{lab};
  auto const type = GENERATE(as<std::string>{}, "", "text/plain",
                             "application/x-www-form-urlencoded", "application/xml",
                             "multipart/form-data; boundary=x", "application/json; charset=utf-16");
  INFO(type);
  auto const a = lab.call("POST", "/api/briefs", good_brief, {{"Content-Type", type}});
  refused(a, 415, "unsupported");
  CHECK(a.text("detail").find("application/json") != std::string::npos);
}

TEST_CASE("api: a transcript whose type says that it is none is refused", "[api]") {
  api_lab lab;
  lab.project();
  unchanged const guard{lab};
  auto const type = GENERATE(as<std::string>{}, "image/png", "application/pdf", "application/json",
                             "multipart/form-data; boundary=x", "audio/mpeg");
  INFO(type);
  auto const a = lab.source("Ann: Hello.\nBob: We must print weeks.\n", {{"Content-Type", type}});
  refused(a, 415, "unsupported");
  CHECK(a.text("detail").find("text/plain") != std::string::npos);
}

TEST_CASE("api: compressed bodies are refused", "[api]") {
  api_lab lab;
  lab.project();
  unchanged const guard{lab};
  refused(lab.post("/api/briefs", good_brief, {{"Content-Encoding", "gzip"}}), 415, "unsupported");
}

TEST_CASE("api: bodies of 20 MB are refused with the limit", "[api]") {
  api_lab lab;
  lab.project();
  unchanged const guard{lab};
  struct row {
    char const *method, *path, *type;
    std::int64_t limit;
  };
  auto const r =
      GENERATE(row{"POST", "/api/briefs", "application/json", 2 * 1024 * 1024},
               row{"POST", "/api/sources?project=duration", "text/plain", 512 * 1024},
               row{"POST", "/api/tokens", "application/json", 64 * 1024},
               row{"POST", "/api/daemons/enroll", "application/json", 64 * 1024},
               row{"PATCH", "/api/projects/duration", "application/json", 2 * 1024 * 1024},
               row{"DELETE", "/api/tokens/x", "application/json", 0},
               row{"GET", "/api/briefs", "application/json", 0});
  INFO(r.method << " " << r.path);
  auto const a =
      lab.call(r.method, r.path, std::string(20'000'000, ' '), {{"Content-Type", r.type}});
  refused(a, 413, "too_large");
  REQUIRE(a.json.contains("limit_bytes"));
  CHECK(a.json.at("limit_bytes").to_number<std::int64_t>() == r.limit);
}

TEST_CASE("api: a small body of a single huge string is refused with 413, not stored", "[api]") {
  api_lab lab;
  lab.project();
  unchanged const guard{lab};
  auto const body = R"({"project":"duration","text":")" + std::string(1'500'000, 'x') + "\"}";
  auto const a = lab.post("/api/briefs", body);
  refused(a, 413, "too_large");
  CHECK(a.text("detail").find("split") != std::string::npos);
}

TEST_CASE("api: a method that is not possible is refused with those that are", "[api]") {
  api_lab lab;
  unchanged const guard{lab};
  auto const a = lab.call("DELETE", "/api/briefs", {}, {});
  refused(a, 405, "invalid_argument");
  CHECK(a.headers.at("allow") == "GET, HEAD, OPTIONS, POST");
}

TEST_CASE("api: an address that does not exist is refused", "[api]") {
  api_lab lab;
  unchanged const guard{lab};
  auto const path = GENERATE(as<std::string>{}, "/", "/api", "/api/brief", "/api/briefs/x/y/z",
                             "/api/../etc/passwd");
  refused(lab.get(path), 404, "not_found");
}

TEST_CASE("api: addresses with broken escapes are refused", "[api]") {
  api_lab lab;
  unchanged const guard{lab};
  auto const path = GENERATE(as<std::string>{}, "/api/briefs/%zz", "/api/briefs/%00",
                             "/api/briefs/%ff%fe", "/api/briefs?status=%e9");
  INFO(path);
  // By hand: a client library would not send these.
  raw_connection c{static_cast<std::uint16_t>(lab.port())};
  REQUIRE(c.send("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " +
                 lab.token() + "\r\n\r\n"));
  auto const a = c.answer();
  CHECK(a.status == 400);
  CHECK(a.headers.get("Content-Type") == "application/problem+json");
  CHECK(text_at(a.json(), "type") == "urn:troupe:problem:invalid_argument");
  CHECK_FALSE(text_at(a.json(), "detail").empty());
}
