#include "tests/api/lab.hpp"

#include <catch2/catch.hpp>

#include <set>

using namespace troupe;
using namespace troupe::test;

namespace {

void make(api_lab const& lab, int n) {
  auto const id = "p" + std::to_string(n);
  REQUIRE(
      lab.post("/api/projects", R"({"id":")" + id + R"(","config":{"repository":"/srv/x.git"}})")
          .status == 201);
}

std::vector<std::string> ids(api_answer const& page) {
  std::vector<std::string> out;
  for (auto const& i : page.json.at("items").as_array())
    out.push_back(text_at(i, "id"));
  return out;
}

std::int64_t number_at(api_answer const& a, std::string_view key) {
  return a.json.at(key).to_number<std::int64_t>();
}

struct twelve : api_lab {
  twelve() {
    for (int i = 1; i <= 12; ++i)
      make(*this, i);
    // The agents of a project are hired after it was made, and that changes it once more. What the
    // tests rely on is an order that stands still: one change a project, one after the other.
    (void)quiet_mark();
    for (int i = 1; i <= 12; ++i)
      REQUIRE(patch("/api/projects/p" + std::to_string(i), R"({"test_command":"prove"})").status ==
              200);
    (void)quiet_mark();
  }
};

} // namespace

TEST_CASE_METHOD(twelve, "api: skip and limit cut the list, newest change first", "[api]") {
  auto const all = ids(get("/api/projects"));
  REQUIRE(all.size() == 12);
  CHECK(all.front() == "p12");
  CHECK(all.back() == "p1");
  auto const part = get("/api/projects?skip=3&limit=4");
  CHECK(ids(part) == std::vector<std::string>{all.begin() + 3, all.begin() + 7});
  CHECK(number_at(part, "total") == 12);
  CHECK(number_at(part, "skip") == 3);
  CHECK(number_at(part, "limit") == 4);
  CHECK(part.json.contains("cursor"));
  auto const end = get("/api/projects?skip=10&limit=4");
  CHECK(ids(end).size() == 2);
  CHECK_FALSE(end.json.contains("cursor"));
  auto const beyond = get("/api/projects?skip=100");
  CHECK(ids(beyond).empty());
  CHECK(number_at(beyond, "total") == 12);
  CHECK_FALSE(beyond.json.contains("cursor"));
}

TEST_CASE_METHOD(twelve, "api: a cursor leads through all pages, also over a restart", "[api]") {
  std::vector<std::string> seen;
  std::string cursor;
  for (int page = 0;; ++page) {
    REQUIRE(page < 10);
    auto const a = get("/api/projects?limit=5" + cursor);
    REQUIRE(a.status == 200);
    CHECK(number_at(a, "total") == 12);
    for (auto const& id : ids(a))
      seen.push_back(id);
    if (!a.json.contains("cursor"))
      break;
    cursor = "&cursor=" + a.text("cursor");
    if (page == 0) {
      stop();
      open();
    }
  }
  CHECK(seen == ids(get("/api/projects")));
}

TEST_CASE_METHOD(twelve, "api: what changes between two pages does not come twice", "[api]") {
  auto const first = get("/api/projects?limit=5");
  REQUIRE(patch("/api/projects/p1", R"({"test_command":"true"})").status == 200);
  make(*this, 13);
  (void)quiet_mark();
  auto const second = get("/api/projects?limit=500&cursor=" + first.text("cursor"));
  auto all = ids(first);
  for (auto const& id : ids(second))
    all.push_back(id);
  CHECK(std::set<std::string>{all.begin(), all.end()}.size() == all.size());
  CHECK(all.size() == 11); // p1 and p13 are newer than the first page
}

TEST_CASE("api: parameters of lists that are none are refused", "[api]") {
  api_lab lab;
  unchanged const guard{lab};
  struct row {
    char const *query, *field;
  };
  auto const r = GENERATE(
      row{"limit=0", "limit"}, row{"limit=501", "limit"}, row{"limit=-1", "limit"},
      row{"limit=ten", "limit"}, row{"limit=", "limit"}, row{"limit=99999999999999999999", "limit"},
      row{"skip=-1", "skip"}, row{"skip=1.5", "skip"}, row{"cursor=x", "cursor"},
      row{"cursor=0", "cursor"}, row{"sort=name", "sort"});
  INFO(r.query);
  auto const a = lab.get(std::string{"/api/projects?"} + r.query);
  refused(a, 400, "invalid_argument");
  CHECK(a.text("field") == r.field);
}

TEST_CASE("api: parameters of the list of events that are none are refused", "[api]") {
  api_lab lab;
  unchanged const guard{lab};
  auto const query = GENERATE(as<std::string>{}, "limit=0", "limit=1001", "after=x", "after=-1",
                              "kind=nope", "sort=n", "skip=1");
  INFO(query);
  refused(lab.get("/api/events?" + query), 400, "invalid_argument");
}

TEST_CASE_METHOD(twelve, "api: events are paged by place, filtered, and shown one by one",
                 "[api]") {
  auto const whole = events();
  CHECK(whole.size() >= 12);
  json::array paged;
  std::string after;
  for (;;) {
    auto const page = get("/api/events?limit=5" + after);
    for (auto const& e : page.json.at("items").as_array())
      paged.push_back(e);
    if (!page.json.contains("after"))
      break;
    after = "&after=" + std::to_string(number_at(page, "after"));
  }
  CHECK(paged == whole);
  for (auto const& e : events("&kind=project"))
    CHECK(text_at(e, "kind") == "project");
  CHECK(events("&type=project.created").size() == 12);
  CHECK(events("&entity=p3").size() >= 1);
  CHECK(events("&kind=brief").empty());
  auto const one = get("/api/events/" + text_at(whole.front(), "id"));
  CHECK(one.status == 200);
  CHECK(json::value(one.json) == whole.front());
}
