#include "tests/api/lab.hpp"

#include <catch2/catch.hpp>

#include <fstream>

using namespace troupe;
using namespace troupe::test;

namespace {

/// A project whose agent in this role is a person.
void project_with_person(api_lab const& lab, std::string_view role) {
  auto config = lab.get("/api/templates/standard").json.at("config").as_object();
  auto roster = config.at("roster").as_array();
  for (auto& agent : roster)
    if (text_at(agent, "role") == role)
      agent.as_object()["engine"] = "human";
  lab.project("\"roster\":" + json::canonical(roster));
}

std::string send_talk(api_lab const& lab) {
  auto const made = lab.post(
      "/api/briefs",
      R"({"project":"duration","name":"talk","text":"Ada: parse_duration should accept weeks."})");
  INFO(made.body);
  REQUIRE(made.status == 201);
  return made.text("id");
}

json::array waits_of(api_lab const& lab, std::string const& agent) {
  auto const shown = lab.get("/api/agents/" + agent);
  INFO(shown.body);
  if (shown.status != 200 || !shown.json.contains("waits"))
    return {};
  return shown.json.at("waits").as_array();
}

char const* const a_brief = R"({"title":"Weeks","goal":"Durations in weeks can be read.",
  "requirements":[{"key":"R1","title":"Accept weeks in parse_duration",
  "text":"parse_duration accepts weeks.","criteria":["parse_duration('1w') is 604800"]}]})";

std::string status_of(api_lab const& lab, std::string const& brief) {
  return lab.get("/api/briefs/" + brief).text("status");
}

} // namespace

TEST_CASE("api: a person who is the pm drafts the brief", "[api]") {
  api_lab lab;
  project_with_person(lab, "pm");
  auto const brief = send_talk(lab);
  REQUIRE(eventually([&] { return waits_of(lab, "duration.pm").size() == 1; }));

  // Who must do what until when.
  auto const asked = waits_of(lab, "duration.pm").front();
  CHECK(text_at(asked, "owner") == "agent:duration.pm");
  CHECK(text_at(asked, "action") == "Draft a brief from talk.");
  CHECK(text_at(asked, "content") == "brief");
  CHECK(text_at(asked, "asked_by") == "brief:" + brief);
  CHECK(asked.at("deadline").to_number<std::int64_t>() > 1'700'000'000'000);
  auto const message = text_at(asked, "message");
  CHECK(status_of(lab, brief) == "drafting");

  auto const route = std::string{"/api/agents/duration.pm/answer"};
  {
    // What the brief could not use is refused while the person still sees it.
    unchanged const guard{lab};
    CHECK(text_at(refused(lab.post(route, R"({"text":"weeks, please"})"), 400, "invalid_argument"),
                  "field") == "content");
    refused(lab.post(route, R"({"content":{"title":"no requirements"}})"), 400, "invalid_argument");
    refused(lab.post(route, R"({"content":{"tittle":"x"}})"), 400, "invalid_argument");
    refused(lab.post(route, R"({"message":"nope","content":{}})"), 409, "conflict");
    refused(lab.post("/api/agents/duration.qa/answer", R"({"text":"x"})"),
            lab.get("/api/agents/duration.qa").status == 200 ? 409 : 404,
            lab.get("/api/agents/duration.qa").status == 200 ? "conflict" : "not_found");
  }

  auto const body =
      R"({"message":")" + message + R"(","text":"Weeks it is.","content":)" + a_brief + "}";
  api_lab::headers const key{{"Idempotency-Key", "one-answer"}};
  auto const done = lab.post(route, body, key);
  INFO(done.body);
  REQUIRE(done.status == 200);
  REQUIRE(eventually([&] { return status_of(lab, brief) == "pending_approval"; }));
  auto const drafted = lab.get("/api/briefs/" + brief);
  CHECK(text_at(drafted.json.at("content"), "title") == "Weeks");
  CHECK(waits_of(lab, "duration.pm").empty());
  CHECK(lab.get("/api/agents/duration.pm").text("status") == "idle");

  // Sent again it has no second effect; another answer comes too late.
  CHECK(lab.post(route, body, key).status == 200);
  refused(lab.post(route, body), 409, "conflict");
}

TEST_CASE("api: a person may say that there will be no draft", "[api]") {
  api_lab lab;
  project_with_person(lab, "pm");
  auto const brief = send_talk(lab);
  REQUIRE(eventually([&] { return waits_of(lab, "duration.pm").size() == 1; }));
  CHECK(lab.post("/api/agents/duration.pm/answer", R"({"refuse":"nothing was decided"})").status ==
        200);
  REQUIRE(eventually([&] { return status_of(lab, brief) == "REJECTED"; }));
  CHECK(lab.get("/api/briefs/" + brief).text("why").find("nothing was decided") !=
        std::string::npos);
}

TEST_CASE("api: a person's question outlives the server", "[api]") {
  api_lab lab;
  project_with_person(lab, "pm");
  auto const brief = send_talk(lab);
  REQUIRE(eventually([&] { return waits_of(lab, "duration.pm").size() == 1; }));
  auto const before = waits_of(lab, "duration.pm");
  lab.crash();
  lab.open();
  REQUIRE(eventually([&] { return waits_of(lab, "duration.pm").size() == 1; }));
  CHECK(waits_of(lab, "duration.pm") == before);
  CHECK(lab.post("/api/agents/duration.pm/answer", std::string{R"({"content":)"} + a_brief + "}")
            .status == 200);
  REQUIRE(eventually([&] { return status_of(lab, brief) == "pending_approval"; }));
}

TEST_CASE("api: a person who is the tech lead makes the plan, from the command line", "[api]") {
  api_lab lab;
  project_with_person(lab, "tech-lead");
  auto const brief = send_talk(lab);
  REQUIRE(eventually([&] { return status_of(lab, brief) == "pending_approval"; }));
  REQUIRE(lab.post("/api/briefs/" + brief + "/approve").status == 200);
  std::string agent;
  auto const all = lab.get("/api/agents?project=duration");
  for (auto const& a : all.json.at("items").as_array())
    if (text_at(a.at("spec"), "role") == "tech-lead")
      agent = text_at(a, "id");
  REQUIRE_FALSE(agent.empty());
  REQUIRE(eventually([&] { return waits_of(lab, agent).size() == 1; }));
  CHECK(text_at(waits_of(lab, agent).front(), "content") == "plan");

  auto const file = lab.home() / "plan.json";
  std::ofstream{file} << R"({"items":[{"key":"1","title":"Accept weeks in parse_duration",
    "text":"parse_duration accepts weeks.","role":"dev","criteria":["1w is 604800 seconds"],
    "requirements":["R1"]}]})";
  auto const troupe = [&](std::vector<std::string> words) {
    for (auto const& w : {std::string{"--server"}, lab.url(), std::string{"--token-file"},
                          (lab.data() / "admin.token").string()})
      words.push_back(w);
    return run_troupe(words, lab.home());
  };
  auto const shown = troupe({"agents", "show", agent});
  CHECK(shown.out.find("with plan") != std::string::npos);
  CHECK(troupe({"agents", "answer", agent}).exit_code == 2);
  CHECK(troupe({"agents", "answer", agent, "soon"}).exit_code != 0);
  auto const done = troupe({"agents", "answer", agent, "--file", file.string()});
  INFO(done.out << done.err);
  REQUIRE(done.exit_code == 0);
  REQUIRE(eventually([&] {
    auto const page = lab.get("/api/plans?status=pending_approval&brief=" + brief);
    return page.status == 200 && !page.json.at("items").as_array().empty();
  }));
}
