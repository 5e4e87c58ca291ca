#include "tests/api/puppet.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::test;

namespace {

/// A plan is approved, and nobody is there to work it; the address of one of its tickets.
struct idle_lab {
  project_lab lab;
  std::string brief = lab.pending_brief();
  std::string plan = lab.pending_plan(brief);

  [[nodiscard]] std::string ready_ticket() const {
    (void)lab.running(plan);
    auto const page = lab.get("/api/tickets?status=ready");
    return "/api/tickets/" + text_at(page.json.at("items").as_array().front(), "id");
  }
};

/// The plan's content with another role for its first item, as a body for PUT.
std::string with_role(api_lab const& lab, std::string const& plan, std::string const& role) {
  auto content = lab.get("/api/plans/" + plan).json.at("content").as_object();
  content.at("items").as_array().front().as_object()["role"] = role;
  return json::canonical(json::object{{"content", content}});
}

bool knows(json::object const& problem, std::string_view word) {
  for (auto const& known : problem.at("known").as_array())
    if (known.as_string() == word)
      return true;
  return false;
}

} // namespace

TEST_CASE_METHOD(idle_lab, "api: a ticket says that no connected daemon offers its profile",
                 "[api]") {
  auto const project = lab.get("/api/projects/duration");
  CHECK(project.json.at("lacks").as_array().size() == 1); // also before there is a ticket
  auto const ticket = ready_ticket();
  auto const lacks = lacks_of(lab, ticket);
  CHECK(text_at(lacks, "for") == "daemon");
  CHECK(text_at(lacks, "role") == "dev");
  CHECK(text_at(lacks, "profile") == "command");
  CHECK(text_at(lacks, "text") == "a connected daemon with the profile command");
  CHECK(text_at(lacks, "do").find("troupe daemon enroll") != std::string::npos);
  CHECK(text_at(lacks, "do").find("troupe daemon run --command") != std::string::npos);
  auto const page = lab.get("/api/tickets?status=ready");
  for (auto const& t : page.json.at("items").as_array())
    CHECK(t.as_object().contains("lacks"));

  puppet daemon{lab};
  // Enrolled, and not there: it need not be enrolled again.
  CHECK(text_at(lacks_of(lab, ticket), "do").find("enroll") == std::string::npos);
  daemon.connect();
  CHECK(eventually([&] {
    auto const all = lab.get("/api/tickets?limit=500");
    for (auto const& t : all.json.at("items").as_array())
      if (t.as_object().contains("lacks"))
        return false;
    return true;
  }));
  CHECK(lab.get("/api/projects/duration").json.at("lacks").as_array().empty());
}

TEST_CASE_METHOD(idle_lab, "api: a ticket says that its agents rest", "[api]") {
  auto const ticket = ready_ticket();
  puppet daemon{lab};
  for (auto const* agent : {"duration.dev-ada", "duration.dev-grace"})
    REQUIRE(lab.post(std::string{"/api/agents/"} + agent + "/pause").status == 200);
  REQUIRE(eventually([&] { return text_at(lacks_of(lab, ticket), "for") == "agent"; }));
  auto const lacks = lacks_of(lab, ticket);
  CHECK(text_at(lacks, "text").find("dev-ada is paused") != std::string::npos);
  CHECK(text_at(lacks, "do").find("troupe agents resume duration.dev-") != std::string::npos);
}

TEST_CASE_METHOD(idle_lab, "api: a paused run lacks a person's word, and so do its tickets",
                 "[api]") {
  auto const ticket = ready_ticket();
  auto const run = lab.get(ticket).text("run");
  REQUIRE(lab.post("/api/runs/" + run + "/pause").status == 200);
  REQUIRE(eventually([&] { return text_at(lacks_of(lab, ticket), "for") == "run"; }));
  CHECK(lacks_of(lab, ticket) == lacks_of(lab, "/api/runs/" + run));
  CHECK(text_at(lacks_of(lab, ticket), "do").find("`troupe run resume " + run + "`") !=
        std::string::npos);
  REQUIRE(lab.post("/api/runs/" + run + "/resume").status == 200);
  CHECK(eventually([&] { return text_at(lacks_of(lab, ticket), "for") == "daemon"; }));
  CHECK(lacks_of(lab, "/api/runs/" + run).empty());
}

TEST_CASE("api: a daemon for other repositories is no help, and that is said", "[api]") {
  api_lab lab;
  lab.project();
  puppet daemon{lab};
  daemon.connect({}, {"abacus"});
  REQUIRE(eventually([&] { return daemon.status() == "online"; }));
  (void)lab.running(lab.pending_plan(lab.pending_brief()));
  auto const page = lab.get("/api/tickets?status=ready");
  auto const& first = page.json.at("items").as_array().front();
  CHECK(text_at(first.at("lacks"), "text") ==
        "a connected daemon that may work in /srv/duration.git");
  CHECK(text_at(first.at("lacks"), "do").find("--repository") != std::string::npos);
}

