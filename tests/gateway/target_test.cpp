#include "gateway/http/target.hpp"
#include "gateway/http/text.hpp"

#include <catch2/catch.hpp>

using namespace troupe;

TEST_CASE("target: paths are decoded and normalised", "[gateway]") {
  auto const [raw, path] = GENERATE(table<std::string, std::string>({
      {"/", "/"},
      {"/api/tickets", "/api/tickets"},
      {"/api//tickets/", "/api/tickets"},
      {"/api/./tickets/../briefs", "/api/briefs"},
      {"/api/%2e%2e/x", "/x"},
      {"/a%20b", "/a b"},
      {"/%C3%A9", "/\xC3\xA9"},
      {"http://localhost:1/api/x?y=1", "/api/x"},
      {"http://localhost", "/"},
      {"*", "/"},
      {"/a?b=http://c/d", "/a"},
  }));
  auto const t = parse_target(raw);
  REQUIRE(t.has_value());
  CHECK(t->path == path);
}

TEST_CASE("target: an escaped slash stays inside its segment", "[gateway]") {
  auto const t = parse_target("/a/b%2Fc/d");
  REQUIRE(t.has_value());
  CHECK(t->segments == std::vector<std::string>{"a", "b/c", "d"});
}

TEST_CASE("target: what cannot be trusted is refused", "[gateway]") {
  std::string many = "/?";
  for (int i = 0; i < 101; ++i)
    many += "a=1&";
  auto const raw = GENERATE_COPY(as<std::string>{}, "", "api", "/%", "/%4", "/%zz", "/a%00b",
                                 "/%0a", "/..", "/a/../..", "/%ff", "/%c3", "/%ed%a0%80", "/?a=%",
                                 "/?a=%00", "/?%ff=1", many, "/" + std::string(9000, 'a'));
  auto const t = parse_target(raw);
  REQUIRE(t.has_error());
  CHECK(t.error().code == errc::invalid_argument);
}

TEST_CASE("target: query parameters are decoded, repeated ones kept", "[gateway]") {
  auto const t = parse_target("/x?a=1&b=%26+%2B&a=2&c&=d&&e==f#frag");
  REQUIRE(t.has_value());
  CHECK(t->query.get("a") == "1");
  CHECK(t->query.all("a") == std::vector<std::string>{"1", "2"});
  CHECK(t->query.get("b") == "& +");
  CHECK(t->query.get("c") == "");
  CHECK(t->query.get("") == "d");
  CHECK(t->query.get("e") == "=f");
  CHECK_FALSE(t->query.get("A"));
}

TEST_CASE("text: UTF-8 is told from other bytes", "[gateway]") {
  CHECK(valid_utf8(""));
  CHECK(valid_utf8("plain"));
  CHECK(valid_utf8("\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80 \xF4\x8F\xBF\xBF"));
  for (auto const* bad :
       {"\x80", "\xC3", "\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF5\x80\x80\x80",
        "\xF4\x90\x80\x80", "\xF0\x80\x80\x80", "a\xFF", "\xE2\x82"})
    CHECK_FALSE(valid_utf8(bad));
}
