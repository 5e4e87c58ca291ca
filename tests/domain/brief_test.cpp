#include "brief_steps.hpp"
#include "protocol/content_hash.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::test;

using status = brief::status;
using steps = brief_steps;

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

TEST_CASE("brief: a malformed answer is a lost round, the third ends the brief", "[domain]") {
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
