#include "actors/domain/plan_check.hpp"
#include "live.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::test;

namespace {

std::vector<std::string> texts(plan_content const& p, plan_before const& before = {}) {
  std::vector<std::string> out;
  for (auto const& one : problems_of(p, work_limits{}, before))
    out.push_back(one.text);
  return out;
}

bool mentions(std::vector<std::string> const& all, std::string_view what) {
  return std::any_of(all.begin(), all.end(),
                     [&](auto const& one) { return one.find(what) != std::string::npos; });
}

} // namespace

TEST_CASE("plan check: a plan in order passes", "[domain]") {
  auto p = a_plan({an_item("1"), an_item("2", {"1"}), an_item("3", {"1", "2"})});
  CHECK(check_plan(p, work_limits{}).has_value());
  CHECK(cycle_in(p.items).empty());
}

TEST_CASE("plan check: a cycle is refused with its path", "[domain]") {
  auto const p =
      a_plan({an_item("1"), an_item("2", {"1", "4"}), an_item("3", {"2"}), an_item("4", {"3"})});
  CHECK(cycle_in(p.items) == std::vector<std::string>{"2", "4", "3", "2"});
  auto const r = check_plan(p, work_limits{});
  REQUIRE(r.has_error());
  CHECK(r.error().code == errc::conflict);
  CHECK(r.error().details.at("path") == json::array{"2", "4", "3", "2"});
  CHECK(r.error().message.find("2 -> 4 -> 3 -> 2") != std::string::npos);
}

TEST_CASE("plan check: an item that waits for itself is a cycle", "[domain]") {
  CHECK(cycle_in({an_item("1", {"1"})}) == std::vector<std::string>{"1", "1"});
}

TEST_CASE("plan check: a chain of a thousand items is no problem for the stack", "[domain]") {
  std::vector<plan_item> items;
  for (int i = 0; i < 1000; ++i)
    items.push_back(an_item(std::to_string(i), {std::to_string((i + 1) % 1000)}));
  CHECK(cycle_in(items).size() == 1001);
  items.back().blocked_by.clear();
  CHECK(cycle_in(items).empty());
}

TEST_CASE("plan check: all problems are told at once", "[domain]") {
  auto p = a_plan({an_item("1"), an_item("1"), an_item("3", {"9"})});
  p.items[0].title = "  ";
  p.items[2].criteria.clear();
  auto const all = texts(p);
  CHECK(all.size() == 4);
  CHECK(mentions(all, "the key 1 stands twice"));
  CHECK(mentions(all, "item 1 has no title"));
  CHECK(mentions(all, "item 3 needs acceptance criteria"));
  CHECK(mentions(all, "waits for 9, which is not in the plan"));
  auto const r = check_plan(p, work_limits{});
  REQUIRE(r.has_error());
  CHECK(r.error().code == errc::invalid_argument);
  CHECK(r.error().details.at("problems").as_array().size() == 4);
}

TEST_CASE("plan check: size and keys are bounded", "[domain]") {
  plan_content none;
  CHECK(mentions(texts(none), "at least one item"));
  work_limits small;
  small.plan_items = 1;
  CHECK(check_plan(a_plan(), small).has_error());
  auto p = a_plan({an_item(GENERATE("", "a b", "-x", "../x", "x;y"))});
  CHECK(mentions(texts(p), "must be 1 to 40 letters"));
}

TEST_CASE("plan check: a role that nobody has is told with those that there are", "[domain]") {
  std::vector<agent_spec> const roster = a_config().roster;
  auto poetic = an_item("2");
  poetic.role = "poet";
  auto open = an_item("3");
  open.role.clear(); // the process says who works
  auto const p = a_plan({an_item("1"), poetic, open});
  auto const all = problems_of(p, work_limits{}, {}, roster);
  REQUIRE(all.size() == 1);
  CHECK(all[0].text == "item 2 is for the role poet, which no agent of the project has; there are: "
                       "chief-of-staff, dev, pm, qa, tech-lead");
  CHECK(texts(p).empty()); // whose agents are not known
  // A person may have put it into the version before, for an agent that came later.
  CHECK(problems_of(p, work_limits{}, {p, {}}, roster).empty());
}

TEST_CASE("plan check: a later version keeps every item but the one it replaces", "[domain]") {
  plan_before const before{a_plan(), "1"};
  auto fresh = an_item("3");
  fresh.supersedes = "1";
  SECTION("a replacement passes") {
    CHECK(texts(a_plan({fresh, an_item("2", {"3"})}), before).empty());
  }
  SECTION("the failed item still there") {
    CHECK(mentions(texts(a_plan(), before), "item 1 failed: replace it"));
  }
  SECTION("the failed item dropped") {
    CHECK(mentions(texts(a_plan({an_item("2")}), before), "item 1 of the version before"));
  }
  SECTION("another item dropped") {
    CHECK(mentions(texts(a_plan({fresh}), before), "item 2 of the version before is missing"));
  }
  SECTION("replacing one another") {
    auto other = an_item("1");
    other.supersedes = "3";
    CHECK_FALSE(texts(without_replaced(a_plan({fresh, other, an_item("2")})), before).empty());
  }
  SECTION("replaced and kept") {
    CHECK(mentions(texts(a_plan({fresh, an_item("1"), an_item("2")}), before),
                   "item 1 is replaced and must not stand"));
  }
}

TEST_CASE("plan check: what is replaced goes, and who waited for it waits on", "[domain]") {
  auto fresh = an_item("3", {"1"});
  fresh.supersedes = "1";
  auto newer = an_item("4");
  newer.supersedes = "3";
  SECTION("by one") {
    auto const p = without_replaced(a_plan({an_item("1"), an_item("2", {"1"}), fresh}));
    REQUIRE(p.items.size() == 2);
    CHECK(p.items[0].blocked_by == std::vector<std::string>{"3"});
    CHECK(p.items[1].blocked_by.empty()); // not for itself
  }
  SECTION("by one that is replaced itself") {
    auto const p = without_replaced(a_plan({an_item("1"), an_item("2", {"1"}), fresh, newer}));
    REQUIRE(p.items.size() == 2);
    CHECK(p.items[0].blocked_by == std::vector<std::string>{"4"});
  }
  SECTION("by two") {
    auto second = an_item("5");
    second.supersedes = "1";
    auto const p = without_replaced(a_plan({an_item("2", {"1", "5"}), fresh, second}));
    CHECK(p.items[0].blocked_by == std::vector<std::string>{"3", "5"});
  }
  SECTION("a cycle that only shows then") {
    auto back = an_item("3", {"2"});
    back.supersedes = "1";
    auto const p = without_replaced(a_plan({an_item("1"), an_item("2", {"1"}), back}));
    CHECK(cycle_in(p.items) == std::vector<std::string>{"2", "3", "2"});
  }
  SECTION("nothing is replaced") {
    CHECK(without_replaced(a_plan()) == a_plan());
  }
}
