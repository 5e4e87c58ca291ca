#include "protocol/daemon_link.hpp"
#include "protocol/redact_json.hpp"

#include <catch2/catch.hpp>

#include <random>

using namespace troupe;

namespace {

std::string digits(std::minstd_rand& random, std::size_t n) {
  std::string out;
  while (out.size() < n)
    out += "0123456789abcdef"[random() % 16];
  return out;
}

} // namespace

TEST_CASE("evidence: what was stored before commits were listed still reads, and reads the same",
          "[protocol]") {
  std::string const stored =
      R"({"base":"b0","branch":"agent/k3-1","files":["a.py"],"head":"h1","insertions":3})";
  auto const old = json::from<evidence>(json::parse(stored).value());
  REQUIRE(old.has_value());
  CHECK(old->commits.empty());
  CHECK(old->commits_left_out == 0);
  CHECK(json::canonical(json::to(*old)) == stored);
}

TEST_CASE("evidence: commits are stored in their order", "[protocol]") {
  evidence e;
  e.base = "b0";
  e.head = "c9";
  e.commits = {"c3", "c1", "c9"};
  e.commits_left_out = 12;
  auto const text = json::canonical(json::to(e));
  CHECK(text == R"({"base":"b0","commits":["c3","c1","c9"],"commits_left_out":12,"head":"c9"})");
  CHECK(json::from<evidence>(json::parse(text).value()).value() == e);
}

TEST_CASE("evidence: ids of commits are no secrets, however many stand together", "[protocol]") {
  std::minstd_rand random{7};
  for (std::size_t const length : {40, 64}) {
    link::finished f;
    f.proof.base = digits(random, length);
    for (std::size_t i = 0; i < evidence::max_commits; ++i)
      f.proof.commits.push_back(digits(random, length));
    f.proof.head = f.proof.commits.back();
    auto v = json::to(f);
    CHECK(redact_json(v) == 0);
    CHECK(json::from<link::finished>(v).value() == f);
  }
}
