#include "tests/api/lab.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::test;

namespace {

bool allows(api_answer const& a, std::string_view status) {
  for (auto const& s : a.json.at("allowed").as_array())
    if (s.as_string() == status)
      return true;
  return false;
}

/// The plan's content after `change`, as a body for PUT.
template <class F>
std::string edited(api_lab const& lab, std::string const& plan, F const& change) {
  auto content = lab.get("/api/plans/" + plan).json.at("content").as_object();
  change(content.at("items").as_array());
  return json::canonical(json::object{{"content", content}});
}

} // namespace

TEST_CASE("api: a plan with a cycle is refused with its path", "[api]") {
  api_lab lab;
  lab.project();
  auto const plan = lab.pending_plan(lab.pending_brief());
  unchanged const guard{lab};
  std::string body;
  SECTION("two tickets wait for one another") {
    body = edited(lab, plan, [](json::array& items) {
      REQUIRE(items.size() >= 2);
      items[0].as_object()["blocked_by"] = json::array{items[1].at("key")};
      items[1].as_object()["blocked_by"] = json::array{items[0].at("key")};
    });
  }
  SECTION("a ticket waits for itself") {
    body = edited(lab, plan, [](json::array& items) {
      items[0].as_object()["blocked_by"] = json::array{items[0].at("key")};
    });
  }
  SECTION("a circle of all") {
    body = edited(lab, plan, [](json::array& items) {
      for (std::size_t i = 0; i < items.size(); ++i)
        items[i].as_object()["blocked_by"] = json::array{items[(i + 1) % items.size()].at("key")};
    });
  }
  auto const a = lab.put("/api/plans/" + plan, body);
  // A conflict of the items with one another; no transition is meant, so none is listed.
  CHECK(a.status == 409);
  CHECK(a.headers.at("content-type") == "application/problem+json");
  CHECK(a.text("type") == "urn:troupe:problem:conflict");
  CHECK(a.text("detail").find("take one of these edges out") != std::string::npos);
  REQUIRE(a.json.contains("path"));
  auto const& path = a.json.at("path").as_array();
  REQUIRE(path.size() >= 2);
  CHECK(path.front() == path.back());
  CHECK(a.text("detail").find("->") != std::string::npos);
}

TEST_CASE("api: a plan that names what is not there is refused", "[api]") {
  api_lab lab;
  lab.project();
  auto const plan = lab.pending_plan(lab.pending_brief());
  unchanged const guard{lab};
  std::string body;
  SECTION("a dependency") {
    body = edited(lab, plan, [](json::array& items) {
      items[0].as_object()["blocked_by"] = json::array{"999"};
    });
  }
  SECTION("no tickets at all") {
    body = edited(lab, plan, [](json::array& items) { items.clear(); });
  }
  SECTION("one key twice") {
    body = edited(lab, plan, [](json::array& items) { items.push_back(items[0]); });
  }
  refused(lab.put("/api/plans/" + plan, body), 400, "invalid_argument");
}

TEST_CASE("api: unknown ids are 404 wherever an id can stand", "[api]") {
  api_lab lab;
  lab.project();
  unchanged const guard{lab};
  for (auto const* kind : {"briefs", "plans", "tickets", "runs", "agents", "projects", "daemons",
                           "approvals", "events", "why", "templates"}) {
    for (auto const* id : {"nope", "a%2Fb", "..%2F..", "%F0%9F%A6%8A", "nope%27%20or%201%3D1"}) {
      INFO(kind << "/" << id);
      refused(lab.get(std::string{"/api/"} + kind + "/" + id), 404, "not_found");
    }
  }
  for (auto const* path : {"briefs/nope/approve", "briefs/nope/revise",  "briefs/nope/reject",
                           "briefs/nope/resend",  "briefs/nope/hold",    "briefs/nope/resume",
                           "briefs/nope/cancel",  "plans/nope/approve",  "plans/nope/revise",
                           "plans/nope/reject",   "tickets/nope/cancel", "runs/nope/pause",
                           "runs/nope/resume",    "runs/nope/cancel",    "agents/nope/pause",
                           "agents/nope/resume",  "agents/nope/retire",  "projects/nope/archive",
                           "daemons/nope/drain",  "daemons/nope/revoke"}) {
    INFO(path);
    refused(lab.post(std::string{"/api/"} + path), 404, "not_found");
  }
  refused(lab.post("/api/approvals/nope/decide", R"({"how":"approve"})"), 404, "not_found");
  refused(lab.post("/api/tickets/nope/answer", R"({"text":"yes"})"), 404, "not_found");
  refused(lab.post("/api/tickets/nope/comments", R"({"text":"yes"})"), 404, "not_found");
  refused(lab.post("/api/tickets/nope/review", R"({"approved":true})"), 404, "not_found");
  refused(lab.post("/api/tickets/nope/resolve", R"({"how":"retry"})"), 404, "not_found");
  refused(lab.put("/api/briefs/nope", R"({"content":{"title":"x"}})"), 404, "not_found");
  refused(lab.put("/api/plans/nope", R"({"content":{"items":[]}})"), 404, "not_found");
  refused(lab.patch("/api/projects/nope", R"({"test_command":"true"})"), 404, "not_found");
  refused(lab.remove("/api/tokens/nope"), 404, "not_found");
  refused(lab.get("/api/stream?ticket=nope"), 404, "not_found");
  refused(lab.get("/api/stream?brief=nope"), 404, "not_found");
}

