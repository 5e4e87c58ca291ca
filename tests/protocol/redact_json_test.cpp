#include "protocol/redact.hpp"
#include "protocol/redact_json.hpp"

#include <catch2/catch.hpp>

#include <random>

using namespace troupe;

namespace {
std::string const aws = "AKIA2E0A8F3B7C9D1G5H";
std::string const github = "ghp_0123456789abcdefghijABCDEFGHIJ012345";
std::string const random_32 = "Zk3vQ9mT7xB2nL5wR8yH1cD4fG6jK0pS";

json::value parsed(std::string_view text) {
  auto v = json::parse(text);
  REQUIRE(v.has_value());
  return *v;
}
} // namespace

TEST_CASE("redact: strings of a document, however deep, and names of members", "[protocol]") {
  auto v = parsed(R"({"a":["x )" + aws + R"( y",{"b":")" + github + R"("}],"n":7,"m":{")" + github +
                  R"(":"1"},"c":"clean words only"})");
  CHECK(redact_json(v) == 3);
  CHECK(json::canonical(v) ==
        R"({"a":["x [redacted:aws-access-key] y",{"b":"[redacted:github-token]"}],)"
        R"("c":"clean words only","m":{"[redacted:github-token]":"1"},"n":7})");
  CHECK(redact_json(v) == 0);
}

TEST_CASE("redact: the name of a member tells of its value", "[protocol]") {
  auto v = parsed(R"({"password":"tr0ub4dor&3","words":"tr0ub4dor&3"})");
  CHECK(redact_json(v) == 1);
  CHECK(json::canonical(v) == R"({"password":"[redacted:assigned-secret]","words":"tr0ub4dor&3"})");
}

TEST_CASE("redact: what stands after an escape is found, in the string and in its JSON",
          "[protocol]") {
  // As JSON, an `n` stands before each: one is not at a boundary there, the other is long enough
  // only there.
  for (auto const& secret : {aws, random_32.substr(1)}) {
    std::string text = "line\n" + secret + "\nline \"quoted\" \x01 end";
    INFO(text);
    CHECK(redact_string(text) == 1);
    CHECK(text.find(secret) == std::string::npos);
    CHECK(text.starts_with("line\n[redacted:"));
    CHECK(text.ends_with("\nline \"quoted\" \x01 end"));
    CHECK(find_secrets(json::canonical(json::value(text))).empty());
  }
}

TEST_CASE("redact: digests, commits, ids and codes are left alone", "[protocol]") {
  std::string const text =
      R"({"base":"3f2a9c1b7d8e4f5061728394a5b6c7d8e9f00112","code":"7K3M-Q9TX",)"
      R"("content_hash":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",)"
      R"("id":"k3f9q2mx-12","message":"01900000-0000-7000-8000-000000000012",)"
      R"("secret_hash":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",)"
      R"("token":12,"branch":"agent/k3f9q2mx-12"})";
  auto v = parsed(text);
  CHECK(redact_json(v) == 0);
  CHECK(v == parsed(text));
}

TEST_CASE("redact: after it nothing is found in the document's text", "[protocol]") {
  std::mt19937 random{20260607};
  std::vector<std::string> const pieces{aws,
                                        github,
                                        random_32,
                                        "\n",
                                        "\t",
                                        "\"",
                                        "\\",
                                        " ",
                                        "=",
                                        ": ",
                                        "'",
                                        "/",
                                        "token",
                                        "API_KEY",
                                        "password",
                                        "Bearer ",
                                        "x1",
                                        "0123456789",
                                        "tr0ub4dor&3",
                                        "https://ada:",
                                        "@host",
                                        "-----BEGIN RSA PRIVATE KEY-----",
                                        "é",
                                        "\x02",
                                        "u0001",
                                        random_32.substr(1),
                                        "k39sLq02mXv81bTz55",
                                        "[redacted:github-token]",
                                        "(",
                                        "hunter2hunter2",
                                        "db pass ",
                                        "password is ",
                                        "was: ",
                                        "Xr7#kQ92!pLmZ0vT",
                                        "&next=1",
                                        "]"};
  auto const piece = [&] { return pieces[random() % pieces.size()]; };
  for (int i = 0; i < 3000; ++i) {
    json::object o;
    for (int m = 0; m < 3; ++m) {
      std::string text;
      for (auto n = random() % 9; n-- > 0;)
        text += piece();
      if (m == 0)
        o.emplace("list", json::array{json::value(text)});
      else
        o.insert_or_assign(piece(), text);
    }
    json::value v = o;
    INFO(json::canonical(v));
    redact_json(v);
    auto const clean = json::canonical(v);
    INFO(clean);
    auto const left = find_secrets(clean);
    REQUIRE(left.empty());
  }
}