TEST_CASE_METHOD(idle_lab, "api: a plan for a role that nobody has is refused with those there are",
                 "[api]") {
  unchanged const guard{lab};
  auto const no = lab.put("/api/plans/" + plan, with_role(lab, plan, "poet"));
  refused(no, 400, "invalid_argument");
  CHECK(no.text("detail").find("the role poet") != std::string::npos);
  CHECK(no.text("detail").find("dev") != std::string::npos);
  CHECK(no.json.at("problems").as_array().size() == 1);
  for (auto const* role : {"dev", "pm", "qa", "tech-lead", "chief-of-staff"})
    CHECK(knows(no.json, role));
}

TEST_CASE_METHOD(idle_lab, "api: a plan may name a role that the project has got since", "[api]") {
  hire_poet(lab);
  CHECK(eventually(
      [&] { return lab.put("/api/plans/" + plan, with_role(lab, plan, "poet")).status == 200; }));
}

TEST_CASE("api: a plan that an agent drafts for a role that nobody has is sent back to it",
          "[api]") {
  api_lab lab;
  // The plan is made by a person, whose word is not an edit.
  auto roster = lab.get("/api/templates/standard").json.at("config").at("roster").as_array();
  for (auto& agent : roster)
    if (text_at(agent, "role") == "tech-lead")
      agent.as_object()["engine"] = "human";
  lab.project("\"roster\":" + json::canonical(roster));
  auto const brief = lab.pending_brief();
  REQUIRE(lab.post("/api/briefs/" + brief + "/approve").status == 200);
  auto const answer_with = [&](std::string const& role) {
    auto const item = json::object{
        {"key", "1"}, {"title", "Write verses"}, {"role", role}, {"criteria", {"They rhyme."}}};
    return lab.post("/api/agents/duration.tech-lead/answer",
                    json::canonical(
                        json::object{{"content", json::object{{"items", json::array{item}}}}}))
               .status == 200;
  };
  auto const plan = "/api/plans/" + brief + ".p1";
  REQUIRE(eventually([&] { return answer_with("poet"); }));
  REQUIRE(eventually([&] { return lab.get(plan).text("status") == "invalid"; }));
  auto const why = lab.get(plan).json.at("problems").as_array();
  REQUIRE(why.size() == 1);
  CHECK(std::string{why.front().as_string()}.find(
            "item 1 is for the role poet, which no agent of the project has; there are: ") == 0);
  // The next question says so, and its answer is good.
  REQUIRE(eventually([&] {
    auto const asked = lab.get("/api/agents/duration.tech-lead").json.at("waits").as_array();
    return asked.size() == 1 &&
           json::canonical(asked.front()).find("for the role poet") != std::string::npos;
  }));
  REQUIRE(eventually([&] { return answer_with("dev"); }));
  CHECK(eventually([&] { return lab.get(plan).text("status") == "pending_approval"; }));
}

TEST_CASE_METHOD(idle_lab, "api: a plan for a role that nobody has any more is not approved",
                 "[api]") {
  hire_poet(lab);
  REQUIRE(eventually(
      [&] { return lab.put("/api/plans/" + plan, with_role(lab, plan, "poet")).status == 200; }));
  REQUIRE(eventually(
      [&] { return lab.get("/api/plans/" + plan).text("status") == "pending_approval"; }));
  std::string id;
  REQUIRE(eventually([&] { return !(id = waiting_approval(lab, "plan", plan)).empty(); }));
  REQUIRE(lab.post("/api/agents/duration.homer/retire").status == 200);
  // The board tells who is in the project, a moment after the agent itself.
  REQUIRE(eventually(
      [&] { return lab.put("/api/plans/" + plan, with_role(lab, plan, "poet")).status == 400; }));
  {
    unchanged const guard{lab};
    for (auto const& [path, body] :
         {std::pair<std::string, std::string>{"/api/plans/" + plan + "/approve", {}},
          {"/api/approvals/" + id + "/decide", R"({"how":"approve"})"}}) {
      INFO(path);
      auto const no = lab.post(path, body);
      refused(no, 409, "conflict");
      CHECK(no.text("state") == "pending_approval");
      CHECK(knows(no.json, "dev"));
    }
  }
  CHECK(lab.post("/api/plans/" + plan + "/revise", R"({"notes":"no verses"})").status == 200);
}

TEST_CASE_METHOD(refusing_lab, "api: a status that there is not is refused with those there are",
                 "[api]") {
  for (auto const* kind : {"projects", "briefs", "plans", "tickets", "runs", "agents", "approvals",
                           "daemons", "tokens", "budgets"}) {
    INFO(kind);
    auto const no = lab.get(std::string{"/api/"} + kind + "?status=foo");
    refused(no, 400, "invalid_argument");
    CHECK(no.text("field") == "status");
    auto const& known = no.json.at("known").as_array();
    REQUIRE_FALSE(known.empty());
    for (auto const& status : known) {
      CHECK(status.as_string() != "none");
      CHECK(lab.get(std::string{"/api/"} + kind + "?status=" + std::string{status.as_string()})
                .status == 200);
    }
  }
  CHECK(lab.get("/api/tickets?status=failed_pending").status == 200);
}
