#include "brief_steps.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::test;

using status = brief::status;
using steps = brief_steps;

TEST_CASE("brief: an approved plan starts the run, once", "[domain]") {
  steps t;
  t.approved();
  auto const create = t.b.told<plan::create, plan::command>("plan:k3f9q2mx.p1");
  CHECK(create.version == 1);
  CHECK(create.content == a_draft());
  CHECK(create.failed_key.empty());
  t.plan_active(1);
  CHECK(t.b.s.is == status::in_delivery);
  auto const run = t.b.told<run::create, run::command>("deliver:");
  CHECK(run.items == a_plan().items);
  CHECK(run.plan.value == "k3f9q2mx.p1");
  CHECK(t.b.s.run.value == "k3f9q2mx.r1");
  CHECK(t.b.send(brief::plan_active{run.plan, 1, a_plan()})->empty());
  CHECK(outcome(t.b.send(brief::plan_active{plan_id{"k3f9q2mx.p2"}, 2, a_plan()})) == "conflict");
}

TEST_CASE("brief: a failed ticket leads to the next version, which the run adopts", "[domain]") {
  steps t;
  t.delivering();
  t.b.does(t.replan_of("1"));
  CHECK(t.b.s.is == status::planning);
  auto const create = t.b.told<plan::create, plan::command>("plan:k3f9q2mx.p2");
  CHECK(create.version == 2);
  CHECK(create.previous == a_plan());
  CHECK(create.failed_key == "1");
  CHECK(create.failure == "rounds used");
  CHECK(t.b.does(t.replan_of("1")).empty());
  t.plan_active(2, t.replacing("1", "3"));
  CHECK(t.b.s.is == status::in_delivery);
  auto const adopt = t.b.told<run::adopt, run::command>("deliver:k3f9q2mx.p2");
  CHECK(adopt.plan_version == 2);
  CHECK(adopt.failed_key == "1");
  CHECK(t.b.told<plan::supersede, plan::command>("supersede:k3f9q2mx.p1").by_version == 2);
  CHECK(t.b.s.run.value == "k3f9q2mx.r1");
  t.b.check_replay();
}

TEST_CASE("brief: one replan at a time, the next waits for its turn", "[domain]") {
  steps t;
  t.delivering();
  t.b.does(t.replan_of("1"));
  t.b.does(t.replan_of("2"));
  CHECK(t.b.s.queue.size() == 1);
  SECTION("taken up when the first is done") {
    t.plan_active(2, t.replacing("1", "3"));
    CHECK(t.b.s.is == status::planning);
    CHECK(t.b.s.planning_version == 3);
    CHECK(t.b.s.replanning.key == "2");
    // The run must still get version 2.
    CHECK(t.b.owed("deliver:k3f9q2mx.p2"));
  }
  SECTION("not needed where the new version replaces it anyway") {
    auto p = t.replacing("1", "3");
    auto fresh = an_item("4");
    fresh.supersedes = "2";
    std::erase_if(p.items, [](plan_item const& i) { return i.key == "2"; });
    p.items.push_back(fresh);
    t.plan_active(2, p);
    CHECK(t.b.s.is == status::in_delivery);
    CHECK(t.b.s.queue.empty());
  }
  SECTION("taken up when the first could not be planned") {
    t.b.does(brief::plan_failed{plan_id{"k3f9q2mx.p2"}, 2, "no idea"});
    CHECK(t.b.s.planning_version == 3);
    CHECK(t.b.told<run::replan_refused, run::command>("refused:").ticket.value == "k3f9q2mx-1");
  }
  t.b.check_replay();
}

TEST_CASE("brief: when no replan is left the run is told so", "[domain]") {
  steps t;
  auto config = a_config();
  config.limits.replans = 1;
  t.delivering(config);
  t.b.does(t.replan_of("1"));
  t.plan_active(2, t.replacing("1", "3"));
  t.b.does(t.replan_of("3"));
  CHECK(t.b.s.is == status::in_delivery);
  auto const told = t.b.told<run::replan_refused, run::command>("refused:");
  CHECK(told.ticket.value == "k3f9q2mx-3");
  t.b.settle_all();
  CHECK_FALSE(t.b.owed("refused:"));
  CHECK(t.b.does(t.replan_of("3")).empty());
}

TEST_CASE("brief: a first plan that fails puts it on hold, resume plans again", "[domain]") {
  steps t;
  t.approved();
  brief::plan_failed const failed{plan_id{"k3f9q2mx.p1"}, 1, "three rounds"};
  t.b.does(failed);
  CHECK(t.b.s.is == status::on_hold);
  CHECK(t.b.s.why == "plan version 1: three rounds");
  CHECK(t.b.owes().empty());
  CHECK(t.b.does(failed).empty());
  t.b.does(brief::resume{});
  CHECK(t.b.s.is == status::planning);
  CHECK(t.b.owed("plan:k3f9q2mx.p2"));
  CHECK(t.b.does(failed).empty());
  t.plan_active(2);
  // The first version that is active makes the run, whatever its number.
  CHECK(t.b.told<run::create, run::command>("deliver:").plan_version == 2);
  CHECK(t.b.s.replans == 0);
}

