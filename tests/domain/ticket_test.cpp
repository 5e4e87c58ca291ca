#include "tests/domain/ticket_subject.hpp"

using namespace troupe;
using namespace troupe::test;
using ticket::status;

namespace {

using strings = std::vector<std::string>;

ticket_id blocker(char const* id) {
  return ticket_id{id};
}

} // namespace

TEST_CASE("ticket: opens ready without blockers and blocked with some", "[domain]") {
  ticket_subject free;
  auto c = make_open();
  SECTION("ready") {
    CHECK(free.does(c) == 2);
    CHECK(free.names() == strings{"opened", "readiness_changed"});
    CHECK(free.now_is().is == status::ready);
    CHECK(free.keys() == strings{"offer:0:develop"});
  }
  SECTION("blocked by another ticket") {
    c.blocked_by = {blocker("b-1"), blocker("b-1"), blocker("k3f9q2mx-1")};
    free.does(c);
    CHECK(free.now_is().is == status::blocked);
    CHECK(free.now_is().open_blockers == std::vector{blocker("b-1")});
    CHECK(free.keys().empty());
  }
  SECTION("blocked while its run rests") {
    c.run_active = false;
    free.does(c);
    CHECK(free.now_is().is == status::blocked);
    free.does(ticket::run_changed{true, 1});
    CHECK(free.now_is().is == status::ready);
  }
  SECTION("the same again changes nothing, another run is refused") {
    free.does(c);
    CHECK(free.does(c) == 0);
    c.run = run_id{"other.r1"};
    CHECK(free.refused(c) == errc::conflict);
  }
  SECTION("without a title or a work stage it is refused") {
    c.item.title.clear();
    CHECK(free.refused(c) == errc::invalid_argument);
    c = make_open({make_stage("gates", stage_kind::gate, "")});
    CHECK(free.refused(c) == errc::invalid_argument);
  }
  SECTION("nothing but open finds a ticket that was never opened") {
    CHECK(free.refused(ticket::cancel{}) == errc::not_found);
    CHECK(free.refused(tick{}) == errc::not_found);
  }
}

TEST_CASE("ticket: is ready exactly when its blockers are done and its run is active", "[domain]") {
  ticket_subject t;
  auto c = make_open();
  c.blocked_by = {blocker("b-1"), blocker("b-2")};
  t.does(c);
  t.does(ticket::met{blocker("b-1")});
  CHECK(t.now_is().is == status::blocked);
  CHECK(t.does(ticket::met{blocker("b-1")}) == 0);
  SECTION("the last blocker makes it ready, once") {
    t.does(ticket::met{blocker("b-2")});
    CHECK(t.now_is().is == status::ready);
    CHECK(t.does(ticket::met{blocker("b-2")}) == 0);
  }
  SECTION("an edge added later blocks it again") {
    t.does(ticket::met{blocker("b-2")});
    t.does(ticket::add_blocker{blocker("b-3")});
    CHECK(t.now_is().is == status::blocked);
    CHECK(t.does(ticket::add_blocker{blocker("b-3")}) == 0);
    CHECK(t.does(ticket::add_blocker{blocker("b-1")}) == 0);
    CHECK(t.refused(ticket::add_blocker{ticket_id{"k3f9q2mx-1"}}) == errc::invalid_argument);
    t.does(ticket::met{blocker("b-3")});
    CHECK(t.now_is().is == status::ready);
    CHECK(t.keys() == strings{"offer:0:develop:2"});
  }
  SECTION("a replaced blocker is waited for no longer") {
    t.does(ticket::swap_blocker{blocker("b-2"), blocker("b-9")});
    CHECK(t.now_is().open_blockers == std::vector{blocker("b-9")});
    CHECK(t.does(ticket::swap_blocker{blocker("b-2"), blocker("b-9")}) == 0);
    t.does(ticket::met{blocker("b-9")});
    CHECK(t.now_is().is == status::ready);
    CHECK(t.now_is().blocked_by == std::vector{blocker("b-1"), blocker("b-9")});
  }
  SECTION("a replacement that is done before it is heard of does not block") {
    t.does(ticket::met{blocker("b-9")});
    t.does(ticket::swap_blocker{blocker("b-2"), blocker("b-9")});
    CHECK(t.now_is().is == status::ready);
  }
  SECTION("replacements that come in the wrong order end with the last one") {
    t.does(ticket::swap_blocker{blocker("b-9"), blocker("b-10")});
    t.does(ticket::swap_blocker{blocker("b-2"), blocker("b-9")});
    CHECK(t.now_is().open_blockers == std::vector{blocker("b-10")});
  }
  SECTION("a blocker may fall away") {
    t.does(ticket::swap_blocker{blocker("b-2"), {}});
    CHECK(t.now_is().is == status::ready);
  }
  SECTION("a pause that is overtaken by its resume is ignored") {
    t.does(ticket::met{blocker("b-2")});
    t.does(ticket::run_changed{false, 1});
    CHECK(t.now_is().is == status::blocked);
    CHECK(t.keys().empty());
    t.does(ticket::run_changed{true, 2});
    CHECK(t.now_is().is == status::ready);
    CHECK(t.does(ticket::run_changed{false, 1}) == 0);
    CHECK(t.now_is().is == status::ready);
  }
}

