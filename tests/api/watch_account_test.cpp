#include "tests/api/scrape.hpp"
#include "tests/api/watch_lines.hpp"

using namespace troupe;
using namespace troupe::test;

namespace {

/// The watches of every credential, as an administrator reads them.
json::array watches(api_lab const& lab) {
  json::array out;
  auto const tokens = lab.get("/api/tokens?limit=500");
  REQUIRE(tokens.status == 200);
  for (auto const& t : tokens.json.at("items").as_array()) {
    if (auto const* of = t.as_object().if_contains("watches"))
      for (auto const& w : of->as_array())
        out.push_back(w);
  }
  return out;
}

bool is_open(json::value const& w) {
  return !w.as_object().contains("ended");
}

} // namespace

TEST_CASE("watch account: who watched what is in the ledger, with its begin and its end", "[api]") {
  api_lab lab;
  auto const token = lab.token_for("observe");
  {
    traffic_reader reader{lab, "?filter=kind%3Dproject.create&limit=5", token};
    REQUIRE(eventually([&] { return watches(lab).size() == 1; }));
    auto const w = watches(lab).front();
    CHECK(is_open(w));
    CHECK(text_at(w, "filter") == "kind=project.create");
    make_project(lab, "one");
    REQUIRE(reader.shows([](json::object const&) { return true; }));
  }
  // The server has seen that its watcher is gone; that the watch is over it would say a moment
  // later.
  REQUIRE(eventually([&] { return scraped(lab).value("troupe_http_streams") == 0; }));
  lab.stop();
  lab.open();
  auto const all = watches(lab);
  REQUIRE(all.size() == 1);
  CHECK_FALSE(is_open(all.front()));
  CHECK(text_at(all.front(), "why") == "client_left");
  CHECK(all.front().as_object().at("records").to_number<int>() > 0);
}

TEST_CASE("watch account: whoever comes back again and again fills no ledger", "[api]") {
  api_lab lab;
  auto const token = lab.token_for("observe");
  for (int i = 0; i < 20; ++i)
    traffic_reader{lab, "?filter=errors", token}.stop();
  CHECK(eventually([&] { return watches(lab).size() == 1; }));
  // Nor whoever changes the filter each time.
  for (int i = 1; i < 16; ++i)
    traffic_reader{lab, "?filter=ticket%3D" + std::to_string(i), token}.stop();
  refused(lab.get("/api/watch?filter=ticket%3D16", api_lab::as(token)), 429, "busy");
  CHECK(eventually([&] { return watches(lab).size() == 16; }));
  // Another credential has its own.
  traffic_reader const other{lab, "?filter=ticket%3D16"};
}

TEST_CASE("watch account: what a killed server left open is ended by the next one", "[api]") {
  api_lab lab;
  auto const token = lab.token_for("observe");
  traffic_reader reader{lab, "?filter=errors", token};
  REQUIRE(eventually([&] { return watches(lab).size() == 1; }));
  reader.stop();
  lab.crash();
  lab.open();
  REQUIRE(eventually([&] {
    auto const all = watches(lab);
    return all.size() == 1 && !is_open(all.front());
  }));
  CHECK(text_at(watches(lab).front(), "why") == "server_killed");
}
