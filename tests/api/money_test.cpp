#include "tests/api/lab.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::test;

namespace {

char const* const budget = "/api/budgets/project:duration";
char const* const grant = "/api/budgets/project:duration/grant";

/// A project with this much money, whose budget is there.
void project_with_money(api_lab const& lab) {
  lab.project(R"("limits":{"budget_micros":1000000})");
  REQUIRE(eventually([&] { return lab.get(budget).status == 200; }));
}

/// A project whose developers are people.
void project_with_people(api_lab const& lab) {
  auto config = lab.get("/api/templates/standard").json.at("config").as_object();
  auto roster = config.at("roster").as_array();
  for (auto& agent : roster)
    if (text_at(agent, "role") == "dev")
      agent.as_object()["engine"] = "human";
  lab.project("\"roster\":" + json::canonical(roster));
}

std::int64_t granted(api_lab const& lab) {
  auto const shown = lab.get(budget);
  INFO(shown.body);
  REQUIRE(shown.status == 200);
  return shown.json.at("scopes").at("project:duration").at("granted").to_number<std::int64_t>();
}

bool allows(api_answer const& a, std::string_view status) {
  for (auto const& s : a.json.at("allowed").as_array())
    if (s.as_string() == status)
      return true;
  return false;
}

/// The ticket's id, when it lies in the hands of a person.
std::string given_to_person(api_lab const& lab) {
  auto const made = lab.post("/api/tickets", R"({"project":"duration","title":"Call the customer",
    "text":"Ask which durations they write.","role":"dev","criteria":["We know it."]})");
  INFO(made.body);
  REQUIRE(made.status == 201);
  auto const id = made.text("id");
  REQUIRE(eventually([&] { return lab.get("/api/tickets/" + id).text("status") == "claimed"; }));
  return id;
}

std::vector<std::string> const posts{
    grant,          "/api/runs/nope/start",    "/api/runs/nope/stop", "/api/runs/nope/continue",
    "/api/tickets", "/api/tickets/nope/report"};

api_lab::headers key(std::string const& k) {
  return {{"Idempotency-Key", k}};
}

} // namespace

TEST_CASE("api: money and runs are for those who have a token with the role", "[api]") {
  api_lab lab;
  project_with_money(lab);
  auto const viewer = api_lab::as(lab.token_for("viewer"));
  auto const developer = api_lab::as(lab.token_for("developer"));
  unchanged const guard{lab};
  api_lab::headers const nobody{{"Authorization", ""}};
  refused(lab.get("/api/budgets", nobody), 401, "unauthorized");
  refused(lab.get(budget, nobody), 401, "unauthorized");
  CHECK(lab.get("/api/budgets", viewer).status == 200);
  CHECK(lab.get(budget, viewer).status == 200);
  for (auto const& path : posts) {
    INFO(path);
    refused(lab.post(path, "{}", nobody), 401, "unauthorized");
    auto const a = lab.post(path, "{}", viewer);
    refused(a, 403, "forbidden");
    CHECK(a.text("role") == (path == grant ? "approver" : "developer"));
  }
  refused(lab.post(grant, R"({"amount":5})", developer), 403, "forbidden");
}

