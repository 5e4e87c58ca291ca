#include "tests/api/lab.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::test;

namespace {

std::string const talk = "Ann: We must print weeks in the report.\nBob: Agreed.\n";

std::string utf16(std::string const& ascii, bool big) {
  std::string out;
  for (char const c : ascii)
    out += big ? std::string{'\0', c} : std::string{c, '\0'};
  return out;
}

/// The text of the source as it was taken.
std::string taken(api_lab const& lab, std::string const& bytes) {
  auto const made = lab.source(bytes);
  INFO(made.body);
  REQUIRE(made.status == 201);
  auto const id = made.text("id");
  REQUIRE(eventually([&] { return lab.get("/api/briefs/" + id).text("status") != "drafting"; }));
  CHECK(lab.healthy());
  return text_at(lab.get("/api/briefs/" + id).json.at("source"), "text");
}

} // namespace

TEST_CASE("api: a transcript of zero bytes is refused", "[api]") {
  api_lab lab;
  lab.project();
  unchanged const guard{lab};
  refused(lab.source(""), 400, "invalid_argument");
}

TEST_CASE("api: a transcript of white space is refused", "[api]") {
  api_lab lab;
  lab.project();
  unchanged const guard{lab};
  refused(lab.source(" \r\n\t\n"), 400, "invalid_argument");
}

TEST_CASE("api: an empty text as JSON is refused", "[api]") {
  api_lab lab;
  lab.project();
  unchanged const guard{lab};
  refused(lab.post("/api/briefs", R"({"project":"duration","text":""})"), 400, "invalid_argument");
}

TEST_CASE("api: a transcript of 5 MB is refused with the limit while others are served", "[api]") {
  api_lab lab;
  lab.project();
  unchanged const guard{lab};
  std::string large;
  while (large.size() < 5'000'000)
    large += talk;
  // Several at once: nobody else may wait for them.
  std::vector<std::thread> senders;
  std::array<api_answer, 4> answers;
  for (auto& a : answers)
    senders.emplace_back([&] { a = lab.source(large); });
  for (int i = 0; i < 50; ++i) {
    auto const begun = std::chrono::steady_clock::now();
    CHECK(lab.get("/api/briefs").status == 200);
    CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds{10});
  }
  for (auto& s : senders)
    s.join();
  for (auto const& a : answers) {
    refused(a, 413, "too_large");
    CHECK(a.json.at("limit_bytes").to_number<std::int64_t>() == 512 * 1024);
    CHECK(a.text("detail").find("split the meeting") != std::string::npos);
  }
}

TEST_CASE("api: a transcript of exactly the limit is taken without stalling others", "[api]") {
  api_lab lab;
  lab.project();
  std::string large;
  while (large.size() + talk.size() <= 512 * 1024)
    large += talk;
  large.resize(512 * 1024, '\n');
  api_answer made;
  std::thread sender{[&] { made = lab.source(large); }};
  for (int i = 0; i < 50; ++i) {
    auto const begun = std::chrono::steady_clock::now();
    CHECK(lab.get("/api/projects").status == 200);
    CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds{10});
  }
  sender.join();
  INFO(made.body.substr(0, 300));
  REQUIRE(made.status == 201);
  CHECK(eventually(
      [&] { return lab.get("/api/briefs/" + made.text("id")).text("status") != "drafting"; }));
  CHECK(lab.healthy());
}

TEST_CASE("api: one byte more than the limit is refused", "[api]") {
  api_lab lab;
  lab.project();
  unchanged const guard{lab};
  refused(lab.source(std::string(512 * 1024 + 1, 'a')), 413, "too_large");
}

TEST_CASE("api: invalid UTF-8 is read as what it most likely is", "[api]") {
  api_lab lab;
  lab.project();
  // Windows-1252, as old exports have it.
  auto const text = taken(lab, "Ann: We must print caf\xe9 \x96 and weeks.\nBob: Agreed.\n");
  CHECK(text.find("caf\xc3\xa9 \xe2\x80\x93 and") != std::string::npos);
}

TEST_CASE("api: UTF-8 with a broken character keeps the rest", "[api]") {
  api_lab lab;
  lab.project();
  auto const text =
      taken(lab, "J\xc3\xb6rg: We must print \xc3\xbc and \xc3\xa4 in reports \xe2\x82 too.\n");
  CHECK(text.find("J\xc3\xb6rg") != std::string::npos);
  CHECK(text.find("\xef\xbf\xbd") != std::string::npos);
}

TEST_CASE("api: UTF-16 without a mark is read", "[api]") {
  api_lab lab;
  lab.project();
  auto const big = GENERATE(false, true);
  CHECK(taken(lab, utf16(talk, big)) == talk);
}

TEST_CASE("api: NUL bytes within a text are dropped", "[api]") {
  api_lab lab;
  lab.project();
  auto const text = taken(lab, std::string{"Ann: We must\0 print weeks.\nBob: Agreed.\n", 40});
  CHECK(text.find('\0') == std::string::npos);
  CHECK(text.find("We must print weeks.") != std::string::npos);
}

TEST_CASE("api: bytes that are no text are refused", "[api]") {
  api_lab lab;
  lab.project();
  unchanged const guard{lab};
  std::string bytes;
  SECTION("every byte there is") {
    for (int i = 0; i < 5120; ++i)
      bytes += static_cast<char>(i);
  }
  SECTION("only NUL") {
    bytes.assign(500, '\0');
  }
  SECTION("a ZIP") {
    bytes = "PK\x03\x04" + std::string(200, '\x01') + std::string(100, '\0');
  }
  auto const a = lab.source(bytes);
  refused(a, 400, "invalid_argument");
  CHECK(a.text("detail").find("WebVTT") != std::string::npos);
}

TEST_CASE("api: a transcript without a project is refused with the way out", "[api]") {
  api_lab lab;
  unchanged const guard{lab};
  auto const a = lab.call("POST", "/api/sources", talk, {{"Content-Type", "text/plain"}});
  refused(a, 400, "invalid_argument");
  CHECK(a.text("field") == "project");
}

TEST_CASE("api: a transcript for an unknown project is refused with the way out", "[api]") {
  api_lab lab;
  unchanged const guard{lab};
  auto const a = lab.source(talk);
  refused(a, 404, "not_found");
  CHECK(a.text("detail").find("troupe project create") != std::string::npos);
}

TEST_CASE("api: a transcript for a project without a repository is refused with the way out",
          "[api]") {
  api_lab lab;
  REQUIRE(lab.post("/api/projects", R"({"id":"duration"})").status == 201);
  refused(lab.source(talk), 400, "invalid_argument");
  auto const a = lab.source(talk);
  CHECK(a.text("field") == "repository");
  CHECK(a.text("detail").find("troupe project change duration --repository") != std::string::npos);
  REQUIRE(lab.patch("/api/projects/duration", R"({"repository":"/srv/duration.git"})").status ==
          200);
  CHECK(lab.source(talk).status == 201);
}
