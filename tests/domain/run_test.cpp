#include "tests/domain/ticket_subject.hpp"

using namespace troupe;
using namespace troupe::test;
using run::item_outcome;
using run::status;

namespace {

using strings = std::vector<std::string>;

plan_item make_item(std::string key, strings blocked_by = {}, std::string supersedes = {}) {
  plan_item i;
  i.key = std::move(key);
  i.title = "Item " + i.key;
  i.role = "dev";
  i.criteria = {"works"};
  i.blocked_by = std::move(blocked_by);
  i.supersedes = std::move(supersedes);
  return i;
}

project_config make_config() {
  project_config c;
  c.repository = "tally";
  c.process.stages = standard_stages();
  for (auto const* role : {"dev", "pm", "chief-of-staff"}) {
    agent_spec a;
    a.name = role;
    a.role = role;
    c.roster.push_back(a);
  }
  return c;
}

run::create make_create(std::vector<plan_item> items) {
  run::create c;
  c.project = project_id{"tally"};
  c.brief = brief_id{"k3"};
  c.plan = plan_id{"k3.p1"};
  c.config = make_config();
  c.items = std::move(items);
  return c;
}

class run_subject : public subject<run_domain> {
public:
  explicit run_subject(std::vector<plan_item> items, std::string id = "k3.r1",
                       std::string forked_from = {})
      : subject(std::move(id)) {
    auto c = make_create(std::move(items));
    c.forked_from = std::move(forked_from);
    does(c);
  }
  /// Acknowledges every `open`.
  void all_open() {
    for (auto const& o : wants()) {
      if (o.key.starts_with("open:"))
        does(settle{o.key, {}});
    }
  }
  void ends(std::string ticket, item_outcome outcome = item_outcome::done, bool replan = false) {
    run::ticket_ended c;
    c.ticket = ticket_id{std::move(ticket)};
    c.outcome = outcome;
    c.replan = replan;
    c.why = "why";
    c.used.cost_micros = 5;
    CHECK(does(c) > 0);
    auto const events = last;
    CHECK(does(c) == 0); // it says so again
    last = events;
  }
  template <class Entity>
  [[nodiscard]] auto told(std::string const& key) const {
    return std::get<Entity>(std::get<tell>(wanted(key).what).command);
  }
};

run::adopt make_adopt(std::vector<plan_item> items, std::string failed_key) {
  run::adopt c;
  c.plan = plan_id{"k3.p2"};
  c.plan_version = 2;
  c.items = std::move(items);
  c.failed_key = std::move(failed_key);
  return c;
}

} // namespace

TEST_CASE("run: opens its tickets and runs when all are open", "[domain]") {
  run_subject r{{make_item("1"), make_item("2", {"1"})}};
  CHECK(r.now_is().is == status::starting);
  CHECK(r.keys() == strings{"open:1", "open:2"});
  auto const c = std::get<ticket::open>(r.told<ticket::command>("open:2"));
  CHECK(c.blocked_by == std::vector{ticket_id{"k3-1"}});
  CHECK(c.run_active);
  CHECK(c.resolver == agent_id{"tally.chief-of-staff"});
  CHECK(c.plan == plan_id{"k3.p1"});
  CHECK(c.stages.size() == 3);
  CHECK(r.does(settle{"open:1", {}}) == 1);
  CHECK(r.does(settle{"open:1", {}}) == 0);
  CHECK(r.does(settle{"open:2", {}}) == 2);
  CHECK(r.now_is().is == status::running);
  CHECK(r.keys().empty());
  CHECK(r.does(make_create({make_item("1")})) == 0);
}

TEST_CASE("run: tells dependants, and its brief at the end", "[domain]") {
  run_subject r{{make_item("1"), make_item("2", {"1"})}};
  r.all_open();
  r.ends("k3-1");
  CHECK(r.keys() == strings{"met:k3-2:k3-1"});
  r.ends("k3-2");
  CHECK(r.now_is().is == status::COMPLETED);
  CHECK(r.now_is().used.cost_micros == 10);
  auto const c = std::get<brief::run_ended>(r.told<brief::command>("report"));
  CHECK(c.completed);
  r.does(settle{"report", {}});
  CHECK(r.keys().empty());
  CHECK(r.refused(run::ticket_ended{ticket_id{"x-1"}, item_outcome::done, false, "", {}, ""}) ==
        errc::not_found);
}

TEST_CASE("run: a ticket may end before its opening is acknowledged", "[domain]") {
  run_subject r{{make_item("1"), make_item("2")}};
  r.ends("k3-1");
  CHECK(r.now_is().is == status::starting);
  r.ends("k3-2");
  CHECK(r.now_is().is == status::COMPLETED);
  CHECK(r.names() == strings{"ticket_recorded", "moved", "ended"});
}

