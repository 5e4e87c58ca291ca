#include "tests/api/lab.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::test;

TEST_CASE_METHOD(project_lab,
                 "api: an edit sent again gives the first answer, although its role "
                 "has nobody any more",
                 "[api]") {
  auto const plan = pending_plan(pending_brief());
  auto const path = "/api/plans/" + plan;
  hire_poet(*this);

  auto content = get(path).json.at("content").as_object();
  content.at("items").as_array().front().as_object()["role"] = "poet";
  auto const edit = json::canonical(json::object{{"content", content}});
  auto const send = [&](std::string const& key) {
    return call("PUT", path, edit,
                {{"Content-Type", "application/json"}, {"Idempotency-Key", key}});
  };
  auto const first = send("once");
  INFO(first.body);
  REQUIRE(first.status == 200);
  REQUIRE(post("/api/agents/duration.homer/retire").status == 200);
  REQUIRE(
      eventually([&] { return get("/api/agents/duration.homer").text("status") == "RETIRED"; }));

  unchanged const guard{*this};
  // The board tells who is in the project, a moment after the agent itself.
  REQUIRE(eventually([&] { return send("twice").status == 400; }));
  auto const again = send("once");
  INFO(again.body);
  CHECK(again.status == 200);
  CHECK(again.text("id") == plan);
  // The key is that of this edit.
  content.at("items").as_array().front().as_object()["title"] = "Write verses";
  refused(call("PUT", path, json::canonical(json::object{{"content", content}}),
               {{"Content-Type", "application/json"}, {"Idempotency-Key", "once"}}),
          422, "conflict");
}
