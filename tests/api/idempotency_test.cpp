#include "tests/api/lab.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::test;

namespace {
api_lab::headers key(std::string const& k) {
  return {{"Idempotency-Key", k}};
}
std::string const body = R"({"id":"tally","config":{"repository":"/srv/tally.git"}})";
std::string const talk = "Ann: We must print weeks in the report.\nBob: Agreed.\n";
} // namespace

// The answer to a repeated request names the same entity with the same status code; the state in it
// is the one of now.
TEST_CASE("api: the same key gives the same answer and does nothing twice", "[api]") {
  api_lab lab;
  auto const first = lab.post("/api/projects", body, key("k1"));
  REQUIRE(first.status == 201);
  unchanged const guard{lab};
  auto const again = lab.post("/api/projects", body, key("k1"));
  CHECK(again.status == 201);
  CHECK(again.text("id") == first.text("id"));
  CHECK(again.json.at("config") == first.json.at("config"));
  auto const third = lab.post("/api/projects", body, key("k1"));
  CHECK(third.body == again.body);
}

TEST_CASE("api: the same key gives the same answer after a restart and after kill -9", "[api]") {
  api_lab lab;
  lab.project();
  auto const project = lab.post("/api/projects", body, key("k1"));
  auto const source = lab.source(talk, key("k2"));
  REQUIRE(project.status == 201);
  REQUIRE(source.status == 201);
  (void)lab.quiet_mark();
  if (GENERATE(true, false))
    lab.stop();
  else
    lab.crash();
  lab.open();
  unchanged const guard{lab};
  auto const again = lab.post("/api/projects", body, key("k1"));
  CHECK(again.status == 201);
  CHECK(again.text("id") == project.text("id"));
  CHECK(again.json.at("config") == project.json.at("config"));
  auto const same = lab.source(talk, key("k2"));
  CHECK(same.status == 201);
  CHECK(same.text("id") == source.text("id"));
  refused(lab.post("/api/projects", R"({"id":"other","config":{"repository":"/x"}})", key("k1")),
          422, "conflict");
}

TEST_CASE("api: the same key for another request is 422", "[api]") {
  api_lab lab;
  lab.project();
  auto const brief = lab.pending_brief();
  auto const plan = lab.pending_plan(brief);
  REQUIRE(lab.post("/api/projects", body, key("k1")).status == 201);
  REQUIRE(lab.source(talk, key("k2")).status == 201);
  unchanged const guard{lab};
  SECTION("another body") {
    refused(lab.post("/api/projects", R"({"id":"tally","config":{"repository":"/x"}})", key("k1")),
            422, "conflict");
  }
  SECTION("another address") {
    refused(lab.post("/api/projects/tally/archive", {}, key("k1")), 422, "conflict");
  }
  SECTION("other parameters") {
    auto headers = key("k2");
    headers["Content-Type"] = "text/plain";
    refused(lab.call("POST", "/api/sources?project=duration&name=other", talk, headers), 422,
            "conflict");
  }
  SECTION("a decision") {
    refused(lab.post("/api/plans/" + plan + "/approve", {}, key("k1")), 422, "conflict");
  }
  SECTION("a decision that is not possible any more") {
    refused(lab.post("/api/briefs/" + brief + "/approve", {}, key("k1")), 422, "conflict");
  }
  SECTION("a token") {
    refused(lab.post("/api/tokens", R"({"name":"x","roles":["viewer"]})", key("k1")), 422,
            "conflict");
  }
}

TEST_CASE("api: keys belong to whoever sent them", "[api]") {
  api_lab lab;
  auto const other = lab.token_for("admin");
  REQUIRE(lab.post("/api/projects", body, key("k1")).status == 201);
  auto headers = key("k1");
  headers["Authorization"] = "Bearer " + other;
  auto const made =
      lab.post("/api/projects", R"({"id":"second","config":{"repository":"/x"}})", headers);
  CHECK(made.status == 201);
}

