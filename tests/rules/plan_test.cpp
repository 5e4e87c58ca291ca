#include "actors/domain/plan_check.hpp"
#include "actors/engines/rules/plan.hpp"

#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>

using namespace troupe;

namespace {

requirement want(std::string key, std::string title, std::vector<std::string> after = {},
                 std::vector<std::string> files = {}) {
  requirement r;
  r.key = std::move(key);
  r.title = title;
  r.text = title + ".";
  r.criteria = {title + " is there."};
  r.after = std::move(after);
  r.files = std::move(files);
  return r;
}

/// Requirements of which each waits for the one before.
brief_content three_in_a_row() {
  brief_content b;
  b.requirements = {want("R1", "Store the queue"), want("R2", "Show a page", {"R1"}),
                    want("R3", "Send a mail", {"R2"})};
  return b;
}

plan_item item(std::string key, std::vector<std::string> blocked_by = {}) {
  plan_item i;
  i.key = key;
  i.title = "Do " + key;
  i.role = "dev";
  i.criteria = {"a test shows it"};
  i.blocked_by = std::move(blocked_by);
  i.requirements = {"R" + key};
  return i;
}

bool mentions(std::vector<std::string> const& list, std::string_view part) {
  for (auto const& x : list)
    if (x.find(part) != std::string::npos)
      return true;
  return false;
}

} // namespace

TEST_CASE("plan: one ticket a requirement, with its criteria, priority and order", "[rules]") {
  brief_content b;
  b.requirements = {want("R1", "Store the queue"), want("R2", "Show a page", {"R1"})};
  b.requirements[1].importance = priority::high;
  auto const p = draft_plan(b);
  REQUIRE(p.has_value());
  REQUIRE(p->items.size() == 2);
  CHECK(p->items[0].key == "1");
  CHECK(p->items[0].role == "dev");
  CHECK(p->items[0].requirements == std::vector<std::string>{"R1"});
  CHECK(p->items[0].criteria.front() == "Store the queue is there.");
  CHECK(p->items[1].blocked_by == std::vector<std::string>{"1"});
  CHECK(p->items[1].importance == priority::high);
  CHECK(p->forecast_time == estimate(p->items[0]) + estimate(p->items[1]));
  CHECK(critique_plan(b, *p).size() == 1); // the important one waits for the less important one
}

TEST_CASE("plan: tickets that write one file are put in a row", "[rules]") {
  brief_content b;
  b.requirements = {want("R1", "Add the flag", {}, {"cli.cpp"}),
                    want("R2", "Sort the output", {}, {"cli.cpp"}), want("R3", "Speed up")};
  auto const p = draft_plan(b);
  REQUIRE(p.has_value());
  CHECK(p->items[1].blocked_by == std::vector<std::string>{"1"});
  CHECK(p->items[2].blocked_by.empty());
}

TEST_CASE("plan: documents and tests come after what they describe", "[rules]") {
  brief_content b;
  b.requirements = {want("R1", "Describe the jitter option in the readme"),
                    want("R2", "Add a jitter option"), want("R3", "Accept tabs")};
  auto const p = draft_plan(b);
  REQUIRE(p.has_value());
  CHECK(p->items[0].blocked_by == std::vector<std::string>{"2"});
  CHECK(p->items[1].blocked_by.empty());
  CHECK(p->items[1].criteria.size() == 2); // asks for a test as well
  CHECK(p->items[0].criteria.size() == 1);
}

TEST_CASE("plan: analysis goes to the pm, the same change to one ticket", "[rules]") {
  brief_content b;
  b.requirements = {want("R1", "Investigate why the import is slow"), want("R2", "Accept tabs"),
                    want("R3", "accept tabs")};
  auto const p = draft_plan(b);
  REQUIRE(p.has_value());
  REQUIRE(p->items.size() == 2);
  CHECK(p->items[0].role == "pm");
  CHECK(p->items[1].requirements == std::vector<std::string>{"R2", "R3"});
}