TEST_CASE("api: a budget is shown and granted more", "[api]") {
  api_lab lab;
  project_with_money(lab);
  api_answer page;
  REQUIRE(eventually([&] {
    page = lab.get("/api/budgets?status=open");
    REQUIRE(page.status == 200);
    return page.json.at("items").as_array().size() == 1;
  }));
  CHECK(text_at(page.json.at("items").at(0), "id") == "project:duration");
  CHECK(lab.get("/api/budgets?status=exhausted").json.at("items").as_array().empty());
  CHECK(lab.get("/api/budgets/project%3Aduration").text("status") == "open");
  CHECK(granted(lab) == 1000000);

  auto const approver = api_lab::as(lab.token_for("approver"));
  auto const done = lab.post(grant, R"({"amount":500})", approver);
  INFO(done.body);
  CHECK(done.status == 200);
  CHECK(done.text("id") == "project:duration");
  CHECK(granted(lab) == 1000500);
  CHECK(lab.post(grant, R"({"amount":500,"scope":"project:duration"})").status == 200);
  CHECK(granted(lab) == 1001000);

  // The same request again is the same grant.
  for (int i = 0; i < 2; ++i)
    CHECK(lab.post(grant, R"({"amount":7})", key("seven")).status == 200);
  CHECK(granted(lab) == 1001007);
  refused(lab.post(grant, R"({"amount":8})", key("seven")), 422, "conflict");
  lab.crash();
  lab.open();
  CHECK(lab.post(grant, R"({"amount":7})", key("seven")).status == 200);
  CHECK(granted(lab) == 1001007);
}

TEST_CASE("api: grants that make no sense are refused", "[api]") {
  api_lab lab;
  project_with_money(lab);
  unchanged const guard{lab};
  struct row {
    char const *body, *field;
  };
  for (auto const& r :
       {row{"{}", "amount"}, row{R"({"amount":0})", "amount"}, row{R"({"amount":-5})", "amount"},
        row{R"({"amount":"5"})", "amount"}, row{R"({"amount":1.5})", "amount"},
        row{R"({"amount":9000000000000000000})", "amount"},
        row{R"({"amount":5,"scope":1})", "scope"}, row{R"({"amount":5,"parent":"x"})", "parent"}}) {
    INFO(r.body);
    auto const a = lab.post(grant, r.body);
    refused(a, 400, "invalid_argument");
    CHECK(a.text("field") == r.field);
  }
  refused(lab.post(grant), 400, "invalid_argument");
  auto const scope = lab.post(grant, R"({"amount":5,"scope":"run:nope"})");
  refused(scope, 404, "not_found");
  CHECK(scope.text("field") == "scope");
  for (auto const* id : {"nope", "project:nope", "duration", "a%2Fb"}) {
    INFO(id);
    refused(lab.get(std::string{"/api/budgets/"} + id), 404, "not_found");
    refused(lab.post(std::string{"/api/budgets/"} + id + "/grant", R"({"amount":5})"), 404,
            "not_found");
  }
  CHECK(text_at(refused(lab.get("/api/budgets?project=duration"), 400, "invalid_argument"),
                "field") == "project");
}

