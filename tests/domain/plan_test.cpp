#include "live.hpp"
#include "protocol/content_hash.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::test;

namespace {

using plan_entity = live<plan_domain>;
using status = plan::status;

struct steps {
  plan_entity p{"k3f9q2mx.p1"};

  void created(autonomy mode = autonomy::ask) {
    plan::create c;
    c.project = project_id{"tally"};
    c.brief = brief_id{"k3f9q2mx"};
    c.content = a_draft();
    c.content_hash = content_hash(a_draft());
    c.config = a_config(mode);
    p.does(c);
  }
  std::vector<plan::event> answer_draft(json::value data) {
    return p.does(hear{an_answer(p.asked("ask:k3f9q2mx.p1.draft").id, std::move(data))});
  }
  void drafted(plan_content content = a_plan()) {
    answer_draft(json::object{{"plan", json::to(content)}});
  }
  void criticised(std::vector<std::string> findings = {}, bool blocking = false) {
    p.does(hear{an_answer(p.asked("ask:k3f9q2mx.p1.critique").id,
                          json::object{{"findings", json::to(findings)}, {"blocking", blocking}},
                          "agent:tally.qa")});
  }
  void pending(autonomy mode = autonomy::ask) {
    created(mode);
    drafted();
    criticised({"no test for empty input"});
  }
  plan::decided decision(bool approved, bool revise = false) const {
    return {plan::present_approval(p.s), approved, revise,
            principal_id{"human:grace"}, "notes",  p.s.content_hash};
  }
};

} // namespace

TEST_CASE("plan: the tech lead drafts, qa criticises, a person approves", "[domain]") {
  steps t;
  t.created();
  auto const draft = t.p.asked("ask:");
  CHECK(draft.id == "k3f9q2mx.p1.draft1");
  CHECK(draft.to.value == "agent:tally.tech-lead");
  CHECK(draft.from.value == "plan:k3f9q2mx.p1");
  CHECK(data_of(draft).at("do") == "draft_plan");
  t.drafted();
  CHECK(t.p.s.is == status::under_critique);
  auto const critique = t.p.asked("ask:");
  CHECK(critique.id == "k3f9q2mx.p1.critique1");
  CHECK(critique.to.value == "agent:tally.qa");
  t.criticised();
  CHECK(t.p.s.is == status::pending_approval);
  auto const open = t.p.told<approval::open, approval::command>("open:k3f9q2mx.p1.a1");
  CHECK(open.content_hash == content_hash(a_plan()));
  t.p.does(t.decision(true));
  CHECK(t.p.s.is == status::active);
  auto const told = t.p.told<brief::plan_active, brief::command>("active");
  CHECK(told.version == 1);
  CHECK(told.content == a_plan());
  t.p.settle_all();
  CHECK(t.p.owes().empty());
  t.p.check_replay();
}

TEST_CASE("plan: autonomy says who is asked", "[domain]") {
  struct row {
    autonomy mode;
    std::vector<std::string> findings;
    status to;
  };
  auto const r = GENERATE(row{autonomy::ask, {}, status::pending_approval},
                          row{autonomy::plan, {}, status::active},
                          row{autonomy::plan, {"x"}, status::pending_approval},
                          row{autonomy::full, {"x"}, status::active});
  steps t;
  t.created(r.mode);
  t.drafted();
  t.criticised(r.findings);
  CHECK(t.p.s.is == r.to);
}

TEST_CASE("plan: a cycle makes a proposal invalid, the next round hears its path", "[domain]") {
  steps t;
  t.created();
  t.drafted(a_plan({an_item("1", {"2"}), an_item("2", {"1"})}));
  CHECK(t.p.s.is == status::invalid);
  CHECK(t.p.s.path == std::vector<std::string>{"1", "2", "1"});
  auto const again = t.p.asked("ask:");
  CHECK(again.id == "k3f9q2mx.p1.draft2");
  CHECK(data_of(again).at("problems").as_array().size() == 1);
  t.drafted();
  CHECK(t.p.s.is == status::under_critique);
  CHECK(t.p.s.path.empty());
  t.p.check_replay();
}

TEST_CASE("plan: a draft for a role that nobody has goes back with that reason", "[domain]") {
  steps t;
  t.created();
  auto item = an_item("1");
  item.role = "poet";
  t.drafted(a_plan({item}));
  CHECK(t.p.s.is == status::invalid);
  auto const again = t.p.asked("ask:");
  CHECK(again.id == "k3f9q2mx.p1.draft2");
  std::string const said{data_of(again).at("problems").as_array().at(0).as_string()};
  CHECK(said.find("item 1 is for the role poet, which no agent of the project has") == 0);
  t.drafted();
  CHECK(t.p.s.is == status::under_critique);
  t.p.check_replay();
}