TEST_CASE("brief: hold pauses the run, resume lets it go on, each time anew", "[domain]") {
  steps t;
  t.delivering();
  for (int n = 1; n <= 2; ++n) {
    t.b.does(brief::hold{"budget"});
    CHECK(t.b.told<run::pause, run::command>("pause:" + std::to_string(n)).why == "budget");
    CHECK_FALSE(t.b.owed("resume:"));
    t.b.settle_all();
    CHECK_FALSE(t.b.owed("pause:"));
    t.b.does(brief::resume{});
    CHECK(t.b.owed("resume:" + std::to_string(n)));
    t.b.settle_all();
  }
  CHECK(t.b.s.is == status::in_delivery);
}

TEST_CASE("brief: a hold while planning keeps the plan that comes meanwhile", "[domain]") {
  steps t;
  t.approved();
  t.b.does(brief::hold{"holidays"});
  CHECK(t.b.owed("plan:k3f9q2mx.p1"));
  SECTION("resumed before: goes on planning the same version") {
    t.b.does(brief::resume{});
    CHECK(t.b.s.is == status::planning);
    CHECK(t.b.s.planning_version == 1);
  }
  SECTION("the plan comes first: it is delivered on hold") {
    t.plan_active(1);
    CHECK(t.b.s.is == status::on_hold);
    CHECK(t.b.owed("pause:1"));
    t.b.does(brief::resume{});
    CHECK(t.b.s.is == status::in_delivery);
  }
  SECTION("a replan that is asked for meanwhile waits") {
    t.plan_active(1);
    t.b.does(t.replan_of("1"));
    CHECK(t.b.s.is == status::on_hold);
    t.b.does(brief::resume{});
    CHECK(t.b.s.is == status::planning);
    CHECK(t.b.s.planning_version == 2);
  }
  t.b.check_replay();
}

TEST_CASE("brief: the run's end is the brief's end", "[domain]") {
  steps t;
  t.delivering();
  brief::run_ended c{t.b.s.run, true, false, ""};
  SECTION("completed") {
    t.b.does(c);
    CHECK(t.b.s.is == status::COMPLETED);
    CHECK(t.b.told<plan::finish, plan::command>("finish:").completed);
  }
  SECTION("completed while on hold") {
    t.b.does(brief::hold{});
    t.b.does(c);
    CHECK(t.b.s.is == status::COMPLETED);
  }
  SECTION("failed") {
    c.completed = false;
    t.b.does(c);
    CHECK(t.b.s.is == status::FAILED);
    CHECK_FALSE(t.b.told<plan::finish, plan::command>("finish:").completed);
  }
  SECTION("failed while a replan is under way") {
    t.b.does(t.replan_of("1"));
    c.completed = false;
    t.b.does(c);
    CHECK(t.b.s.is == status::FAILED);
  }
  SECTION("cancelled") {
    c.completed = false;
    c.cancelled = true;
    t.b.does(c);
    CHECK(t.b.s.is == status::CANCELLED);
  }
  CHECK(t.b.does(c).empty());
  t.b.settle_all();
  CHECK(t.b.owes().empty());
  t.b.check_replay();
}

TEST_CASE("brief: cancel takes everything along that is open", "[domain]") {
  steps t;
  SECTION("the approval") {
    t.drafted();
    t.b.does(brief::cancel{"no money"});
    CHECK(t.b.told<approval::withdraw, approval::command>("withdraw:k3f9q2mx.a1").why ==
          "no money");
  }
  SECTION("the plan that is made") {
    t.approved();
    t.b.does(brief::cancel{"no money"});
    CHECK(t.b.owed("cancel:k3f9q2mx.p1"));
    CHECK_FALSE(t.b.owed("withdraw:"));
  }
  SECTION("plan and run") {
    t.delivering();
    t.b.does(brief::cancel{"no money"});
    CHECK(t.b.owed("cancel:k3f9q2mx.p1"));
    CHECK(t.b.told<run::cancel, run::command>("cancel:k3f9q2mx.r1").why == "no money");
  }
  CHECK(t.b.does(brief::cancel{}).empty());
  t.b.settle_all();
  CHECK(t.b.owes().empty());
}

TEST_CASE("brief: what the state does not allow is refused with what it allows", "[domain]") {
  steps t;
  CHECK(outcome(t.b.send(brief::cancel{})) == "not_found");
  t.drafted();
  std::vector<brief::command> const illegal{
      brief::hold{}, brief::resume{}, brief::plan_active{plan_id{"k3f9q2mx.p1"}, 1, a_plan()},
      brief::replan{run_id{"k3f9q2mx.r1"}, ticket_id{"x"}, "1", ""},
      brief::run_ended{run_id{"k3f9q2mx.r1"}, true, false, ""}};
  auto const before = t.b.log.size();
  for (auto const& c : illegal) {
    CAPTURE(json::name_of(c));
    auto const r = t.b.send(c);
    REQUIRE(r.has_error());
    CHECK(r.error().code == errc::conflict);
    CHECK(r.error().details.at("state") == "pending_approval");
    CHECK(r.error().details.at("allowed") ==
          json::array{"approved", "revision_requested", "REJECTED", "expired", "CANCELLED"});
  }
  CHECK(t.b.log.size() == before);
}
