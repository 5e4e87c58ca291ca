#include "persistence/memory/memory_store.hpp"
#include "tests/api/inner_node.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::test;

namespace {

/// A node behind a real server, whose entities the test can crash.
struct served_node {
  inner_node inner{open_memory_store()};
  edge_lab edge;

  served_node() {
    for (auto& r : all_routes(*inner.edge))
      edge.routes.add(std::move(r));
    edge.start();
  }
  ~served_node() { edge.server->stop(std::chrono::seconds{5}); }

  raw_answer ask(std::string const& method, std::string const& path, std::string const& body = {}) {
    auto const who = "Authorization: Bearer " + edge.admin + "\r\n";
    return edge.ask(method == "GET" ? edge_lab::get(path, who) : edge_lab::post(path, body, who));
  }
  /// Whoever asked takes the entity down with it.
  void crash(std::string const& project) const {
    inner.n->query({inner_tenant, entity_kind::project, project},
                   [](result<json::value> const& state) {
                     if (state)
                       throw std::runtime_error{"poison"};
                   });
  }
};

} // namespace

TEST_CASE("api: an entity in quarantine is a 503 that says when to come again", "[api]") {
  served_node lab;
  for (auto const* name : {"tally", "other"})
    REQUIRE(lab.ask("POST", "/api/projects",
                    json::canonical(
                        json::object{{"id", name}, {"config", {{"repository", "/srv/x.git"}}}}))
                .status == 201);
  raw_answer refused;
  REQUIRE(eventually([&] {
    lab.crash("tally");
    refused = lab.ask("GET", "/api/projects/tally");
    return refused.status == 503;
  }));
  auto const is_complete = [](raw_answer const& a) {
    INFO(a.body);
    CHECK(a.status == 503);
    CHECK(a.headers.get("Content-Type") == "application/problem+json");
    auto const seconds = std::stoi(std::string{a.headers.get("Retry-After")});
    CHECK(seconds > 1);
    CHECK(seconds <= 3600);
    auto const problem = a.json();
    CHECK(problem.at("status") == 503);
    CHECK(problem.at("type") == "urn:troupe:problem:unavailable");
    std::string const detail{problem.at("detail").as_string()};
    CHECK(detail.find("default/project/tally is quarantined after repeated crashes") == 0);
    CHECK(detail.find("tried again in " + std::to_string(seconds) + " s") != std::string::npos);
  };
  is_complete(refused);
  is_complete(lab.ask("POST", "/api/projects/tally/archive"));
  // It is alone in that.
  CHECK(lab.ask("GET", "/api/projects/other").status == 200);
  auto const ready = lab.ask("GET", "/readyz");
  CHECK(ready.status == 200);
  CHECK(ready.json().at("quarantined") == 1);
}