TEST_CASE("api: a run is stopped, and continued by another when a person says so", "[api]") {
  api_lab lab;
  lab.project();
  auto const run = lab.running(lab.pending_plan(lab.pending_brief()));
  auto const at = "/api/runs/" + run;
  {
    unchanged const guard{lab};
    CHECK(lab.post(at + "/start").text("status") == "running"); // it is
    auto const early = lab.post(at + "/continue");
    refused(early, 409, "conflict");
    CHECK(early.text("state") == "running");
    CHECK(allows(early, "STOPPED_OPERATOR"));
    for (auto const* step : {"start", "stop", "continue"}) {
      INFO(step);
      refused(lab.post(std::string{"/api/runs/nope/"} + step), 404, "not_found");
      auto const unknown = lab.post(at + "/" + step, R"({"when":"now"})");
      refused(unknown, 400, "invalid_argument");
      CHECK(unknown.text("field") == "when");
    }
    CHECK(text_at(refused(lab.post(at + "/stop", R"({"why":5})"), 400, "invalid_argument"),
                  "field") == "why");
  }
  auto const stopped = lab.post(at + "/stop", R"({"why":"the release comes first"})");
  INFO(stopped.body);
  REQUIRE(stopped.status == 200);
  CHECK(stopped.text("status") == "STOPPED_OPERATOR");
  CHECK(stopped.text("why") == "the release comes first");
  {
    unchanged const guard{lab};
    CHECK(lab.post(at + "/stop").status == 200); // it is
    for (auto const* step : {"start", "pause", "resume"}) {
      INFO(step);
      auto const a = lab.post(at + "/" + step);
      refused(a, 409, "conflict");
      CHECK(a.text("state") == "STOPPED_OPERATOR");
    }
  }
  auto const asked = lab.post(at + "/continue", R"({"why":"The release is out."})");
  INFO(asked.body);
  REQUIRE(asked.status == 200);
  auto const approval = "/api/approvals/" + run + ".c1";
  REQUIRE(eventually([&] { return lab.get(approval).text("status") == "pending"; }));
  CHECK(lab.get(approval).text("question").find("The release is out.") != std::string::npos);

  SECTION("approved") {
    CHECK(lab.post(approval + "/decide", R"({"how":"approve"})").status == 200);
    std::string next;
    REQUIRE(eventually([&] { return !(next = lab.get(at).text("next")).empty(); }));
    CHECK(next != run);
    REQUIRE(eventually([&] { return lab.get("/api/runs/" + next).text("status") == "running"; }));
    unchanged const guard{lab};
    CHECK(lab.post(at + "/continue").text("next") == next); // it is
    CHECK(lab.get("/api/runs/" + next).text("continues") == run);
  }
  SECTION("rejected, asked again, and given up") {
    CHECK(lab.post(approval + "/decide", R"({"how":"reject"})").status == 200);
    auto const second = "/api/approvals/" + run + ".c2";
    REQUIRE(eventually([&] {
      return lab.post(at + "/continue").status == 200 &&
             lab.get(second).text("status") == "pending";
    }));
    auto const over = lab.post(at + "/cancel", R"({"why":"not any more"})");
    INFO(over.body);
    REQUIRE(over.status == 200);
    CHECK(over.json.at("given_up").as_bool());
    unchanged const guard{lab};
    auto const a = lab.post(at + "/continue");
    refused(a, 409, "conflict");
    CHECK(a.text("detail").find("given up") != std::string::npos);
  }
}

TEST_CASE("api: a ticket made by hand is done by a person, who reports", "[api]") {
  api_lab lab;
  project_with_people(lab);
  auto const id = given_to_person(lab);
  auto const at = "/api/tickets/" + id;
  auto const ticket = lab.get(at);
  CHECK(text_at(ticket.json.at("item"), "title") == "Call the customer");
  // The run hears of its ticket's first step after the ticket has taken it.
  REQUIRE(eventually(
      [&] { return lab.get("/api/runs/" + ticket.text("run")).text("status") == "running"; }));
  {
    unchanged const guard{lab};
    struct row {
      char const *body, *field;
    };
    for (auto const& r : {row{"{}", "summary"}, row{R"({"summary":" "})", "summary"},
                          row{R"({"outcome":"stalled","summary":"x"})", "outcome"},
                          row{R"({"outcome":"great","summary":"x"})", "outcome"},
                          row{R"({"summary":"x","head":"HEAD"})", "head"},
                          row{R"({"summary":"x","base":"0000"})", "base"},
                          row{R"({"summary":"x","token":1})", "token"}}) {
      INFO(r.body);
      auto const a = lab.post(at + "/report", r.body);
      refused(a, 400, "invalid_argument");
      CHECK(a.text("field") == r.field);
    }
    refused(lab.post("/api/tickets/nope/report", R"({"summary":"x"})"), 404, "not_found");
  }
  auto const body = R"({"outcome":"done","summary":"They write weeks as 1w."})";
  auto const done = lab.post(at + "/report", body, key("called"));
  INFO(done.body);
  REQUIRE(done.status == 200);
  CHECK(done.text("status") != "claimed");
  CHECK(done.body.find("They write weeks as 1w.") != std::string::npos);

  // Sent again it has no second effect; another one comes too late.
  unchanged const guard{lab};
  CHECK(lab.post(at + "/report", body, key("called")).status == 200);
  auto const late = lab.post(at + "/report", body);
  refused(late, 409, "conflict");
  CHECK_FALSE(late.json.at("allowed").as_array().empty());
  refused(lab.post(at + "/report", R"({"summary":"another"})", key("called")), 422, "conflict");
}

