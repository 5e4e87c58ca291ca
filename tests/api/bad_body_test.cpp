#include "tests/api/lab.hpp"
#include "tests/gateway/edge_lab.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::test;

namespace {

std::string const good_brief =
    R"({"project":"duration","text":"Ann: Hello.\nBob: We must print weeks.\n"})";

/// A request whose body has a mistake in one field.
struct mistake {
  char const *method, *path, *body, *field;
};

void refuses(api_lab const& lab, mistake const& m) {
  INFO(m.path << " " << m.body);
  auto const a = lab.call(m.method, m.path, m.body, {{"Content-Type", "application/json"}});
  refused(a, 400, "invalid_argument");
  CHECK(a.text("field") == m.field);
}

} // namespace

TEST_CASE_METHOD(refusing_lab, "api: JSON that is malformed is refused with the place", "[api]") {
  auto const text = GENERATE(as<std::string>{}, "{", "{\"project\":", "not json", "{\"a\":1,}",
                             "{\"project\":\"duration\"} {}", "\"\\ud800\"", "{\"a\":01}", "nul",
                             "{\"a\":NaN}", "[1,2");
  auto const a = lab.post("/api/briefs", text);
  refused(a, 400, "invalid_argument");
  CHECK(a.text("detail").find("byte") != std::string::npos);
}

