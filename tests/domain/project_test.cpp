#include "live.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::test;

namespace {

using project_entity = live<project_domain>;
using status = project::status;

struct steps {
  project_entity p{"tally"};

  void created(std::int64_t budget = 0) {
    auto c = a_config();
    c.limits.budget_micros = budget;
    p.does(project::create{"Tally", c});
  }
  std::size_t owed(std::string_view prefix) const {
    auto const all = p.owes();
    return static_cast<std::size_t>(std::count_if(
        all.begin(), all.end(), [&](obligation const& o) { return o.key.starts_with(prefix); }));
  }
  void change(char const* patch) { p.does(project::change{*json::parse(patch)}); }
  json::array roster_without(std::string_view name) const {
    json::array out;
    for (auto const& a : p.s.config.roster) {
      if (a.name != name)
        out.push_back(json::to(a));
    }
    return out;
  }
};

} // namespace

TEST_CASE("project: creating it hires its roster and opens its budget", "[domain]") {
  steps t;
  t.created(5'000'000);
  CHECK(t.owed("hire:") == a_config().roster.size());
  auto const hire = t.p.told<agent::hire, agent::command>("hire:pm@");
  CHECK(hire.project.value == "tally");
  CHECK(hire.spec == a_config().roster.front());
  auto const grant = t.p.told<budget::grant, budget::command>("grant:");
  CHECK(grant.scope == "project:tally");
  CHECK(grant.amount == 5'000'000);
  CHECK(grant.id == "project:tally#1");
  t.p.settle_all();
  CHECK(t.p.owes().empty());
  t.p.check_replay();
}

TEST_CASE("project: no budget is opened where none is set", "[domain]") {
  steps t;
  t.created();
  CHECK(t.owed("grant:") == 0);
}

TEST_CASE("project: a changed roster hires, tells anew and retires", "[domain]") {
  steps t;
  t.created();
  t.p.settle_all();
  auto roster = t.roster_without("dev-grace");
  roster[0].as_object()["instructions"] = "Be brief.";
  auto fresh = json::to(a_config().roster.back());
  fresh.as_object()["name"] = "dev-linus";
  roster.push_back(fresh);
  t.p.does(project::change{json::object{{"roster", roster}}});
  CHECK(t.owed("hire:") == 2);
  CHECK(t.p.told<agent::hire, agent::command>("hire:pm@").spec.instructions == "Be brief.");
  CHECK(t.p.owed("hire:dev-linus@"));
  CHECK(t.p.owed("retire:dev-grace"));
  t.p.settle_all();
  SECTION("a retired name is not used again") {
    auto again = t.roster_without("");
    again.push_back(json::to(a_config().roster.back()));
    auto const r = t.p.send(project::change{json::object{{"roster", again}}});
    REQUIRE(r.has_error());
    CHECK(r.error().code == errc::conflict);
  }
  SECTION("a spec that goes back is told again") {
    auto back = t.roster_without("");
    back[0] = json::to(a_config().roster.front());
    t.p.does(project::change{json::object{{"roster", back}}});
    CHECK(t.p.told<agent::hire, agent::command>("hire:pm@").spec == a_config().roster.front());
  }
  t.p.check_replay();
}

TEST_CASE("project: a raised budget grants the difference, a lowered one nothing", "[domain]") {
  steps t;
  t.created(100);
  t.p.settle_all();
  t.change(R"({"limits":{"budget_micros":250}})");
  auto const grant = t.p.told<budget::grant, budget::command>("grant:");
  CHECK(grant.amount == 150);
  CHECK(grant.id == "project:tally#2");
  t.p.settle_all();
  t.change(R"({"limits":{"budget_micros":50}})");
  t.change(R"({"limits":{"budget_micros":250}})");
  CHECK(t.owed("grant:") == 0);
}

TEST_CASE("project: a patch is checked, and one that changes nothing is no event", "[domain]") {
  steps t;
  t.created();
  auto const before = t.p.log.size();
  auto const r = t.p.send(project::change{*json::parse(R"({"limits":{"atempts":1}})")});
  REQUIRE(r.has_error());
  CHECK(r.error().code == errc::invalid_argument);
  CHECK(r.error().details.at("field") == "limits.atempts");
  CHECK(t.p.does(project::change{json::object{}}).empty());
  CHECK(t.p.log.size() == before);
}

TEST_CASE("project: is created once and archived once", "[domain]") {
  steps t;
  CHECK(outcome(t.p.send(project::archive{})) == "not_found");
  t.created();
  CHECK(t.p.does(project::create{"Tally", a_config()}).empty());
  CHECK(outcome(t.p.send(project::create{"Other", a_config()})) == "conflict");
  t.p.does(project::archive{});
  CHECK(t.p.does(project::archive{}).empty());
  CHECK(t.p.owes().empty());
  auto const r = t.p.send(project::change{json::object{}});
  REQUIRE(r.has_error());
  CHECK(r.error().details.at("state") == "ARCHIVED");
}

TEST_CASE("project: its id is a word", "[domain]") {
  project_entity p{GENERATE(as<std::string>{}, "", "Tally", "a b", "a/b", std::string(41, 'a'))};
  CHECK(outcome(p.send(project::create{"x", a_config()})) == "invalid_argument");
}