TEST_CASE("api: a person's work that cannot stand comes back, with a commit it goes on", "[api]") {
  api_lab lab;
  project_with_people(lab);
  auto const id = given_to_person(lab);
  auto const at = "/api/tickets/" + id;
  auto const attempt = [&] { return lab.get(at).json.at("last_token").to_number<int>(); };
  REQUIRE(attempt() == 1);
  CHECK(lab.post(at + "/report",
                 R"({"outcome":"changes_requested","summary":"Nobody answers the phone."})")
            .status == 200);
  // It is a new attempt of the same ticket.
  REQUIRE(eventually([&] { return attempt() == 2 && lab.get(at).text("status") == "claimed"; }));
  std::string const head(40, 'a');
  auto const done = lab.post(at + "/report", R"({"outcome":"done","summary":"Written down.",
    "base":"0000000000000000000000000000000000000000","head":")" +
                                                 head + "\"}");
  INFO(done.body);
  REQUIRE(done.status == 200);
  CHECK(text_at(done.json.at("proof"), "head") == head);
  CHECK(text_at(done.json.at("proof"), "branch") == "agent/" + id);
}

TEST_CASE("api: tickets by hand that make no sense are refused", "[api]") {
  api_lab lab;
  lab.project();
  SECTION("a wrong body") {
    unchanged const guard{lab};
    struct row {
      char const *body, *field;
    };
    for (auto const& r :
         {row{R"({"title":"x"})", "project"}, row{R"({"project":"duration"})", "title"},
          row{R"({"project":"duration","title":" \n"})", "title"},
          row{R"({"project":"duration","title":"x","role":"poet"})", "role"},
          row{R"({"project":"duration","title":"x","criteria":["a",""]})", "criteria"},
          row{R"({"project":"duration","title":"x","importance":"huge"})", "importance"},
          row{R"({"project":"duration","title":"x","key":"7"})", "key"}}) {
      INFO(r.body);
      auto const a = lab.post("/api/tickets", r.body);
      refused(a, 400, "invalid_argument");
      CHECK(a.text("field") == r.field);
    }
    refused(lab.post("/api/tickets"), 400, "invalid_argument");
    refused(lab.post("/api/tickets", R"({"project":"nope","title":"x"})"), 404, "not_found");
  }
  SECTION("a project that is archived") {
    auto const body = R"({"project":"duration","title":"x"})";
    auto const made = lab.post("/api/tickets", body, key("one"));
    INFO(made.body);
    REQUIRE(made.status == 201);
    REQUIRE(eventually(
        [&] { return lab.get("/api/tickets/" + made.text("id")).text("status") == "ready"; }));
    CHECK(lab.post("/api/projects/duration/archive").status == 200);
    unchanged const guard{lab};
    auto const a = lab.post("/api/tickets", body);
    refused(a, 409, "conflict");
    CHECK(a.text("state") == "ARCHIVED");
    // What was made before is still what was made.
    auto const again = lab.post("/api/tickets", body, key("one"));
    CHECK(again.status == 201);
    CHECK(again.text("id") == made.text("id"));
  }
  SECTION("a ticket that no person holds") {
    auto const made = lab.post("/api/tickets", R"({"project":"duration","title":"x"})");
    auto const at = "/api/tickets/" + made.text("id");
    REQUIRE(eventually([&] { return lab.get(at).text("status") == "ready"; }));
    unchanged const guard{lab};
    auto const a = lab.post(at + "/report", R"({"summary":"x"})");
    refused(a, 409, "conflict");
    CHECK(a.text("state") == "ready");
    CHECK(allows(a, "claimed"));
  }
}