TEST_CASE_METHOD(refusing_lab, "api: JSON of 100000 levels is refused", "[api]") {
  refused(lab.post("/api/briefs", std::string(100'000, '[')), 400, "invalid_argument");
}

TEST_CASE_METHOD(refusing_lab, "api: a JSON body that is no object is refused", "[api]") {
  auto const text = GENERATE(as<std::string>{}, "[]", "\"text\"", "17", "true");
  refused(lab.post("/api/briefs", text), 400, "invalid_argument");
}

TEST_CASE_METHOD(refusing_lab, "api: a missing body is refused where one is needed", "[api]") {
  auto const body = GENERATE(as<std::string>{}, "", "null");
  refused(lab.post("/api/briefs", body), 400, "invalid_argument");
}

TEST_CASE_METHOD(refusing_lab, "api: JSON that is not UTF-8 is refused", "[api]") {
  refused(lab.post("/api/briefs", "{\"project\":\"duration\",\"text\":\"caf\xe9\"}"), 400,
          "invalid_argument");
}

TEST_CASE_METHOD(refusing_lab, "api: a field given twice is refused with its name", "[api]") {
  auto const a = lab.post("/api/briefs", R"({"project":"duration","text":"a","text":"b"})");
  refused(a, 400, "invalid_argument");
  CHECK(a.text("field") == "text");
}

TEST_CASE_METHOD(refusing_lab, "api: an unknown field is refused with its name", "[api]") {
  auto const m = GENERATE(
      mistake{"POST", "/api/briefs", R"({"project":"duration","text":"a","txt":"b"})", "txt"},
      mistake{"POST", "/api/projects", R"({"id":"x","repo":"y"})", "repo"},
      mistake{"POST", "/api/projects", R"({"id":"x","config":{"repositori":"y"}})", "repositori"},
      mistake{"PATCH", "/api/projects/duration", R"({"limits":{"atempts":1}})", "limits.atempts"},
      mistake{"POST", "/api/tokens", R"({"name":"x","role":["viewer"]})", "role"},
      mistake{"POST", "/api/daemons/codes", R"({"minutes":1})", "minutes"},
      mistake{"POST", "/api/projects/duration/archive", R"({"really":true})", "really"},
      mistake{"POST", "/api/agents/duration.pm/pause", R"({"reason":"x"})", "reason"},
      mistake{"POST", "/api/agents/duration.pm/retire", R"({"why":"x"})", "why"});
  refuses(lab, m);
}

TEST_CASE_METHOD(refusing_lab, "api: an unknown field is answered with those that there are",
                 "[api]") {
  auto const a = lab.post("/api/briefs", R"({"project":"duration","text":"a","txt":"b"})");
  CHECK(a.text("detail").find("; known are project, ") != std::string::npos);
  auto const nested =
      lab.call("PUT", "/api/plans/nope", R"({"content":{"items":[{"key":"1","titel":"x"}]}})",
               {{"Content-Type", "application/json"}});
  refused(nested, 400, "invalid_argument");
  CHECK(nested.text("field") == "content.items[0].titel");
  CHECK(nested.text("detail").find("blocked_by") != std::string::npos);
  auto const patched = lab.call("PATCH", "/api/projects/duration", R"({"limits":{"budget":1}})",
                                {{"Content-Type", "application/json"}});
  CHECK(patched.text("detail").find("budget_micros") != std::string::npos);
}

TEST_CASE_METHOD(refusing_lab, "api: a value of the wrong type is refused with its field",
                 "[api]") {
  auto const m = GENERATE(
      mistake{"POST", "/api/briefs", R"({"project":5})", "project"},
      mistake{"PATCH", "/api/projects/duration", R"({"roster":5})", "roster"},
      mistake{"PATCH", "/api/projects/duration", R"({"limits":{"attempts":"3"}})",
              "limits.attempts"},
      mistake{"PATCH", "/api/projects/duration", R"({"limits":{"attempts":1e99}})",
              "limits.attempts"},
      mistake{"POST", "/api/tokens", R"({"name":"x","roles":"viewer"})", "roles"},
      mistake{"POST", "/api/tokens", R"({"name":"x","roles":["king"]})", "roles[0]"},
      mistake{"POST", "/api/tokens", R"({"name":"x","roles":["viewer"],"days":1.5})", "days"});
  refuses(lab, m);
}

TEST_CASE_METHOD(refusing_lab, "api: a wrong content type is refused with the right one", "[api]") {
  auto const type = GENERATE(as<std::string>{}, "", "text/plain",
                             "application/x-www-form-urlencoded", "application/xml",
                             "multipart/form-data; boundary=x", "application/json; charset=utf-16");
  INFO(type);
  auto const a = lab.call("POST", "/api/briefs", good_brief, {{"Content-Type", type}});
  refused(a, 415, "unsupported");
  CHECK(a.text("detail").find("application/json") != std::string::npos);
}

TEST_CASE_METHOD(refusing_lab, "api: a transcript whose type says that it is none is refused",
                 "[api]") {
  auto const type = GENERATE(as<std::string>{}, "image/png", "application/pdf", "application/json",
                             "multipart/form-data; boundary=x", "audio/mpeg");
  INFO(type);
  auto const a = lab.source("Ann: Hello.\nBob: We must print weeks.\n", {{"Content-Type", type}});
  refused(a, 415, "unsupported");
  CHECK(a.text("detail").find("text/plain") != std::string::npos);
}

TEST_CASE_METHOD(refusing_lab, "api: compressed bodies are refused", "[api]") {
  refused(lab.post("/api/briefs", good_brief, {{"Content-Encoding", "gzip"}}), 415, "unsupported");
}

TEST_CASE_METHOD(refusing_lab, "api: bodies of 20 MB are refused with the limit", "[api]") {
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

TEST_CASE_METHOD(refusing_lab,
                 "api: a small body of a single huge string is refused with 413, not stored",
                 "[api]") {
  auto const body = R"({"project":"duration","text":")" + std::string(1'500'000, 'x') + "\"}";
  auto const a = lab.post("/api/briefs", body);
  refused(a, 413, "too_large");
  CHECK(a.text("detail").find("split") != std::string::npos);
}

TEST_CASE_METHOD(refusing_lab, "api: a method that is not possible is refused with those that are",
                 "[api]") {
  auto const a = lab.call("DELETE", "/api/briefs", {}, {});
  refused(a, 405, "invalid_argument");
  CHECK(a.headers.at("allow") == "GET, HEAD, OPTIONS, POST");
}

TEST_CASE_METHOD(refusing_lab, "api: an address that does not exist is refused", "[api]") {
  auto const path = GENERATE(as<std::string>{}, "/api", "/api/brief", "/api/briefs/x/y/z",
                             "/api/../etc/passwd", "/assets/", "/assets/../index.html");
  refused(lab.get(path), 404, "not_found");
}

TEST_CASE_METHOD(refusing_lab, "api: addresses with broken escapes are refused", "[api]") {
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
