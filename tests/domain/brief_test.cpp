#include "live.hpp"
#include "protocol/content_hash.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::test;

namespace {

using brief_entity = live<brief_domain>;
using status = brief::status;

/// A brief that went so far; each step builds on the one before.
struct steps {
  brief_entity b{"k3f9q2mx"};

  void submitted(project_config config = a_config()) {
    b.does(brief::submit{project_id{"tally"},
                         {"transcript", "monday.vtt", "ADA: totals!", "00"},
                         std::move(config)});
  }
  void drafted(brief_content content = a_draft()) {
    if (b.s.is == status::none)
      submitted();
    auto const question = b.asked("ask:").id;
    b.does(hear{an_answer(question, json::object{{"brief", json::to(content)}})});
  }
  brief::decided decision(brief::decision how, std::string notes = {}) const {
    return {brief::present_approval(b.s), how, principal_id{"human:grace"}, std::move(notes),
            b.s.content_hash};
  }
  void approved(project_config config = a_config()) {
    submitted(std::move(config));
    drafted();
    b.does(decision(brief::decision::approve));
  }
  void plan_active(std::int32_t version, plan_content content = a_plan()) {
    b.does(brief::plan_active{brief::plan_of(brief_id{b.s.self.id}, version), version,
                              std::move(content)});
  }
  void delivering(project_config config = a_config()) {
    approved(std::move(config));
    plan_active(1);
  }
  brief::replan replan_of(std::string key) const {
    return {b.s.run, ticket_id{"k3f9q2mx-" + key}, key, "rounds used"};
  }
  plan_content replacing(std::string key, std::string by) const {
    auto p = b.s.plan;
    std::erase_if(p.items, [&](plan_item const& i) { return i.key == key; });
    for (auto& i : p.items)
      std::replace(i.blocked_by.begin(), i.blocked_by.end(), key, by);
    auto fresh = an_item(by);
    fresh.supersedes = key;
    p.items.push_back(fresh);
    return p;
  }
};

} // namespace

TEST_CASE("brief: a submitted source is given to the pm for drafting", "[domain]") {
  steps t;
  t.submitted();
  CHECK(t.b.s.is == status::drafting);
  auto const m = t.b.asked("ask:");
  CHECK(m.id == "k3f9q2mx.draft1");
  CHECK(m.kind == message_kind::request);
  CHECK(m.from.value == "brief:k3f9q2mx");
  CHECK(m.to.value == "agent:tally.pm");
  CHECK(data_of(m) ==
        json::value(json::object{{"do", "draft_brief"}, {"brief", "k3f9q2mx"}, {"round", 1}}));
  CHECK(m.parts.size() == 2);
  t.b.check_replay();
}

TEST_CASE("brief: a source that cannot be drafted is refused", "[domain]") {
  steps t;
  brief::submit c{project_id{"tally"}, {"message", "", "do it", ""}, a_config()};
  SECTION("empty") {
    c.from.text = " \n";
    CHECK(outcome(t.b.send(c)) == "invalid_argument");
  }
  SECTION("too large") {
    c.from.text = std::string(brief::max_source_bytes + 1, 'x');
    CHECK(outcome(t.b.send(c)) == "too_large");
  }
  SECTION("a config that cannot work") {
    c.config.roster.clear();
    CHECK(outcome(t.b.send(c)) == "invalid_argument");
  }
  SECTION("twice the same, then another one") {
    t.b.does(c);
    CHECK(t.b.does(c).empty());
    c.from.text = "do something else";
    CHECK(outcome(t.b.send(c)) == "conflict");
  }
  CHECK(t.b.log.size() <= 1);
}

TEST_CASE("brief: a draft waits for a person, bound to its content", "[domain]") {
  steps t;
  t.drafted();
  REQUIRE(t.b.s.is == status::pending_approval);
  CHECK(t.b.s.engine == "rules");
  auto const open = t.b.told<approval::open, approval::command>("open:k3f9q2mx.a1");
  CHECK(open.subject.value == "brief:k3f9q2mx");
  CHECK(open.content_hash == content_hash(a_draft()));
  CHECK(open.deadline == t.b.now + a_config().limits.approval);
  CHECK_FALSE(t.b.owed("ask:"));
}

TEST_CASE("brief: nothing is planned before a person approved what is there now", "[domain]") {
  steps t;
  t.drafted();
  auto c = t.decision(brief::decision::approve);
  SECTION("another content") {
    c.content_hash = content_hash(a_draft("Other"));
    auto const r = t.b.send(c);
    REQUIRE(r.has_error());
    CHECK(r.error().code == errc::conflict);
    CHECK(r.error().details.at("state") == "pending_approval");
    CHECK(t.b.s.is == status::pending_approval);
  }
  SECTION("an older approval") {
    t.b.does(brief::draft{a_draft("Newer")});
    CHECK(outcome(t.b.send(c)) == "conflict");
    CHECK(t.b.s.is == status::pending_approval);
  }
  SECTION("the present one") {
    auto const events = t.b.does(c);
    REQUIRE(events.size() == 2);
    CHECK(std::holds_alternative<brief::approval_recorded>(events[0]));
    CHECK(std::get<brief::planning_began>(events[1]).version == 1);
    CHECK(t.b.s.is == status::planning);
    CHECK(t.b.s.decided_by.value == "human:grace");
  }
  t.b.check_replay();
}

