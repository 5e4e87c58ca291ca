#include "tests/api/lab.hpp"

#include <catch2/catch.hpp>

#include <regex>
#include <set>

using namespace troupe;
using namespace troupe::test;

namespace {

/// Every row of the table of routes, with the role it asks for; what each refuses is derived.
struct row {
  std::string method, path, role;
};
std::vector<row> const table = {
    {"GET", "/api/dead-letters", "admin"},
    {"GET", "/api/templates", "viewer"},
    {"GET", "/api/templates/{ref}", "viewer"},
    {"POST", "/api/projects", "admin"},
    {"GET", "/api/projects", "viewer"},
    {"GET", "/api/projects/{id}", "viewer"},
    {"PATCH", "/api/projects/{id}", "admin"},
    {"POST", "/api/projects/{id}/archive", "admin"},
    {"GET", "/api/agents", "viewer"},
    {"GET", "/api/agents/{id}", "viewer"},
    {"POST", "/api/agents/{id}/answer", "developer"},
    {"POST", "/api/agents/{id}/pause", "developer"},
    {"POST", "/api/agents/{id}/resume", "developer"},
    {"POST", "/api/agents/{id}/retire", "admin"},
    {"POST", "/api/briefs", "developer"},
    {"POST", "/api/sources", "developer"},
    {"GET", "/api/briefs", "viewer"},
    {"GET", "/api/briefs/{id}", "viewer"},
    {"PUT", "/api/briefs/{id}", "developer"},
    {"POST", "/api/briefs/{id}/approve", "approver"},
    {"POST", "/api/briefs/{id}/revise", "approver"},
    {"POST", "/api/briefs/{id}/reject", "approver"},
    {"POST", "/api/briefs/{id}/resend", "approver"},
    {"POST", "/api/briefs/{id}/hold", "developer"},
    {"POST", "/api/briefs/{id}/resume", "developer"},
    {"POST", "/api/briefs/{id}/cancel", "developer"},
    {"GET", "/api/plans", "viewer"},
    {"GET", "/api/plans/{id}", "viewer"},
    {"PUT", "/api/plans/{id}", "developer"},
    {"POST", "/api/plans/{id}/approve", "approver"},
    {"POST", "/api/plans/{id}/revise", "approver"},
    {"POST", "/api/plans/{id}/reject", "approver"},
    {"GET", "/api/approvals", "viewer"},
    {"GET", "/api/approvals/{id}", "viewer"},
    {"POST", "/api/approvals/{id}/decide", "approver"},
    {"GET", "/api/tickets", "viewer"},
    {"GET", "/api/tickets/{id}", "viewer"},
    {"POST", "/api/tickets/{id}/comments", "developer"},
    {"POST", "/api/tickets/{id}/review", "approver"},
    {"POST", "/api/tickets/{id}/resolve", "developer"},
    {"POST", "/api/tickets/{id}/cancel", "developer"},
    {"POST", "/api/tickets/{id}/answer", "developer"},
    {"GET", "/api/runs", "viewer"},
    {"GET", "/api/runs/{id}", "viewer"},
    {"POST", "/api/runs/{id}/pause", "developer"},
    {"POST", "/api/runs/{id}/resume", "developer"},
    {"POST", "/api/runs/{id}/cancel", "developer"},
    {"POST", "/api/runs/{id}/start", "developer"},
    {"POST", "/api/runs/{id}/stop", "developer"},
    {"POST", "/api/runs/{id}/continue", "developer"},
    {"GET", "/api/budgets", "viewer"},
    {"GET", "/api/budgets/{id}", "viewer"},
    {"POST", "/api/budgets/{id}/grant", "approver"},
    {"POST", "/api/tickets", "developer"},
    {"POST", "/api/tickets/{id}/report", "developer"},
    {"GET", "/api/events", "viewer"},
    {"GET", "/api/events/{id}", "viewer"},
    {"GET", "/api/why/{ref}", "viewer"},
    {"GET", "/api/stream", "viewer"},
    {"GET", "/api/watch", "observe"},
    {"GET", "/api/daemons", "viewer"},
    {"GET", "/api/daemons/{id}", "viewer"},
    {"POST", "/api/daemons/codes", "admin"},
    {"POST", "/api/daemons/{id}/revoke", "admin"},
    {"POST", "/api/daemons/{id}/drain", "admin"},
    {"GET", "/api/tokens", "admin"},
    {"POST", "/api/tokens", "admin"},
    {"DELETE", "/api/tokens/{id}", "admin"},
    {"GET", "/api/daemon/link", "daemon"},
    {"POST", "/api/daemons/enroll", ""},
    {"GET", "/api/system", "viewer"},
    {"GET", "/api/history/{kind}/{id}", "viewer"},
    {"GET", "/api/ledger/check", "admin"},
    {"GET", "/api/session", "viewer"},
    {"POST", "/api/session", "viewer"},
    {"POST", "/api/session/codes", "viewer"},
    {"POST", "/api/session/redeem", ""},
    {"DELETE", "/api/session", ""},
};

/// The rows as the sources have them: a route without a line in the table above is found here.
std::set<std::string> rows_in_sources() {
  std::regex const form{
      R"re(\b(get|post|post_raw|put|patch|remove|stream|socket)\(\s*"(/api/[^"]*)")re"};
  std::map<std::string, std::string> const methods{
      {"get", "GET"},     {"post", "POST"},     {"post_raw", "POST"}, {"put", "PUT"},
      {"patch", "PATCH"}, {"remove", "DELETE"}, {"stream", "GET"},    {"socket", "GET"}};
  std::set<std::string> out;
  for (auto const& file :
       std::filesystem::directory_iterator{TROUPE_SOURCE_DIR "/gateway/routes"}) {
    auto const text = text_of(file.path());
    for (std::sregex_iterator it{text.begin(), text.end(), form}, end; it != end; ++it)
      out.insert(methods.at((*it)[1]) + " " + (*it)[2].str());
  }
  return out;
}

std::string concrete(std::string path) {
  for (auto const* parameter : {"{id}", "{ref}", "{kind}"})
    if (auto const at = path.find(parameter); at != std::string::npos)
      path.replace(at, std::string{parameter}.size(), "nope");
  return path;
}

} // namespace

TEST_CASE("api: every route is in this suite", "[api]") {
  std::set<std::string> ours;
  for (auto const& r : table)
    ours.insert(r.method + " " + r.path);
  CHECK(rows_in_sources() == ours);
}

TEST_CASE("api: every route asks for a token and for its role", "[api]") {
  api_lab lab;
  std::map<std::string, std::string> tokens;
  for (auto const* role : {"viewer", "developer", "approver", "admin"})
    tokens[role] = lab.token_for(role);
  unchanged const guard{lab};
  for (auto const& r : table) {
    if (r.role.empty())
      continue;
    INFO(r.method << " " << r.path);
    auto const path = concrete(r.path);
    auto const send = [&](std::string const& token) {
      return lab.call(r.method, path, {}, api_lab::as(token));
    };
    refused(lab.call(r.method, path, {}, {{"Authorization", ""}}), 401, "unauthorized");
    if (r.role != "viewer") {
      auto const a = send(tokens["viewer"]);
      refused(a, 403, "forbidden");
      CHECK(a.text("role") == r.role);
    }
    if (r.role == "admin")
      refused(send(tokens["approver"]), 403, "forbidden");
  }
}

TEST_CASE("api: every route says which methods its address has", "[api]") {
  api_lab lab;
  unchanged const guard{lab};
  for (auto const& r : table) {
    INFO(r.method << " " << r.path);
    auto const a = lab.call("PROPFIND", concrete(r.path), {}, {});
    refused(a, 405, "invalid_argument");
    CHECK(a.headers.at("allow").find(r.method) != std::string::npos);
  }
}

TEST_CASE("api: health is told to anybody", "[api]") {
  api_lab lab;
  for (auto const* path : {"/healthz", "/readyz"}) {
    auto const a = lab.get(path, {{"Authorization", ""}});
    CHECK(a.status == 200);
    CHECK(a.text("status") == "ok");
    CHECK(lab.call("HEAD", path, {}, {}).status == 200);
  }
}

TEST_CASE("api: templates are listed and shown", "[api]") {
  api_lab lab;
  auto const all = lab.get("/api/templates");
  REQUIRE(all.status == 200);
  CHECK(all.json.at("items").as_array().size() == 3);
  auto const one = lab.get("/api/templates/company@1");
  CHECK(one.status == 200);
  CHECK(one.text("name") == "company");
  CHECK(lab.get("/api/templates/standard").text("name") == "standard");
}

TEST_CASE("api: a project is made, changed, shown and archived, its agents follow", "[api]") {
  api_lab lab;
  lab.project();
  auto const at = std::string{"/api/projects/duration"};
  CHECK(lab.get(at).text("status") == "active");
  auto const changed = lab.patch(at, R"({"test_command":"prove -l t"})");
  CHECK(changed.status == 200);
  CHECK(text_at(lab.get(at).json.at("config"), "test_command") == "prove -l t");
  REQUIRE(eventually([&] { return lab.get("/api/agents/duration.pm").status == 200; }));
  CHECK(eventually([&] {
    return lab.get("/api/agents?project=duration").json.at("items").as_array().size() >= 5;
  }));
  auto const agent = std::string{"/api/agents/duration.dev-ada"};
  REQUIRE(eventually([&] { return lab.get(agent).status == 200; }));
  CHECK(lab.post(agent + "/pause", R"({"why":"holiday"})").text("status") == "paused");
  CHECK(lab.post(agent + "/resume").text("status") == "idle");
  CHECK(lab.post(agent + "/retire", "{}").status == 200);
  CHECK(lab.post(at + "/archive").text("status") == "ARCHIVED");
  CHECK(eventually([&] {
    return lab.get("/api/projects?status=ARCHIVED").json.at("total").to_number<int>() == 1;
  }));
}

TEST_CASE("api: a brief is submitted, edited, sent back and rejected", "[api]") {
  api_lab lab;
  lab.project();
  auto const made = lab.post(
      "/api/briefs",
      R"({"project":"duration","name":"n","text":"Ann: We must print weeks in the report.\nBob: Agreed.\n"})");
  INFO(made.body);
  REQUIRE(made.status == 201);
  auto const brief = lab.pending_brief();
  auto const at = "/api/briefs/" + brief;
  CHECK(eventually([&] {
    return lab.get("/api/briefs?project=duration").json.at("total").to_number<int>() == 2;
  }));
  auto content = lab.get(at).json.at("content").as_object();
  content["title"] = "Durations, once more";
  CHECK(lab.put(at, json::canonical(json::object{{"content", content}})).status == 200);
  CHECK(text_at(lab.get(at).json.at("content"), "title") == "Durations, once more");
  auto const round = [&] { return lab.get(at).json.at("round").to_number<int>(); };
  auto const waits = [&] { return !waiting_approval(lab, "brief", brief).empty(); };
  REQUIRE(eventually(waits));
  auto const before = round();
  CHECK(lab.post(at + "/revise", R"({"notes":"shorter"})").status == 200);
  REQUIRE(eventually([&] { return round() > before && waits(); }));
  CHECK(lab.post(at + "/reject").status == 200);
  CHECK(eventually([&] { return lab.get(at).text("status") == "REJECTED"; }));
  CHECK(lab.post("/api/briefs/" + made.text("id") + "/cancel").status == 200);
}

TEST_CASE("api: a plan is edited, sent back, approved, its run is paused and cancelled", "[api]") {
  api_lab lab;
  lab.project();
  auto const brief = lab.pending_brief();
  auto plan = lab.pending_plan(brief);
  auto content = lab.get("/api/plans/" + plan).json.at("content").as_object();
  content.at("items").as_array().front().as_object()["title"] = "Read weeks";
  auto const edited =
      lab.put("/api/plans/" + plan, json::canonical(json::object{{"content", content}}));
  INFO(edited.body);
  CHECK(edited.status == 200);
  REQUIRE(eventually(
      [&] { return lab.get("/api/plans/" + plan).text("status") == "pending_approval"; }));
  REQUIRE(eventually([&] { return !waiting_approval(lab, "plan", plan).empty(); }));

  auto const run = lab.running(plan);
  auto const at = "/api/runs/" + run;
  CHECK(lab.get(at).text("status") == "running");
  CHECK(lab.post(at + "/pause", R"({"why":"lunch"})").text("status") == "paused");
  CHECK(lab.post(at + "/resume").text("status") == "running");
  auto const held = "/api/briefs/" + brief;
  CHECK(lab.post(held + "/hold", R"({"why":"wait"})").text("status") == "on_hold");
  CHECK(lab.post(held + "/resume").text("status") == "in_delivery");
  REQUIRE(eventually([&] { return lab.get(at).text("status") == "running"; }));
  auto const tickets = lab.get("/api/tickets?run=" + run).json.at("items").as_array();
  REQUIRE(tickets.size() >= 2);
  auto const ticket = text_at(tickets.front(), "id");
  CHECK(lab.get("/api/tickets/" + ticket).text("id") == ticket);
  CHECK(lab.post("/api/tickets/" + ticket + "/comments", R"({"text":"mind the gap"})").status ==
        200);
  auto const why = lab.get("/api/why/" + ticket);
  CHECK(why.status == 200);
  CHECK(why.body.find(brief) != std::string::npos);
  CHECK(lab.post("/api/tickets/" + ticket + "/cancel", R"({"why":"not needed"})").status == 200);
  CHECK(
      eventually([&] { return lab.get("/api/tickets/" + ticket).text("status") == "CANCELLED"; }));
  CHECK(lab.post(at + "/cancel").status == 200);
  CHECK(eventually([&] { return lab.get(at).text("status") == "CANCELLED"; }));
}

TEST_CASE("api: a plan that is sent back comes again, and can be rejected", "[api]") {
  api_lab lab;
  lab.project();
  auto const brief = lab.pending_brief();
  auto const plan = lab.pending_plan(brief);
  std::string approval;
  REQUIRE(eventually([&] { return !(approval = waiting_approval(lab, "plan", plan)).empty(); }));
  CHECK(lab.post("/api/approvals/" + approval + "/decide",
                 R"({"how":"revise","notes":"smaller steps"})")
            .status == 200);
  std::string again;
  REQUIRE(eventually([&] {
    auto const page = lab.get("/api/plans?status=pending_approval&brief=" + brief);
    for (auto const& p : page.json.at("items").as_array())
      again = text_at(p, "id");
    if (again.empty())
      return false;
    // For a moment the lists still have what was sent back.
    auto const next = waiting_approval(lab, "plan", again);
    return !next.empty() && next != approval;
  }));
  CHECK(lab.post("/api/plans/" + again + "/reject", R"({"notes":"no"})").status == 200);
  CHECK(eventually(
      [&] { return lab.get("/api/plans/" + again).text("status") != "pending_approval"; }));
}