TEST_CASE("api: a brief is decided once, and the refusal says what is possible", "[api]") {
  api_lab lab;
  lab.project();
  auto const brief = lab.pending_brief();
  auto const at = "/api/briefs/" + brief;
  SECTION("another content than the one that was seen") {
    unchanged const guard{lab};
    auto const a = lab.post(at + "/approve", R"({"content_hash":"00ff"})");
    refused(a, 409, "conflict");
    CHECK(allows(a, "APPROVED"));
  }
  SECTION("held or resumed, although nothing is delivered") {
    unchanged const guard{lab};
    refused(lab.post(at + "/hold", R"({"why":"wait"})"), 409, "conflict");
    refused(lab.post(at + "/resume"), 409, "conflict");
  }
  SECTION("approved twice, by two people") {
    CHECK(lab.post(at + "/approve").status == 200);
    REQUIRE(eventually([&] { return lab.get(at).text("status") != "pending_approval"; }));
    auto const other = api_lab::as(lab.token_for("approver"));
    unchanged const guard{lab};
    auto const a = lab.post(at + "/approve", {}, other);
    refused(a, 409, "conflict");
    CHECK_FALSE(a.json.at("allowed").as_array().empty());
  }
  SECTION("rejected, then approved") {
    CHECK(lab.post(at + "/reject", R"({"notes":"not now"})").status == 200);
    REQUIRE(eventually([&] { return lab.get(at).text("status") == "REJECTED"; }));
    unchanged const guard{lab};
    auto const a = lab.post(at + "/approve");
    refused(a, 409, "conflict");
    CHECK(a.text("state") == "REJECTED");
    CHECK(a.json.at("allowed").as_array().empty());
  }
  SECTION("the approval itself, after it was decided the other way") {
    auto const approval = "/api/approvals/" + brief + ".a1/decide";
    CHECK(lab.post(approval, R"({"how":"reject"})").status == 200);
    unchanged const guard{lab};
    refused(lab.post(approval, R"({"how":"approve"})"), 409, "conflict");
  }
  SECTION("edited after it was approved") {
    CHECK(lab.post(at + "/approve").status == 200);
    REQUIRE(eventually([&] { return lab.get(at).text("status") != "pending_approval"; }));
    unchanged const guard{lab};
    auto content = lab.get(at).json.at("content").as_object();
    content["title"] = "Another one";
    refused(lab.put(at, json::canonical(json::object{{"content", content}})), 409, "conflict");
  }
  SECTION("cancelled, then held") {
    CHECK(lab.post(at + "/cancel", R"({"why":"changed our minds"})").status == 200);
    unchanged const guard{lab};
    refused(lab.post(at + "/hold"), 409, "conflict");
  }
}

TEST_CASE("api: an approval that expired cannot be decided, it can be sent again", "[api]") {
  api_lab lab;
  lab.project(R"("limits":{"approval":600})");
  auto const made = lab.source("Ann: We must print weeks in the report.\nBob: Agreed.\n");
  REQUIRE(made.status == 201);
  auto const brief = made.text("id");
  auto const at = "/api/briefs/" + brief;
  auto const approval = "/api/approvals/" + brief + ".a1";
  REQUIRE(eventually([&] { return lab.get(approval).text("status") == "EXPIRED"; }));
  REQUIRE(eventually([&] { return lab.get(at).text("status") == "expired"; }));
  {
    unchanged const guard{lab};
    refused(lab.post(approval + "/decide", R"({"how":"approve"})"), 409, "conflict");
    auto const a = lab.post(at + "/approve");
    refused(a, 409, "conflict");
    CHECK(a.text("state") == "expired");
    CHECK(allows(a, "pending_approval"));
  }
  CHECK(lab.post(at + "/resend").status == 200);
  CHECK(eventually([&] { return lab.get("/api/approvals/" + brief + ".a2").status == 200; }));
}