TEST_CASE("brief: changes asked for go back to the pm with the notes", "[domain]") {
  steps t;
  t.drafted();
  t.b.does(t.decision(brief::decision::revise, "name the currency"));
  CHECK(t.b.s.is == status::drafting);
  auto const m = t.b.asked("ask:");
  CHECK(m.id == "k3f9q2mx.draft2");
  CHECK(data_of(m).at("notes") == "name the currency");
  // The decided approval is not superseded; the next one has another id.
  t.drafted(a_draft("In euro"));
  CHECK(t.b.owed("open:k3f9q2mx.a2"));
  CHECK_FALSE(t.b.owed("supersede:"));
}

TEST_CASE("brief: an edit before approval opens a new question and ends the old one", "[domain]") {
  steps t;
  t.drafted();
  t.b.does(brief::draft{a_draft("By hand")});
  CHECK(t.b.s.drafted_by.value == "human:ada");
  CHECK(t.b.owed("open:k3f9q2mx.a2"));
  auto const gone = t.b.told<approval::supersede, approval::command>("supersede:k3f9q2mx.a1");
  CHECK(gone.content_hash == t.b.s.content_hash);
  t.b.settle_all();
  CHECK_FALSE(t.b.owed("supersede:"));
  CHECK(t.b.owed("open:"));
}

TEST_CASE("brief: a draft by hand is faster than the pm, whose answer comes too late", "[domain]") {
  steps t;
  t.submitted();
  auto const question = t.b.asked("ask:").id;
  t.b.does(brief::draft{a_draft("By hand")});
  CHECK(t.b.does(hear{an_answer(question, json::object{{"brief", json::to(a_draft())}})}).empty());
  CHECK(t.b.s.content.title == "By hand");
}

TEST_CASE("brief: a draft that says nothing checkable is refused with its field", "[domain]") {
  steps t;
  t.submitted();
  auto c = a_draft();
  std::string field;
  SECTION("no title") {
    c.title.clear();
    field = "title";
  }
  SECTION("no requirement") {
    c.requirements.clear();
    field = "requirements";
  }
  SECTION("no criteria") {
    c.requirements[0].criteria.clear();
    field = "requirements[0].criteria";
  }
  SECTION("a key twice") {
    c.requirements.push_back(c.requirements[0]);
    field = "requirements[1].key";
  }
  SECTION("after what is not there") {
    c.requirements[0].after = {"R7"};
    field = "requirements[0].after";
  }
  auto const r = t.b.send(brief::draft{c});
  REQUIRE(r.has_error());
  CHECK(r.error().code == errc::invalid_argument);
  CHECK(r.error().details.at("field").as_string() == field.c_str());
}

TEST_CASE("brief: a malformed answer is a lost round; the third ends the brief", "[domain]") {
  steps t;
  t.submitted();
  std::vector<json::value> const bad{nullptr, json::object{{"brief", json::object{{"x", 1}}}},
                                     json::object{{"brief", json::to(brief_content{})}}};
  for (std::size_t i = 0; i < bad.size(); ++i) {
    auto const m = t.b.asked("ask:");
    CHECK(m.id == "k3f9q2mx.draft" + std::to_string(i + 1));
    t.b.does(hear{an_answer(m.id, bad[i])});
  }
  CHECK(t.b.s.is == status::REJECTED);
  CHECK_FALSE(t.b.s.why.empty());
  t.b.check_replay();
}

TEST_CASE("brief: the pm may say that there is nothing to draft", "[domain]") {
  steps t;
  t.submitted();
  t.b.does(hear{an_answer("k3f9q2mx.draft1", json::object{{"refused", "only greetings"}})});
  CHECK(t.b.s.is == status::REJECTED);
  CHECK(t.b.s.why == "only greetings");
  CHECK(t.b.owes().empty());
}

TEST_CASE("brief: an expired approval is sent again under a new id, or rejected", "[domain]") {
  steps t;
  t.drafted();
  t.b.does(t.decision(brief::decision::expire));
  REQUIRE(t.b.s.is == status::expired);
  CHECK_FALSE(t.b.owed("open:"));
  SECTION("sent again") {
    t.b.now += std::chrono::hours{100};
    t.b.does(brief::resend{});
    auto const open = t.b.told<approval::open, approval::command>("open:k3f9q2mx.a2");
    CHECK(open.deadline == t.b.now + a_config().limits.approval);
  }
  SECTION("rejected") {
    t.b.does(t.decision(brief::decision::reject));
    CHECK(t.b.s.is == status::REJECTED);
  }
  SECTION("edited") {
    t.b.does(brief::draft{a_draft("Newer")});
    CHECK(t.b.s.is == status::pending_approval);
    CHECK(t.b.owed("open:k3f9q2mx.a2"));
    CHECK_FALSE(t.b.owed("supersede:"));
  }
}

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
