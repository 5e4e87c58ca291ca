#include "protocol/json.hpp"
#include "tests/support/published_vectors.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::test;

namespace {

std::string canonical_of(std::string_view text) {
  auto const parsed = json::parse(text);
  if (!parsed)
    FAIL(parsed.error().message);
  return json::canonical(*parsed);
}

} // namespace

TEST_CASE("canonical JSON: the published vectors", "[protocol]") {
  auto const all = published_vectors();
  REQUIRE(all.at("canonical").as_array().size() >= 14);
  for (auto const& v : all.at("canonical").as_array()) {
    auto const in = text_of(v.at("in"));
    INFO(in);
    CHECK(canonical_of(in) == text_of(v.at("out")));
  }
}

TEST_CASE("canonical JSON: what is canonical stays as it is", "[protocol]") {
  auto const all = published_vectors();
  for (auto const& v : all.at("canonical").as_array()) {
    auto const out = text_of(v.at("out"));
    CHECK(canonical_of(out) == out);
  }
}

TEST_CASE("canonical JSON: members are in the order of their bytes at every level", "[protocol]") {
  CHECK(canonical_of(R"({"b":{"d":1,"c":2},"a":[{"z":1,"y":2}]})") ==
        R"({"a":[{"y":2,"z":1}],"b":{"c":2,"d":1}})");
  CHECK(canonical_of("{\"\xf0\x90\x80\x80\":1,\"\xef\xbf\xbf\":2}") ==
        "{\"\xef\xbf\xbf\":2,\"\xf0\x90\x80\x80\":1}");
}

TEST_CASE("canonical JSON: whole numbers have one spelling over the whole range", "[protocol]") {
  CHECK(canonical_of("-9223372036854775808") == "-9223372036854775808");
  CHECK(canonical_of("18446744073709551615") == "18446744073709551615");
  CHECK(json::canonical(json::value(std::uint64_t{7})) == "7");
  CHECK(json::canonical(json::value(std::int64_t{7})) == "7");
}

TEST_CASE("json: text that is not JSON is refused with its place", "[protocol]") {
  for (auto const* text : {"",
                           " ",
                           "{",
                           "}",
                           "[1,]",
                           "{\"a\":}",
                           "{a:1}",
                           "'a'",
                           "\"a",
                           "01",
                           "1.",
                           ".5",
                           "+1",
                           "NaN",
                           "Infinity",
                           "1e400",
                           "-1e999",
                           "[1e400]",
                           "{\"a\":[-1e400]}",
                           "tru",
                           "nul",
                           "1 2",
                           "{} {}",
                           "[1] x",
                           "\"\\x\"",
                           "\"\\u12\"",
                           "\"\\ud800\"",
                           "\"\n\"",
                           "// c\n1",
                           "\xef\xbb\xbf{}"}) {
    INFO(text);
    auto const r = json::parse(text);
    REQUIRE(r.has_error());
    CHECK(r.error().code == errc::invalid_argument);
    CHECK(r.error().message.find("not valid JSON") == 0);
  }
}

TEST_CASE("json: bytes that are not UTF-8 are refused", "[protocol]") {
  for (auto const* bytes : {"\"\xff\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"",
                            "\"\xe2\x82\"", "{\"\x80\":1}"})
    CHECK(json::parse(bytes).has_error());
}

TEST_CASE("json: sixty levels are read, a thousand are refused", "[protocol]") {
  auto const nested = [](std::size_t n) { return std::string(n, '[') + std::string(n, ']'); };
  CHECK(json::parse(nested(60)).has_value());
  CHECK(json::parse(nested(65)).has_error());
  CHECK(json::parse(nested(100'000)).has_error());
}

TEST_CASE("json: white space at both ends is no text", "[protocol]") {
  CHECK(canonical_of(" \t\r\n {} \n") == "{}");
}
