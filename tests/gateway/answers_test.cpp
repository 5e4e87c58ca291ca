#include "gateway/http/json_body.hpp"
#include "gateway/http/message.hpp"
#include "gateway/http/outbox.hpp"
#include "gateway/http/wire.hpp"
#include "protocol/json.hpp"

#include <catch2/catch.hpp>

using namespace troupe;

TEST_CASE("status: every refusal has its status", "[gateway]") {
  auto const [code, status] = GENERATE(table<errc, int>({
      {errc::invalid_argument, 400},
      {errc::not_found, 404},
      {errc::conflict, 409},
      {errc::busy, 429},
      {errc::unavailable, 503},
      {errc::fenced, 409},
      {errc::forbidden, 403},
      {errc::unauthorized, 401},
      {errc::too_large, 413},
      {errc::unsupported, 415},
      {errc::timeout, 504},
      {errc::internal, 500},
      {errc::corrupt, 500},
  }));
  CHECK(status_of(code) == status);
  auto const r = problem(fail(code, "why"), "/api/x");
  CHECK(r.status == status);
  CHECK(r.content_type == "application/problem+json");
  auto const body = json::parse(r.body)->as_object();
  CHECK(body.at("type").as_string() == std::string{"urn:troupe:problem:"} + to_string(code));
  CHECK(body.at("status").as_int64() == status);
  CHECK(body.at("detail").as_string() == "why");
  CHECK(body.at("instance").as_string() == "/api/x");
  CHECK_FALSE(body.at("title").as_string().empty());
  CHECK(r.headers.has("Retry-After") == (status == 429 || status == 503));
  CHECK(r.headers.has("WWW-Authenticate") == (status == 401));
}

TEST_CASE("status: details become members and cannot disguise the problem", "[gateway]") {
  auto const r =
      problem(fail(errc::conflict, "no",
                   {{"allowed", json::array{"ready"}}, {"state", "done"}, {"status", 200}}),
              "/x");
  auto const body = json::parse(r.body)->as_object();
  CHECK(body.at("allowed").as_array().at(0).as_string() == "ready");
  CHECK(body.at("state").as_string() == "done");
  CHECK(body.at("status").as_int64() == 409);
  auto const busy = problem(fail(errc::busy, "later", {{"retry_after", 7}}), "/x");
  CHECK(busy.headers.get("retry-after") == "7");
  auto const semantic = problem(fail(errc::invalid_argument, "no"), "/x", 422);
  CHECK(semantic.status == 422);
  CHECK(json::parse(semantic.body)->as_object().at("status").as_int64() == 422);
}

TEST_CASE("json body: what is not exactly one JSON value is refused", "[gateway]") {
  auto const text =
      GENERATE(as<std::string>{}, "", "{", "{}x", "{\"a\":1,}", "nul", "\"\xff\"",
               "{\"a\":1,\"a\":2}", "[{\"b\":{\"c\":1,\"d\":2,\"c\":3}}]",
               "{\"a\":1,\"\\u0061\":2}", std::string(65, '[') + std::string(65, ']'));
  auto const v = parse_json_body(text);
  REQUIRE(v.has_error());
  CHECK(v.error().code == errc::invalid_argument);
}

TEST_CASE("json body: the same name in different objects is fine", "[gateway]") {
  CHECK(parse_json_body(R"({"a":{"a":1},"b":[{"a":1},{"a":2}]})").has_value());
  CHECK(parse_json_body(" [1, 2.5, null, true, \"x\"] ").has_value());
  auto const deep = parse_json_body(std::string(32, '[') + std::string(32, ']'));
  CHECK(deep.has_value());
  auto const twice = parse_json_body(R"({"a":1,"b":2,"a":3})");
  CHECK(twice.error().details.at("field").as_string() == "a");
}