TEST_CASE("api: a decision sent again gives the first answer, not a conflict", "[api]") {
  api_lab lab;
  lab.project();
  auto const brief = lab.pending_brief();
  auto const path = "/api/briefs/" + brief + "/approve";
  auto const first = lab.post(path, {}, key("once"));
  REQUIRE(first.status == 200);
  CHECK(first.text("id") == brief + ".a1");
  REQUIRE(eventually(
      [&] { return lab.get("/api/briefs/" + brief).text("status") != "pending_approval"; }));
  unchanged const guard{lab};
  auto const again = lab.post(path, {}, key("once"));
  CHECK(again.status == 200);
  CHECK(again.text("id") == first.text("id"));
  CHECK(again.text("status") == "APPROVED");
  refused(lab.post(path, {}, key("twice")), 409, "conflict");
}

TEST_CASE("api: every way to decide gives its first answer again and changes nothing", "[api]") {
  project_lab lab;
  auto const brief = lab.pending_brief();
  struct row {
    std::string path, body, status;
  };
  auto const by_approval = GENERATE(true, false);
  auto const approve = by_approval
                           ? row{"/api/approvals/" + brief + ".a1/decide",
                                 R"({"how":"approve","notes":"good"})", "APPROVED"}
                           : row{"/api/briefs/" + brief + "/reject", R"({"notes":"no"})", ""};
  auto const first = lab.post(approve.path, approve.body, key("once"));
  INFO(first.body);
  REQUIRE(first.status == 200);
  CHECK(first.text("id") == brief + ".a1");
  REQUIRE(eventually(
      [&] { return lab.get("/api/briefs/" + brief).text("status") != "pending_approval"; }));
  unchanged const guard{lab};
  for (int i = 0; i < 3; ++i) {
    auto const again = lab.post(approve.path, approve.body, key("once"));
    INFO(again.body);
    CHECK(again.status == 200);
    CHECK(again.text("id") == first.text("id"));
    CHECK(again.text("status") == first.text("status"));
  }
  // The key is that of this decision, and no other decision is taken any more.
  refused(lab.post(approve.path, R"({"how":"reject"})", key("once")), by_approval ? 422 : 400,
          by_approval ? "conflict" : "invalid_argument");
  refused(lab.post("/api/approvals/" + brief + ".a1/decide",
                   by_approval ? R"({"how":"reject"})" : R"({"how":"approve"})", key("twice")),
          409, "conflict");
}

TEST_CASE("api: one source sent eight times at once is one brief", "[api]") {
  api_lab lab;
  lab.project();
  std::vector<std::thread> senders;
  std::array<api_answer, 8> answers;
  for (auto& a : answers)
    senders.emplace_back([&] { a = lab.source(talk, key("storm")); });
  for (auto& s : senders)
    s.join();
  for (auto const& a : answers) {
    INFO(a.body);
    CHECK(a.status == 201);
    CHECK(a.text("id") == answers[0].text("id"));
  }
  CHECK(eventually([&] { return lab.get("/api/briefs").json.at("total").to_number<int>() == 1; }));
}

TEST_CASE("api: what was shown once is not shown again", "[api]") {
  api_lab lab;
  SECTION("a token") {
    auto const asked = R"({"name":"x","roles":["viewer"]})";
    auto const first = lab.post("/api/tokens", asked, key("t"));
    REQUIRE(first.status == 201);
    unchanged const guard{lab};
    auto const again = lab.post("/api/tokens", asked, key("t"));
    CHECK(again.status == 409);
    CHECK(again.text("id") == first.text("id"));
    CHECK_FALSE(again.json.contains("token"));
    CHECK(again.text("detail").find("DELETE /api/tokens/" + first.text("id")) != std::string::npos);
  }
  SECTION("a code") {
    REQUIRE(lab.post("/api/daemons/codes", {}, key("c")).status == 201);
    unchanged const guard{lab};
    auto const again = lab.post("/api/daemons/codes", {}, key("c"));
    CHECK(again.status == 409);
    CHECK_FALSE(again.json.contains("code"));
  }
}

TEST_CASE("api: keys that are none are refused", "[api]") {
  api_lab lab;
  unchanged const guard{lab};
  auto const text = GENERATE(as<std::string>{}, "", "with space", std::string(201, 'k'));
  refused(lab.post("/api/projects", body, key(text)), 400, "invalid_argument");
}

TEST_CASE("api: a refused request may be mended and sent with the same key", "[api]") {
  api_lab lab;
  refused(lab.post("/api/projects", R"({"id":"tally","config":{"roster":[]}})", key("k")), 400,
          "invalid_argument");
  CHECK(lab.post("/api/projects", body, key("k")).status == 201);
}