TEST_CASE("ticket: a pause that was lost and comes after its resume is ignored", "[domain]") {
  ticket_subject t{standard_stages()};
  CHECK(t.does(ticket::run_changed{true, 2}) == 1);
  CHECK(t.does(ticket::run_changed{false, 1}) == 0);
  CHECK(t.now_is().is == status::ready);
  CHECK(t.now_is().run_active);
}

TEST_CASE("ticket: work that ends while the run rests waits blocked", "[domain]") {
  ticket_subject t{standard_stages()};
  t.hold();
  t.does(ticket::run_changed{false, 1});
  CHECK(t.now_is().is == status::in_progress);
  t.does(t.failure(reason::provider_network));
  CHECK(t.names() == strings{"attempt_ended", "readiness_changed"});
  CHECK(t.now_is().is == status::blocked);
  t.does(ticket::run_changed{true, 2});
  CHECK(t.now_is().is == status::ready);
}

TEST_CASE("ticket: stages after the work offer nothing while the run rests", "[domain]") {
  ticket_subject t{standard_stages()};
  t.to_review();
  CHECK(t.wants("offer:1:review"));
  t.does(ticket::run_changed{false, 1});
  CHECK_FALSE(t.wants("offer:1:review"));
  CHECK(t.refused(t.make_grant("tally.lead")) == errc::conflict);
  t.does(ticket::run_changed{true, 2});
  CHECK(t.wants("offer:1:review"));
}

TEST_CASE("ticket: comments are kept once", "[domain]") {
  ticket_subject t{standard_stages()};
  ticket::comment c;
  c.text = "looks hard";
  c.metrics = {{"coverage", "81"}};
  CHECK(t.does(c, "human:ada", "req-1") == 1);
  CHECK(t.does(c, "human:ada", "req-1") == 0);
  CHECK(t.does(c, "human:ada", "req-2") == 1);
  CHECK(t.now_is().comments.size() == 2);
  CHECK(t.now_is().comments[1].id == "k3f9q2mx-1.c2");
  CHECK(t.refused(ticket::comment{}) == errc::invalid_argument);
}

TEST_CASE("ticket: cancelling takes the lease back and tells whom it concerns", "[domain]") {
  ticket_subject t{standard_stages()};
  t.hold();
  t.does(ticket::cancel{"not needed"}, "human:ada");
  CHECK(t.now_is().is == status::CANCELLED);
  CHECK(t.now_is().holder->is == ticket::lease_status::REVOKED);
  CHECK(t.does(ticket::cancel{"not needed"}) == 0);
  CHECK(t.keys() == strings{"stop:1", "release:d-1", "report"});
  auto const told = std::get<tell>(t.wanted("report").what);
  auto const c = std::get<run::ticket_ended>(std::get<run::command>(told.command));
  CHECK(c.outcome == run::item_outcome::cancelled);
  CHECK(c.why == "not needed");
  SECTION("it asks for nothing once its run knows") {
    CHECK(t.does(settle{"report", {}}) == 1);
    CHECK(t.does(settle{"report", {}}) == 0);
    CHECK(t.keys().empty());
  }
  SECTION("a late report is kept as an orphan, once, and changes nothing else") {
    CHECK(t.does(t.work()) == 1);
    CHECK(t.names() == strings{"orphaned"});
    CHECK(t.does(t.work()) == 0);
    CHECK(t.now_is().is == status::CANCELLED);
  }
  SECTION("what is over cannot go on") {
    CHECK(t.refused(t.make_grant()) == errc::conflict);
    CHECK(t.refused(ticket::resolve{}) == errc::conflict);
    CHECK(t.problem.details.at("state").as_string() == "CANCELLED");
    CHECK(t.problem.details.at("allowed").as_array().empty());
  }
}

TEST_CASE("ticket: one made by hand tells no run and has its last words acknowledged", "[domain]") {
  ticket_subject t;
  auto c = make_open();
  c.by_hand = true;
  c.run_active = false;
  c.run = {};
  t.does(c, "human:ada");
  CHECK(t.now_is().is == status::ready);
  t.hold();
  t.does(ticket::cancel{});
  for (auto const& o : t.wants()) {
    CHECK(o.acknowledge);
    t.does(settle{o.key, {}});
  }
  CHECK(t.keys().empty());
}

TEST_CASE("ticket: a refusal names the state and what is allowed", "[domain]") {
  ticket_subject t{standard_stages()};
  CHECK(t.refused(ticket::review{true, {}}, "human:ada") == errc::conflict);
  CHECK(t.problem.details.at("state").as_string() == "ready");
  CHECK(t.problem.details.at("allowed") ==
        json::value(json::array{"blocked", "claimed", "CANCELLED"}));
}
