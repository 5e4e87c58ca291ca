#include "gateway/routes/dashboard.hpp"
#include "persistence/memory/memory_store.hpp"
#include "tests/api/inner_node.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::test;

namespace {

/// What the handler of a route without parameters answers to a browser.
response answer_at(api const& a, std::string const& pattern) {
  auto const routes = all_routes(a);
  auto const at = std::find_if(routes.begin(), routes.end(), [&](route const& r) {
    return r.method == "GET" && r.pattern == pattern;
  });
  REQUIRE(at != routes.end());
  request r;
  r.method = "GET";
  r.path = pattern;
  r.params["name"] = "main.js";
  response out;
  std::get<handler>(at->handle)(r, [&](response given) { out = std::move(given); });
  return out;
}

} // namespace

TEST_CASE("dashboard: a server that was built without it says so, and where the API is", "[api]") {
  REQUIRE(dashboard_files().empty());
  inner_node server{open_memory_store()};
  for (auto const* path : {"/", "/assets/{name}"}) {
    INFO(path);
    auto const out = answer_at(*server.edge, path);
    CHECK(out.status == 404);
    CHECK(out.content_type == "application/problem+json");
    CHECK(out.body.find("this server was built without the dashboard (TROUPE_DASHBOARD=OFF); the "
                        "API is at /api") != std::string::npos);
  }
}