TEST_CASE("run: a ticket that cannot be opened has failed", "[domain]") {
  run_subject r{{make_item("1")}};
  r.does(settle{"open:1", "it belongs to another run"});
  CHECK(r.now_is().is == status::FAILED);
}

TEST_CASE("run: pauses at once, tells its tickets and goes on", "[domain]") {
  run_subject r{{make_item("1"), make_item("2")}};
  CHECK(r.refused(run::pause{}) == errc::busy);
  CHECK(r.refused(run::stop{status::STOPPED_BUDGET, ""}) == errc::busy);
  r.all_open();
  CHECK(r.does(run::pause{"lunch"}) == 2);
  CHECK(r.now_is().is == status::paused);
  CHECK(r.does(run::pause{"lunch"}) == 0);
  CHECK(r.keys() == strings{"pause:k3-1:1", "pause:k3-2:1"});
  auto const c = std::get<ticket::run_changed>(r.told<ticket::command>("pause:k3-1"));
  CHECK_FALSE(c.active);
  CHECK(c.change == 1);
  r.ends("k3-1");
  r.does(run::resume{});
  CHECK(r.does(run::resume{}) == 0);
  CHECK(r.keys() == strings{"resume:k3-2:2"});
  SECTION("what ended in the pause ends the run when it goes on") {
    r.does(run::pause{});
    r.ends("k3-2");
    CHECK(r.now_is().is == status::paused);
    r.does(run::resume{});
    CHECK(r.now_is().is == status::COMPLETED);
  }
  SECTION("what is over cannot pause") {
    r.ends("k3-2");
    CHECK(r.refused(run::pause{}) == errc::conflict);
    CHECK(r.refused(run::resume{}) == errc::conflict);
    CHECK(r.refused(run::cancel{}) == errc::conflict);
  }
}

TEST_CASE("run: cancelling cancels every ticket", "[domain]") {
  run_subject r{{make_item("1"), make_item("2")}};
  SECTION("while it starts") {}
  SECTION("running") {
    r.all_open();
  }
  SECTION("paused") {
    r.all_open();
    r.does(run::pause{});
  }
  r.does(run::cancel{"no money"});
  CHECK(r.now_is().is == status::CANCELLED);
  CHECK(r.does(run::cancel{"no money"}) == 0);
  CHECK(r.keys() == strings{"cancel:k3-1", "cancel:k3-2", "report"});
  r.ends("k3-1", item_outcome::cancelled);
  r.ends("k3-2", item_outcome::done); // it was faster
  CHECK(r.now_is().is == status::CANCELLED);
  r.does(settle{"report", {}});
  CHECK(r.keys().empty());
}

TEST_CASE("run: a failed ticket asks for a replan, which replaces it", "[domain]") {
  run_subject r{{make_item("1"), make_item("2", {"1"}), make_item("3")}};
  r.all_open();
  r.ends("k3-1", item_outcome::failed, true);
  CHECK(r.now_is().is == status::running);
  auto const asked = std::get<brief::replan>(r.told<brief::command>("replan:k3-1"));
  CHECK(asked.key == "1");
  CHECK(asked.run == run_id{"k3.r1"});
  r.does(settle{"replan:k3-1", {}});
  CHECK(r.keys().empty());
  auto const next =
      make_adopt({make_item("4", {}, "1"), make_item("2", {"4"}), make_item("3")}, "1");
  CHECK(r.does(next) == 1);
  CHECK(r.does(next) == 0);
  CHECK(r.now_is().items[0].outcome == item_outcome::replaced);
  CHECK(r.keys() == strings{"open:4", "swap:k3-2:k3-1:k3-4"});
  auto const open = std::get<ticket::open>(r.told<ticket::command>("open:4"));
  CHECK(open.supersedes == ticket_id{"k3-1"});
  CHECK(open.plan == plan_id{"k3.p2"});
  auto const swap = std::get<ticket::swap_blocker>(r.told<ticket::command>("swap:"));
  CHECK(swap.new_blocker == ticket_id{"k3-4"});
  r.does(settle{"open:4", {}});
  r.does(settle{"swap:k3-2:k3-1:k3-4", {}});
  r.ends("k3-4");
  CHECK(r.keys() == strings{"met:k3-2:k3-4"});
  r.ends("k3-3");
  r.ends("k3-2");
  CHECK(r.now_is().is == status::COMPLETED);
}

TEST_CASE("run: dependants follow a replacement that the plan forgot to name", "[domain]") {
  run_subject r{{make_item("1"), make_item("2", {"1"})}};
  r.all_open();
  r.ends("k3-1", item_outcome::failed, true);
  r.does(make_adopt({make_item("4", {}, "1"), make_item("2", {"1"})}, "1"));
  CHECK(r.wants("swap:k3-2:k3-1:k3-4"));
  CHECK(r.now_is().items[1].item.blocked_by == strings{"4"});
}

