#include "tests/domain/live.hpp"
#include "tests/domain/ticket_subject.hpp"

using namespace troupe;
using namespace troupe::test;
using run::item_outcome;
using run::status;

namespace {

class run_subject : public subject<run_domain> {
public:
  using subject::subject;
  template <class Command, class EntityCommand>
  Command told(std::string const& key) const {
    return std::get<Command>(std::get<EntityCommand>(std::get<tell>(wanted(key).what).command));
  }
};

run_subject running() {
  run_subject r{"k3.r1"};
  run::create c;
  c.project = project_id{"tally"};
  c.brief = brief_id{"k3"};
  c.plan = plan_id{"k3.p1"};
  c.config = a_config();
  c.items = {an_item("1"), an_item("2", {"1"})};
  r.does(c);
  r.does(settle{"open:1", {}});
  r.does(settle{"open:2", {}});
  r.does(run::ticket_ended{ticket_id{"k3-1"}, item_outcome::done, false, {}, {}, "c1"});
  return r;
}

} // namespace

TEST_CASE("run: a stopped one is continued by a new one after an approval", "[domain]") {
  auto r = running();
  CHECK(r.refused(run::carry_on{}) == errc::conflict);
  r.does(run::stop{status::STOPPED_BUDGET, "no money"});
  r.does(run::carry_on{"there is more now"}, "human:ada");
  CHECK(r.does(run::carry_on{}) == 0);
  auto const asked = r.told<approval::open, approval::command>("ask:k3.r1.c1");
  CHECK(asked.subject.value == "run:k3.r1");
  CHECK(asked.question.find("1 open ticket?") != std::string::npos);
  CHECK(r.refused(run::decided{approval_id{"k3.r1.c9"}, true, {}, {}, {}}) == errc::conflict);

  SECTION("no: it may be asked again") {
    r.does(run::decided{approval_id{"k3.r1.c1"}, false, principal_id{"human:bob"}, {}, {}});
    CHECK(r.now_is().next.empty());
    r.does(run::carry_on{});
    CHECK(r.wants("ask:k3.r1.c2"));
  }
  SECTION("yes: the brief first, then the new run with what became of each item") {
    r.does(run::decided{approval_id{"k3.r1.c1"}, true, principal_id{"human:bob"}, {}, {}});
    auto const to_brief = r.told<brief::run_continues, brief::command>("continue:k3.r2");
    CHECK(to_brief.next.value == "k3.r2");
    CHECK_FALSE(r.wants("create:k3.r2"));
    r.does(settle{"continue:k3.r2", {}});
    auto const made = r.told<run::create, run::command>("create:k3.r2");
    run_subject next{"k3.r2"};
    next.does(made);
    CHECK(next.does(made) == 0);
    CHECK(next.now_is().items[0].outcome == item_outcome::done);
    CHECK_FALSE(next.wants("open:1"));
    auto const open = next.told<ticket::open, ticket::command>("open:2");
    CHECK(open.continues.value == "k3.r1");
    CHECK(open.blocked_by.empty());
    CHECK(next.now_is().items[1].ticket.value == "k3-2"); // the same ticket
    next.does(settle{"open:2", {}});
    CHECK(next.now_is().is == status::running);
    next.does(run::ticket_ended{ticket_id{"k3-2"}, item_outcome::done, false, {}, {}, "c2"});
    CHECK(next.now_is().is == status::COMPLETED);
  }
  SECTION("the brief is over: nobody goes on, and the tickets are cancelled") {
    r.does(run::decided{approval_id{"k3.r1.c1"}, true, principal_id{"human:bob"}, {}, {}});
    r.does(settle{"continue:k3.r2", "it is cancelled"});
    CHECK_FALSE(r.wants("create:k3.r2"));
    CHECK(r.wants("cancel:k3-2"));
  }
}

TEST_CASE("run: a stopped one need not be paused by the brief that it put on hold", "[domain]") {
  auto r = running();
  r.does(run::stop{status::STOPPED_BUDGET, "no money"});
  CHECK(r.does(run::pause{"STOPPED_BUDGET: no money"}, "brief:k3") == 0);
  CHECK(r.refused(run::pause{"lunch"}) == errc::conflict); // a person is told that it has stopped
}

TEST_CASE("run: a stopped one that is cancelled gives up its tickets", "[domain]") {
  auto r = running();
  r.does(run::stop{status::STOPPED_OPERATOR, "enough"});
  r.does(run::cancel{"not needed"});
  CHECK(r.does(run::cancel{"not needed"}) == 0);
  CHECK(r.now_is().is == status::STOPPED_OPERATOR);
  CHECK(r.wants("cancel:k3-2"));
  CHECK(r.refused(run::carry_on{}) == errc::conflict);
}

TEST_CASE("run: whoever resumes or continues one that cannot go on is told the way on",
          "[domain]") {
  auto r = running();
  auto const told = [&](auto const& command) {
    CHECK(r.refused(command) == errc::conflict);
    return r.problem.message;
  };
  std::string const not_paused = "; only a paused one can be resumed. ";
  std::string const not_stopped = "; only a stopped one is continued by another. ";
  CHECK(told(run::carry_on{}) ==
        "Run k3.r1 is running" + not_stopped + "See `troupe run show k3.r1`.");
  r.does(run::stop{status::STOPPED_BUDGET, "no money"});
  CHECK(told(run::resume{}) == "Run k3.r1 is STOPPED_BUDGET" + not_paused +
                                   "`troupe run continue k3.r1` asks for a new run that takes over "
                                   "what is left.");
  SECTION("once another goes on") {
    r.does(run::carry_on{});
    r.does(run::decided{approval_id{"k3.r1.c1"}, true, principal_id{"human:bob"}, {}, {}});
    CHECK(told(run::resume{}) ==
          "Run k3.r1 is STOPPED_BUDGET" + not_paused + "Run k3.r2 goes on in its place.");
  }
  SECTION("once it is given up") {
    std::string const over = "It is over for good: hand in what is left with `troupe brief submit "
                             "FILE`, or make a ticket with `troupe ticket add`.";
    r.does(run::cancel{"not needed"});
    CHECK(told(run::resume{}) == "Run k3.r1 is STOPPED_BUDGET" + not_paused + over);
    CHECK(told(run::carry_on{}) == "Run k3.r1 is given up" + not_stopped + over);
  }
}

TEST_CASE("run: one made by hand needs no brief", "[domain]") {
  run_subject r{"h1"};
  run::create c;
  c.project = project_id{"tally"};
  c.config = a_config();
  c.items = {an_item("1")};
  c.by_hand = true;
  r.does(c, "human:ada");
  auto const open = r.told<ticket::open, ticket::command>("open:1");
  CHECK(open.by_hand);
  CHECK(open.run.value == "h1");
  CHECK(r.now_is().items[0].ticket.value == "h1-1");
  r.does(settle{"open:1", {}});
  r.does(run::ticket_ended{ticket_id{"h1-1"}, item_outcome::failed, true, "no", {}, {}});
  CHECK(r.now_is().is == status::FAILED); // nobody plans again
  CHECK(r.keys().empty());
}