TEST_CASE("plan: a circle in what was said is refused with its path", "[rules]") {
  brief_content b;
  b.requirements = {want("R1", "Store the queue", {"R2"}), want("R2", "Show a page", {"R1"})};
  auto const p = draft_plan(b);
  REQUIRE(p.has_error());
  CHECK(p.error().code == errc::conflict);
  CHECK(boost::json::serialize(p.error().details.at("path")) == R"(["1","2","1"])");
  CHECK(p.error().message.find("1 -> 2 -> 1") != std::string::npos);
}

TEST_CASE("plan: what cannot be worked is refused", "[rules]") {
  plan_content p;
  CHECK(check_plan(p, work_limits{}).error().code == errc::invalid_argument);
  p.items = {item("1"), item("2", {"1"}), item("3", {"2", "1"})};
  CHECK(check_plan(p, work_limits{}).has_value());
  CHECK(forecast(p) == 3 * estimate(p.items[0]));
  SECTION("a ticket that waits for itself") {
    p.items[0].blocked_by = {"1"};
    auto const r = check_plan(p, work_limits{});
    CHECK(r.error().code == errc::conflict);
    CHECK(boost::json::serialize(r.error().details.at("path")) == R"(["1","1"])");
    CHECK(forecast(p) == duration{0});
  }
  SECTION("a long circle behind a tail") {
    p.items[0].blocked_by = {"3"};
    p.items.push_back(item("4", {"3"}));
    auto const path = check_plan(p, work_limits{}).error().details.at("path").as_array();
    REQUIRE(path.size() >= 3);
    CHECK(path.front() == path.back());
  }
  SECTION("an unknown blocker") {
    p.items[1].blocked_by = {"9"};
    CHECK(check_plan(p, work_limits{}).error().code == errc::invalid_argument);
    CHECK(check_plan(p, work_limits{}).error().message.find("9") != std::string::npos);
  }
  SECTION("a key twice") {
    p.items[1].key = "1";
    CHECK(check_plan(p, work_limits{}).error().code == errc::invalid_argument);
  }
  SECTION("no criteria") {
    p.items[1].criteria = {"  "};
    CHECK(check_plan(p, work_limits{}).error().code == errc::invalid_argument);
  }
  SECTION("no title") {
    p.items[1].title = " ";
    CHECK(check_plan(p, work_limits{}).error().code == errc::invalid_argument);
  }
  SECTION("too many tickets") {
    p.items.clear();
    for (int i = 0; i < 201; ++i)
      p.items.push_back(item(std::to_string(i)));
    CHECK(check_plan(p, work_limits{}).error().code == errc::invalid_argument);
    p.items.pop_back();
    CHECK(check_plan(p, work_limits{}).has_value());
  }
  SECTION("a brief without requirements") {
    CHECK(draft_plan(brief_content{}).error().code == errc::invalid_argument);
  }
  SECTION("a requirement that comes after nothing known") {
    brief_content b;
    b.requirements = {want("R1", "Store the queue", {"R7"})};
    CHECK(draft_plan(b).error().code == errc::invalid_argument);
  }
}

TEST_CASE("plan: the critique finds what a reader would object to", "[rules]") {
  brief_content b;
  b.requirements = {want("R1", "Store the queue"), want("R2", "Show a page", {"R1"}),
                    want("R3", "Accept tabs")};
  b.open_questions = {{"How long may the page of the queue be?", "Ana", {}}};
  auto const good = draft_plan(b);
  REQUIRE(good.has_value());
  plan_content p = *good;
  p.items.pop_back();            // nobody does R3
  p.items[1].blocked_by.clear(); // order lost
  p.items[0].files = p.items[1].files = {"queue.cpp"};
  p.items[0].criteria.assign(12, "something");
  p.items[1].requirements.push_back("R9");
  auto const found = critique_plan(b, p);
  CHECK(mentions(found, "R3"));
  CHECK(mentions(found, "R2 comes after R1"));
  CHECK(mentions(found, "both write queue.cpp"));
  CHECK(mentions(found, "is large"));
  CHECK(mentions(found, "R9"));
  CHECK(mentions(found, "has its criterion: Store the queue is there."));
  CHECK(mentions(found, "asks for a test"));
  CHECK_FALSE(mentions(critique_plan(b, *good), "served by no ticket"));
}