TEST_CASE("api: steps that the state of a project, agent, run or ticket forbids are 409", "[api]") {
  api_lab lab;
  lab.project();
  auto const run = lab.running(lab.pending_plan(lab.pending_brief()));
  auto const tickets = lab.get("/api/tickets?status=ready").json.at("items").as_array();
  auto const ticket = "/api/tickets/" + text_at(tickets.front(), "id");
  SECTION("a ticket that nobody reviews, or waits for") {
    unchanged const guard{lab};
    auto const review = lab.post(ticket + "/review", R"({"approved":true})");
    refused(review, 409, "conflict");
    CHECK_FALSE(review.json.at("allowed").as_array().empty());
    refused(lab.post(ticket + "/resolve", R"({"how":"retry"})"), 409, "conflict");
    auto const answer = lab.post(ticket + "/answer", R"({"text":"yes"})");
    refused(answer, 409, "conflict");
    CHECK_FALSE(answer.json.at("allowed").as_array().empty());
    refused(lab.post(ticket + "/answer", R"({"text":""})"), 400, "invalid_argument");
    refused(lab.post(ticket + "/comments", R"({"text":""})"), 400, "invalid_argument");
  }
  SECTION("a run that is not paused") {
    unchanged const guard{lab};
    auto const a = lab.post("/api/runs/" + run + "/resume");
    CHECK((a.status == 409 || a.status == 200)); // resuming what runs may be no change at all
    if (a.status == 409)
      refused(a, 409, "conflict");
  }
  SECTION("a run that was cancelled") {
    CHECK(lab.post("/api/runs/" + run + "/cancel").status == 200);
    REQUIRE(eventually([&] { return lab.get("/api/runs/" + run).text("status") == "CANCELLED"; }));
    REQUIRE(eventually([&] { return lab.get(ticket).text("status") == "CANCELLED"; }));
    unchanged const guard{lab};
    refused(lab.post("/api/runs/" + run + "/pause"), 409, "conflict");
    refused(lab.post("/api/runs/" + run + "/resume"), 409, "conflict");
    refused(lab.post(ticket + "/resolve", R"({"how":"retry"})"), 409, "conflict");
  }
  SECTION("an agent that is retired") {
    CHECK(lab.post("/api/agents/duration.dev-ada/retire").status == 200);
    unchanged const guard{lab};
    refused(lab.post("/api/agents/duration.dev-ada/pause"), 409, "conflict");
    refused(lab.post("/api/agents/duration.dev-ada/resume"), 409, "conflict");
  }
  SECTION("a project that is there already") {
    unchanged const guard{lab};
    refused(lab.post("/api/projects", R"({"id":"duration","config":{"repository":"/else"}})"), 409,
            "conflict");
  }
  SECTION("a project that is archived") {
    CHECK(lab.post("/api/projects/duration/archive").status == 200);
    unchanged const guard{lab};
    refused(lab.patch("/api/projects/duration", R"({"test_command":"true"})"), 409, "conflict");
  }
}

TEST_CASE("api: configurations that make no sense are refused", "[api]") {
  api_lab lab;
  lab.project();
  unchanged const guard{lab};
  for (auto const* body :
       {R"({"id":"Big!","config":{"repository":"x"}})", R"({"id":"","config":{"repository":"x"}})",
        R"({"id":"x","config":{"repository":"x","roster":[]}})",
        R"({"id":"x","config":{"repository":"x","limits":{"attempts":-1}}})",
        R"({"id":"x","config":{"repository":"x","process":{"name":"p","stages":[]}}})"}) {
    INFO(body);
    refused(lab.post("/api/projects", body), 400, "invalid_argument");
  }
  auto const a = lab.post("/api/projects", R"({"id":"x","template_name":"nope"})");
  refused(a, 404, "not_found");
  CHECK(a.json.at("known").as_array().size() >= 3);
  refused(lab.patch("/api/projects/duration", "[]"), 400, "invalid_argument");
}