TEST_CASE("run: a plan may drop items and add edges", "[domain]") {
  run_subject r{{make_item("1"), make_item("2", {"1"}), make_item("3")}};
  r.all_open();
  r.ends("k3-1", item_outcome::failed, true);
  r.does(make_adopt({make_item("2", {"5"}), make_item("5")}, "1"));
  CHECK(r.wants("swap:k3-2:k3-1:"));
  CHECK(r.wants("swap:k3-2::k3-5"));
  CHECK(r.wants("cancel:k3-3"));
  CHECK(r.wants("open:5"));
  r.ends("k3-3", item_outcome::cancelled);
  CHECK(r.now_is().items[2].outcome == item_outcome::replaced);
  r.ends("k3-5");
  r.ends("k3-2");
  CHECK(r.now_is().is == status::COMPLETED);
}

TEST_CASE("run: fails when something failed for good and nothing can move", "[domain]") {
  run_subject r{{make_item("1"), make_item("2", {"1"}), make_item("3")}};
  r.all_open();
  SECTION("a replan that is refused by the brief") {
    r.ends("k3-1", item_outcome::failed, true);
    r.does(run::replan_refused{ticket_id{"k3-1"}, "no replan is left"});
    CHECK(r.does(run::replan_refused{ticket_id{"k3-1"}, "no replan is left"}) == 0);
  }
  SECTION("a replan that cannot be asked for") {
    r.ends("k3-1", item_outcome::failed, true);
    r.does(settle{"replan:k3-1", "the brief is over"});
  }
  SECTION("a replan that leaves the failure as it is") {
    r.ends("k3-1", item_outcome::failed, true);
    r.does(make_adopt({make_item("1"), make_item("2", {"1"}), make_item("3")}, "1"));
  }
  SECTION("no replan is wanted") {
    r.ends("k3-1", item_outcome::failed);
  }
  SECTION("a person cancelled it") {
    r.ends("k3-1", item_outcome::cancelled);
  }
  CHECK(r.now_is().is == status::running); // 3 can still be done
  r.ends("k3-3");
  CHECK(r.now_is().is == status::FAILED);
  CHECK(r.keys() == strings{"cancel:k3-2", "report"});
  auto const c = std::get<brief::run_ended>(r.told<brief::command>("report"));
  CHECK_FALSE(c.completed);
  CHECK(c.why.find("k3-1") != std::string::npos);
}

TEST_CASE("run: waits for a replan that is still under way", "[domain]") {
  run_subject r{{make_item("1"), make_item("2")}};
  r.all_open();
  r.ends("k3-1", item_outcome::failed, true);
  r.ends("k3-2", item_outcome::failed, true);
  // Version 2 answers the first failure only.
  r.does(make_adopt({make_item("3", {}, "1"), make_item("2")}, "1"));
  CHECK(r.now_is().is == status::running);
  r.all_open();
  r.ends("k3-3");
  CHECK(r.now_is().is == status::running);
  r.does(run::replan_refused{ticket_id{"k3-2"}, "no"});
  CHECK(r.now_is().is == status::FAILED);
}

TEST_CASE("run: stopping rests the tickets and puts the brief on hold", "[domain]") {
  run_subject r{{make_item("1")}};
  r.all_open();
  CHECK(r.refused(run::stop{status::COMPLETED, ""}) == errc::invalid_argument);
  r.does(run::stop{status::STOPPED_BUDGET, "nothing left"});
  CHECK(r.does(run::stop{status::STOPPED_BUDGET, "nothing left"}) == 0);
  CHECK(r.keys() == strings{"pause:k3-1:1", "hold"});
}

TEST_CASE("run: a fork has its own tickets and tells its parent's brief nothing", "[domain]") {
  run_subject r{{make_item("1"), make_item("2")}, "k3.r2", "k3.r1@17"};
  auto const o = r.wanted("open:1");
  CHECK(std::get<tell>(o.what).to.id == "k3.r2-1");
  r.all_open();
  r.ends("k3.r2-2");
  r.ends("k3.r2-1", item_outcome::failed, true);
  CHECK(r.now_is().is == status::FAILED);
  CHECK(r.keys().empty());
}

TEST_CASE("run: an unknown role of an item leaves the work to the process", "[domain]") {
  auto item = make_item("1");
  item.role = "astronaut";
  run_subject r{{item}};
  CHECK(std::get<ticket::open>(r.told<ticket::command>("open:1")).item.role.empty());
}

TEST_CASE("run: nothing but create finds a run that was never made", "[domain]") {
  subject<run_domain> r{"k3.r1"};
  CHECK(r.refused(run::pause{}) == errc::not_found);
  CHECK(r.refused(tick{}) == errc::not_found);
}