TEST_CASE("wire: a response cannot break its head", "[gateway]") {
  auto r = json_response(200, {{"a", 1}});
  r.headers.set("X-Evil", "a\r\nSet-Cookie: b");
  r.headers.set("Bad Name", "c");
  r.headers.set("X-Good", "d");
  auto const head = format_head(r, framing{});
  CHECK(head.find("Set-Cookie") == std::string::npos);
  CHECK(head.find("Bad Name") == std::string::npos);
  CHECK(head.find("X-Good: d\r\n") != std::string::npos);
  CHECK(head.find("X-Content-Type-Options: nosniff\r\n") != std::string::npos);
  CHECK(head.find("Content-Length: 8\r\n") != std::string::npos);
  CHECK(head.find("Strict-Transport-Security") == std::string::npos);
  framing secure;
  secure.tls = true;
  CHECK(format_head(r, secure).find("Strict-Transport-Security") != std::string::npos);
  CHECK(format_head(empty_response(), framing{}).find("Content-Length") == std::string::npos);
}

TEST_CASE("wire: a response keeps its own security fields", "[gateway]") {
  response r;
  r.headers.set("content-security-policy", "default-src 'self'");
  auto const head = format_head(r, framing{});
  CHECK(head.find("default-src 'self'") != std::string::npos);
  CHECK(head.find("default-src 'none'") == std::string::npos);
}

TEST_CASE("wire: events keep line breaks in data and lose them elsewhere", "[gateway]") {
  CHECK(format_event("7", "ticket", "a\nb\r\nc\rd") ==
        "id: 7\nevent: ticket\ndata: a\ndata: b\ndata: c\ndata: d\n\n");
  CHECK(format_event("", "", "") == "data: \n\n");
  CHECK(format_event("1\n2", "a\rb", "x") == "id: 12\nevent: ab\ndata: x\n\n");
}

TEST_CASE("wire: chunks carry their size in hexadecimal", "[gateway]") {
  CHECK(format_chunk("abc") == "3\r\nabc\r\n");
  CHECK(format_chunk(std::string(255, 'x')).substr(0, 4) == "ff\r\n");
  CHECK(format_chunk({}) == "0\r\n\r\n");
}

TEST_CASE("outbox: it is bounded by count and by bytes", "[gateway]") {
  auto const budget = std::make_shared<stream_budget>(1000);
  outbox few{2, 100, budget};
  CHECK(few.push("a"));
  CHECK(few.push("b"));
  CHECK_FALSE(few.push("c"));
  CHECK(few.pop() == "a");
  CHECK(few.push("c"));

  outbox small{10, 5, budget};
  CHECK(small.push("abc"));
  CHECK_FALSE(small.push("def"));
  CHECK(small.pop() == "abc");
  CHECK(small.push("larger than the bound")); // alone it may pass
  CHECK_FALSE(small.push("x"));
}

TEST_CASE("outbox: what waits in it counts for as long as it does", "[gateway]") {
  auto const budget = std::make_shared<stream_budget>(1000);
  {
    outbox box{10, 100, budget};
    CHECK(box.push("abc"));
    CHECK(box.push("de"));
    CHECK(budget->used() == 5);
    CHECK(box.pop() == "abc");
    CHECK(budget->used() == 2);
    box.push_last("end");
    CHECK(box.drop());
    CHECK(budget->used() == 0);
    CHECK_FALSE(box.drop());
    CHECK(box.pop() == "end"); // that is told all the same
    CHECK(box.empty());
    CHECK(box.push("left behind"));
  }
  CHECK(budget->used() == 0);
}

TEST_CASE("header map: names compare without case", "[gateway]") {
  header_map h;
  h.add("Content-Type", "a");
  h.add("X-A", "1");
  h.add("x-a", "2");
  CHECK(h.get("content-type") == "a");
  CHECK(h.count("X-a") == 2);
  CHECK(h.get("none").empty());
  h.set("X-A", "3");
  CHECK(h.count("x-a") == 1);
}