TEST_CASE("plan: a draft may keep a role that a person wrote into the same version", "[domain]") {
  steps t;
  t.pending();
  auto item = an_item("1");
  item.role = "poet";
  t.p.does(plan::propose{a_plan({item})});
  REQUIRE(t.p.s.is == status::under_critique);
  t.criticised({"too long"}, true);
  if (GENERATE(false, true)) // a round without a draft changes nothing in that
    t.answer_draft(json::object{{"refused", "no"}});
  item.title += " briefly";
  t.drafted(a_plan({item}));
  CHECK(t.p.s.is == status::under_critique);
  t.criticised({"too long"}, true);
  item.title += " now";
  t.drafted(a_plan({item}));
  CHECK(t.p.s.is == status::under_critique);
  t.p.check_replay();
}

TEST_CASE("plan: the third round without a valid plan ends it, and the brief hears", "[domain]") {
  steps t;
  t.created();
  auto const bad = GENERATE(json::value(nullptr), json::value(json::object{{"refused", "no"}}),
                            json::value(json::object{{"plan", json::object{{"itms", 1}}}}),
                            json::value(json::object{{"plan", json::to(plan_content{})}}));
  for (int i = 1; i <= 3; ++i) {
    CHECK(t.p.asked("ask:").id == "k3f9q2mx.p1.draft" + std::to_string(i));
    t.answer_draft(bad);
  }
  CHECK(t.p.s.is == status::FAILED);
  auto const told = t.p.told<brief::plan_failed, brief::command>("failed");
  CHECK(told.version == 1);
  CHECK_FALSE(told.why.empty());
  t.p.check_replay();
}

TEST_CASE("plan: blocking findings lead to another proposal, at most twice", "[domain]") {
  steps t;
  t.created();
  for (int i = 1; i <= 3; ++i) {
    t.drafted();
    CHECK(t.p.asked("ask:").id == "k3f9q2mx.p1.critique" + std::to_string(i));
    t.criticised({"too coarse"}, true);
    if (i < 3) {
      CHECK(t.p.s.is == status::proposed);
      CHECK(data_of(t.p.asked("ask:")).at("notes") == "too coarse");
    }
  }
  CHECK(t.p.s.is == status::pending_approval);
  CHECK(t.p.s.findings == std::vector<std::string>{"too coarse"});
}

TEST_CASE("plan: an unreadable critique is asked for again, then stands as a finding", "[domain]") {
  steps t;
  t.created(autonomy::plan);
  t.drafted();
  for (int i = 1; i <= 3; ++i) {
    auto const m = t.p.asked("ask:");
    CHECK(m.id == "k3f9q2mx.p1.critique" + std::to_string(i));
    t.p.does(hear{an_answer(m.id, json::object{{"findings", 7}})});
  }
  // Not `active`: nobody's criticism must not count as no criticism.
  CHECK(t.p.s.is == status::pending_approval);
  CHECK(t.p.s.findings.size() == 1);
}

TEST_CASE("plan: late and repeated answers have no effect", "[domain]") {
  steps t;
  t.created();
  auto const draft = an_answer("k3f9q2mx.p1.draft1", json::object{{"plan", json::to(a_plan())}});
  auto const critique = an_answer("k3f9q2mx.p1.critique1",
                                  json::object{{"findings", json::array{}}, {"blocking", false}});
  CHECK(t.p.does(hear{critique}).empty());
  t.p.does(hear{draft});
  CHECK(t.p.does(hear{draft}).empty());
  t.p.does(hear{critique});
  CHECK(t.p.does(hear{critique}).empty());
  CHECK(t.p.does(hear{draft}).empty());
  CHECK(t.p.s.is == status::pending_approval);
}

TEST_CASE("plan: an edit by hand is criticised and approved anew", "[domain]") {
  steps t;
  t.pending();
  auto content = a_plan();
  content.items.push_back(an_item("3", {"2"}));
  t.p.does(plan::propose{content});
  CHECK(t.p.s.is == status::under_critique);
  CHECK(t.p.s.by.value == "human:ada");
  CHECK(t.p.told<approval::supersede, approval::command>("supersede:k3f9q2mx.p1.a1").content_hash ==
        content_hash(content));
  CHECK(t.p.asked("ask:").id == "k3f9q2mx.p1.critique2");
  t.criticised();
  CHECK(t.p.owed("open:k3f9q2mx.p1.a2"));
  SECTION("the old approval decides nothing") {
    auto c = t.decision(true);
    c.approval = approval_id{"k3f9q2mx.p1.a1"};
    CHECK(outcome(t.p.send(c)) == "conflict");
  }
  SECTION("cancelled: only the new question is withdrawn") {
    t.p.does(plan::cancel{"no"});
    CHECK(t.p.owed("withdraw:k3f9q2mx.p1.a2"));
    CHECK(t.p.owed("supersede:k3f9q2mx.p1.a1"));
  }
  t.p.check_replay();
}