TEST_CASE("plan: notes drop tickets, put them in order and rank them", "[rules]") {
  auto const p = draft_plan(three_in_a_row());
  REQUIRE(p.has_value());

  SECTION("a ticket, by its number or its words") {
    auto const* note =
        GENERATE("Drop ticket 2", "drop 2", "Please remove the page ticket.",
                 "We don't need ticket 2.", "Leave ticket 2 out.", "Ticket 2 is not needed.");
    INFO(note);
    auto const after = revise_plan(*p, note);
    REQUIRE(after.has_value());
    REQUIRE(after->items.size() == 2);
    CHECK(after->items[1].key == "3");
    CHECK(after->items[1].blocked_by == std::vector<std::string>{"1"}); // of which 2 had waited
    CHECK(after->note == "As asked: dropped ticket 2.");
    CHECK(after->forecast_time < p->forecast_time);
  }
  SECTION("order, also the other way round than before") {
    auto const* note = GENERATE("ticket 1 after ticket 3", "1 after 3", "Ticket 3 before ticket 1.",
                                "The queue waits for the mail.", "3, then 1");
    INFO(note);
    plan_content loose = *p;
    for (auto& i : loose.items)
      i.blocked_by.clear();
    loose.items[2].blocked_by = {"1"};
    auto const after = revise_plan(loose, note);
    REQUIRE(after.has_value());
    CHECK(after->items[0].blocked_by == std::vector<std::string>{"3"});
    CHECK(after->items[2].blocked_by.empty());
    CHECK(after->note == "As asked: 1 after 3.");
  }
  SECTION("priority") {
    auto const after = revise_plan(*p, "Ticket 2 is urgent. Low priority for tickets 1 and 3.");
    REQUIRE(after.has_value());
    CHECK(after->items[1].importance == priority::urgent);
    CHECK(after->items[0].importance == priority::low);
    CHECK(after->items[2].importance == priority::low);
  }
  SECTION("several things in one sentence") {
    auto const after = revise_plan(*p, "Drop ticket 2, and ticket 3 is urgent.");
    REQUIRE(after.has_value());
    CHECK(after->items.size() == 2);
    CHECK(after->items[1].importance == priority::urgent);
    CHECK_FALSE(after->note.find("Not understood") != std::string::npos);
  }
}

TEST_CASE("plan: a note that cannot be followed is told, and changes nothing", "[rules]") {
  auto const p = draft_plan(three_in_a_row());
  REQUIRE(p.has_value());
  auto const* note =
      GENERATE("Make it smaller.", "Drop ticket 9.", "Drop tickets 1, 2 and 3.", "Split ticket 2.",
               "ticket 1 after ticket 3", "ticket 2 after ticket 2", "Ticket 2 is not urgent.");
  INFO(note);
  auto const after = revise_plan(*p, note);
  REQUIRE(after.has_value());
  CHECK(after->items == p->items);
  CHECK(after->note.find(std::string{"Not understood: \""} + note) != std::string::npos);
  CHECK(after->note.find("troupe plan edit") != std::string::npos);
  if (std::string_view{note} == "ticket 1 after ticket 3")
    CHECK(after->note.find("circle: 1 -> 3 -> 2 -> 1") != std::string::npos);
}

TEST_CASE("plan: notes drop no ticket that the version before began", "[rules]") {
  plan_content p;
  p.items = {item("1"), item("2")};
  auto const after = revise_plan(p, "drop ticket 1", {"1"});
  REQUIRE(after.has_value());
  CHECK(after->items.size() == 2);
  CHECK(after->note.find("of the version before") != std::string::npos);
}
