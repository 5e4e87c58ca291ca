#include "tests/actors/office.hpp"

using namespace troupe;
using namespace troupe::test;

namespace {

/// Two tickets' worth of people: a developer, a reviewer and one daemon.
struct small_office : office {
  explicit small_office(std::int32_t slots = 9) {
    hire("ada", "dev");
    hire("rosa", "reviewer");
    host("d1", slots);
  }
};

} // namespace

TEST_CASE("dispatch: a ticket that moves on has its next lease at once", "[actors]") {
  small_office o;
  o.want("t1");
  REQUIRE(o.match() == names{"t1"});
  CHECK(o.go_on("t1", "reviewer") == "rosa");
  CHECK(o.next->daemon.value == "d1");
  o.want("t2");
  CHECK(o.match() == names{"t2"}); // what t1 held is free
  CHECK(o.stored("t1"));           // and its end, now durable, may make room for others
  o.want("t3");
  CHECK(o.match().empty());
  CHECK(o.go_on("t2", "reviewer").empty()); // rosa is at t1
  REQUIRE(o.ended("t1"));                   // the end of the second lease, and not of the first
  CHECK(o.go_on("t2", "reviewer") == "rosa");
}

TEST_CASE("dispatch: one slot is enough for all stages of a ticket", "[actors]") {
  small_office o{1};
  CHECK(o.go_on("t1", "dev") == "ada");
  CHECK(o.go_on("t2", "dev").empty()); // no slot
  (void)o.stored("t1");
  CHECK(o.go_on("t1", "reviewer") == "rosa");
}

TEST_CASE("dispatch: a ticket may be quicker than the news of its lease", "[actors]") {
  small_office o;
  o.want("t1");
  auto const given = o.who.match(o.now);
  REQUIRE(given.size() == 1);
  CHECK(o.go_on("t1", "reviewer", office::wish("tally", priority::normal, 1)) == "rosa");
  o.taken(given[0]); // the news of the first
  o.want("t2");
  CHECK(o.match() == names{"t2"}); // ada is free, rosa is not
  CHECK(o.go_on("t9", "reviewer").empty());
  CHECK(o.stored("t1"));
  CHECK(o.ended("t1"));
  CHECK(o.go_on("t9", "reviewer") == "rosa");
}

TEST_CASE("dispatch: who moves on does not overtake those who come first", "[actors]") {
  small_office o;
  o.hire("eve", "dev", "elsewhere");
  o.want("t1");
  REQUIRE(o.match() == names{"t1"});
  SECTION("its own project's tickets wait until what was begun has ended") {
    o.want("t2");
    CHECK(o.go_on("t1", "reviewer") == "rosa");
  }
  SECTION("new work waits for its turn") {
    o.want("t2");
    CHECK(o.ended("t1"));
    CHECK(o.go_on("t3", "dev").empty());
    CHECK(o.match() == names{"t2"});
  }
  SECTION("another project's ticket that waits has its turn") {
    o.want("x1", office::wish("elsewhere"));
    CHECK(o.go_on("t1", "reviewer").empty());
    CHECK(o.match() == names{"x1"});
    CHECK(o.go_on("t1", "reviewer") == "rosa");
  }
  SECTION("a more important one goes first, a less important one does not") {
    o.want("t2", office::wish("tally", priority::urgent));
    CHECK(o.go_on("t1", "reviewer").empty());
    o.who.withdrawn(office::ref(entity_kind::ticket, "t2"), "offer:t2");
    o.want("t3", office::wish("elsewhere", priority::low));
    CHECK(o.go_on("t1", "reviewer") == "rosa");
  }
  SECTION("later is not now") {
    auto w = office::wish();
    w.not_before = o.now + 1s;
    CHECK(o.go_on("t1", "reviewer", w).empty());
  }
}

TEST_CASE("dispatch: limits hold for who moves on, too", "[actors]") {
  small_office o;
  o.hire("bob", "dev");
  o.limit("tally", 1);
  CHECK(o.go_on("t1", "dev") == "ada");
  (void)o.stored("t1");
  CHECK(o.go_on("t2", "dev").empty());
  CHECK(o.go_on("t1", "dev") != ""); // its own place is free for its own next stage
  o.who.give_back(office::ref(entity_kind::ticket, "t1"));
  o.limit("tally", 9);
  auto w = office::wish();
  w.files = {"parser.c"};
  CHECK(o.go_on("t2", "dev", w) == "bob");
  (void)o.stored("t2");
  CHECK(o.ended("t1"));
  CHECK(o.go_on("t3", "dev", w).empty()); // the same file
}

TEST_CASE("dispatch: what did not become durable is given back", "[actors]") {
  small_office o;
  o.want("t1");
  REQUIRE(o.match() == names{"t1"});
  REQUIRE(o.go_on("t1", "reviewer") == "rosa");
  SECTION("by the ticket") {
    o.who.give_back(office::ref(entity_kind::ticket, "t1"));
  }
  SECTION("by nobody, for as long as an answer can take") {
    o.now += 31s;
    CHECK(o.match().empty());
  }
  o.want("t2");
  CHECK(o.match().empty());                 // ada is at t1 still
  CHECK(o.go_on("t9", "reviewer").empty()); // t2 waits
  o.who.withdrawn(office::ref(entity_kind::ticket, "t2"), "offer:t2");
  CHECK(o.go_on("t9", "reviewer") == "rosa");
  CHECK(o.ended("t1"));
  o.want("t2");
  CHECK(o.match() == names{"t2"});
}