TEST_CASE("plan: an edit with a cycle is refused with its path and changes nothing", "[domain]") {
  steps t;
  t.pending();
  auto const before = t.p.log.size();
  auto const r = t.p.send(plan::propose{a_plan({an_item("1", {"2"}), an_item("2", {"1"})})});
  REQUIRE(r.has_error());
  CHECK(r.error().code == errc::conflict);
  CHECK(r.error().details.at("path") == json::array{"1", "2", "1"});
  CHECK(r.error().details.at("state") == "pending_approval");
  CHECK(t.p.log.size() == before);
}

TEST_CASE("plan: a person's revision goes back to the tech lead, a rejection ends it", "[domain]") {
  steps t;
  t.pending();
  SECTION("revise") {
    t.p.does(t.decision(false, true));
    CHECK(t.p.s.is == status::revision_requested);
    CHECK(data_of(t.p.asked("ask:")).at("notes").as_string().starts_with("notes"));
    t.drafted();
    t.criticised();
    CHECK(t.p.owed("open:k3f9q2mx.p1.a2"));
    CHECK_FALSE(t.p.owed("supersede:"));
  }
  SECTION("reject") {
    t.p.does(t.decision(false));
    CHECK(t.p.s.is == status::REJECTED);
    CHECK(t.p.owed("failed"));
  }
  SECTION("a decision about another content") {
    auto c = t.decision(true);
    c.content_hash = "other";
    CHECK(outcome(t.p.send(c)) == "conflict");
  }
  SECTION("rounds used after a revision") {
    t.p.does(t.decision(false, true));
    for (int i = 0; i < 3; ++i)
      t.answer_draft(nullptr);
    CHECK(t.p.s.is == status::FAILED);
  }
  t.p.check_replay();
}

TEST_CASE("plan: an active one is superseded, finished or cancelled, and nothing else",
          "[domain]") {
  steps t;
  t.created(autonomy::full);
  t.drafted();
  t.criticised();
  REQUIRE(t.p.s.is == status::active);
  CHECK(outcome(t.p.send(plan::propose{a_plan({an_item("9")})})) == "conflict");
  SECTION("superseded") {
    t.p.does(plan::supersede{2});
    CHECK(t.p.s.is == status::SUPERSEDED);
    CHECK(outcome(t.p.send(plan::finish{true, ""})) == "conflict");
  }
  SECTION("completed") {
    t.p.does(plan::finish{true, ""});
    CHECK(t.p.s.is == status::COMPLETED);
  }
  SECTION("failed: the brief knows, it said so") {
    t.p.does(plan::finish{false, "run failed"});
    CHECK(t.p.s.is == status::FAILED);
  }
  SECTION("cancelled") {
    t.p.does(plan::cancel{"no"});
    CHECK(t.p.s.is == status::CANCELLED);
  }
  CHECK(t.p.owes().empty());
}

TEST_CASE("plan: a replan must replace the failed item and keep the others", "[domain]") {
  plan_entity p{"k3f9q2mx.p2"};
  plan::create c;
  c.brief = brief_id{"k3f9q2mx"};
  c.version = 2;
  c.project = project_id{"tally"};
  c.config = a_config();
  c.previous = a_plan();
  c.failed_key = "1";
  c.failure = "rounds used";
  p.does(c);
  CHECK(text_of(p.asked("ask:")).find("rounds used") != std::string::npos);
  p.does(hear{an_answer("k3f9q2mx.p2.draft1", json::object{{"plan", json::to(a_plan())}})});
  CHECK(p.s.is == status::invalid);
  auto fresh = an_item("3");
  fresh.supersedes = "1";
  p.does(hear{an_answer("k3f9q2mx.p2.draft2",
                        json::object{{"plan", json::to(a_plan({fresh, an_item("2", {"3"})}))}})});
  CHECK(p.s.is == status::under_critique);
}

TEST_CASE("plan: is created once", "[domain]") {
  steps t;
  CHECK(outcome(t.p.send(plan::cancel{})) == "not_found");
  t.created();
  plan::create c;
  c.brief = brief_id{"k3f9q2mx"};
  c.content_hash = t.p.s.wanted_hash;
  CHECK(t.p.does(c).empty());
  c.brief = brief_id{"other"};
  CHECK(outcome(t.p.send(c)) == "conflict");
}
