#include "tests/domain/ticket_subject.hpp"

using namespace troupe;
using namespace troupe::test;
using ticket::status;

namespace {
using strings = std::vector<std::string>;
} // namespace

TEST_CASE("ticket: the worker's own verdict costs a round", "[domain]") {
  ticket_subject t{standard_stages()};
  for (int i = 1; i <= 4; ++i) {
    t.hold();
    auto r = t.report(link::outcome::changes_requested);
    r.notes = {"the brief contradicts itself"};
    t.does(ticket::finish{r});
    CHECK(t.now_is().round == i);
    CHECK(t.now_is().is == (i <= 3 ? status::ready : status::failed_pending));
  }
}

TEST_CASE("ticket: changes are requested until the rounds are used", "[domain]") {
  ticket_subject t{standard_stages()};
  for (int i = 1; i <= 4; ++i) {
    t.hold();
    t.does(t.work("head" + std::to_string(i)));
    t.hold("tally.lead");
    t.does(t.verdict(false));
    CHECK(t.now_is().round == i);
    if (i <= 3) {
      CHECK(t.now_is().is == status::rework);
      CHECK(t.names() == strings{"attempt_ended", "message_posted", "reviewed", "sent_back"});
      auto const o = std::get<offer>(t.wanted("offer:").what);
      CHECK(o.preferred_agent == agent_id{"tally.dev-ada"});
      CHECK(o.preferred_daemon == daemon_id{"d-1"});
    }
  }
  CHECK(t.now_is().is == status::failed_pending);
}

TEST_CASE("ticket: a stage's own bounds hold too", "[domain]") {
  auto stages = standard_stages();
  SECTION("rounds of the stage") {
    stages[1].rounds = 0;
  }
  SECTION("no rework at all") {
    stages[1].failure = on_failure::fail;
  }
  ticket_subject t{stages};
  t.sent_back();
  CHECK(t.now_is().is == status::failed_pending);
}

TEST_CASE("ticket: the order of another round carries the session, round and notes", "[domain]") {
  ticket_subject t{standard_stages()};
  t.sent_back();
  t.grant();
  auto const o = std::get<launch>(t.wanted("launch:").what).what;
  CHECK(o.round == 1);
  CHECK(o.session == "session-1");
  REQUIRE(o.conversation.size() == 2);
  CHECK(text_of(o.conversation[1]) == "- name the file");
  CHECK(data_of(o.conversation[1]).at("approved") == json::value(false));
}

TEST_CASE("ticket: a failed gate sends the work back with a bug report", "[domain]") {
  ticket_subject t{standard_stages()};
  t.to_gates();
  t.hold("");
  t.does(t.gates(false));
  CHECK(t.names() == strings{"attempt_ended", "message_posted", "gated", "sent_back"});
  CHECK(t.now_is().is == status::rework);
  auto const& bug = t.now_is().conversation.back();
  CHECK(bug->kind == message_kind::bug);
  CHECK(text_of(bug) == "- tests: 2 tests failed");
  // The next round goes through review and gates again.
  t.hold();
  t.does(t.work("head2"));
  CHECK(t.now_is().is == status::in_review);
}

TEST_CASE("ticket: a stage that reports bugs posts one to the author, with its evidence",
          "[domain]") {
  auto stages = standard_stages();
  stages[1].name = "qa-review";
  stages[1].role = "qa";
  stages[1].reports = finding::bug;
  ticket_subject t{stages};
  t.to_review();
  SECTION("of an attempt") {
    t.hold("tally.qa");
    auto r = t.verdict(false);
    r.report.proof.exit_code = 2;
    r.report.proof.log_digest = "d1";
    r.report.proof.diff = "+ source";
    r.report.proof.commits = {"head1"};
    t.does(r);
    CHECK(t.names() == strings{"attempt_ended", "message_posted", "reviewed", "sent_back"});
    auto const bug = t.got<ticket::message_posted>().message;
    CHECK(bug->kind == message_kind::bug);
    CHECK(bug->from.value == "agent:tally.qa");
    CHECK(bug->to.value == "agent:tally.dev-ada");
    CHECK(bug->engine == "scripted");
    CHECK(text_of(bug) == "- name the file");
    auto const& data = data_of(bug);
    CHECK(data.at("approved") == json::value(false));
    CHECK(data.at("notes") == json::value(json::array{"name the file"}));
    CHECK(data.at("head") == json::value("head1"));
    CHECK(data.at("stage") == json::value("qa-review"));
    CHECK(data.at("attempt") == json::value("k3f9q2mx-1.t2"));
    auto const proof = json::from<evidence>(data.at("evidence"));
    REQUIRE(proof.has_value());
    CHECK(proof->head == "head1");
    CHECK(proof->exit_code == 2);
    CHECK(proof->log_digest == "d1");
    // It travels with every order: without what is large and kept elsewhere.
    CHECK(proof->diff.empty());
    CHECK(proof->commits.empty());
    CHECK_FALSE(data.as_object().contains("gates"));

    // The author has it before it begins again, as the last word so far.
    t.grant();
    auto const o = std::get<launch>(t.wanted("launch:").what).what;
    CHECK(o.stage == "develop");
    CHECK(o.agent == agent_id{"tally.dev-ada"});
    REQUIRE(o.conversation.size() == 2);
    CHECK(o.conversation.back() == bug);
  }
  SECTION("which may say no more than a sentence") {
    t.hold("tally.qa");
    auto r = t.verdict(false);
    r.report.notes.clear();
    r.report.summary = "An empty file crashes it.";
    t.does(r);
    CHECK(text_of(t.now_is().conversation.back()) == "An empty file crashes it.");
    CHECK(t.now_is().why == "rejected in qa-review: An empty file crashes it.");
  }
  SECTION("with the gates that it found red") {
    t.hold("tally.qa");
    auto r = t.verdict(false);
    gate_result g;
    g.gate = "tests";
    g.passed = true;
    r.report.gates.push_back(g);
    g.gate = "fuzz";
    g.passed = false;
    r.report.gates.push_back(g);
    t.does(r);
    auto const red = data_of(t.now_is().conversation.back()).at("gates");
    REQUIRE(red.as_array().size() == 1);
    CHECK(red.at(0).at("gate") == json::value("fuzz"));
  }
  SECTION("of a person, who has no attempt") {
    t.does(ticket::review{false, {"it crashes"}}, "human:ada");
    auto const bug = t.got<ticket::message_posted>().message;
    CHECK(bug->kind == message_kind::bug);
    CHECK(bug->from.value == "human:ada");
    CHECK(data_of(bug).at("head") == json::value("head1"));
    CHECK_FALSE(data_of(bug).as_object().contains("attempt"));
  }
  SECTION("and a verdict where it finds none") {
    t.hold("tally.qa");
    t.does(t.verdict(true));
    CHECK(t.got<ticket::message_posted>().message->kind == message_kind::verdict);
  }
}

TEST_CASE("ticket: a merge conflict is another round", "[domain]") {
  ticket_subject t{standard_stages()};
  t.to_merging();
  t.hold("");
  auto r = t.report(link::outcome::conflict);
  r.summary.clear();
  r.proof.files = {"count.py"};
  t.does(ticket::finish{r});
  CHECK(t.names() == strings{"attempt_ended", "message_posted", "merge_refused"});
  CHECK(t.now_is().is == status::rework);
  CHECK(t.now_is().round == 1);
  CHECK(t.now_is().conversation.back()->kind == message_kind::bug);
  SECTION("of the same session") {
    auto const wanted = std::get<offer>(t.wanted("offer:").what);
    CHECK(wanted.stage == "develop");
    CHECK(wanted.preferred_agent == agent_id{"tally.dev-ada"});
    CHECK(wanted.preferred_daemon == daemon_id{"d-1"});
    t.grant();
    auto const o = std::get<launch>(t.wanted("launch:").what);
    CHECK(o.daemon == daemon_id{"d-1"});
    CHECK(o.what.kind == link::order_kind::work);
    CHECK(o.what.agent == agent_id{"tally.dev-ada"});
    CHECK(o.what.session == "session-1");
    CHECK(o.what.round == 1);
    REQUIRE_FALSE(o.what.conversation.empty());
    CHECK(data_of(o.what.conversation.back()).at("conflicts") ==
          json::value(json::array{"count.py"}));
  }
  SECTION("of another agent, who cannot go on with a session that is not its own") {
    t.grant("tally.dev-grace");
    CHECK(std::get<launch>(t.wanted("launch:").what).what.session.empty());
  }
  SECTION("until the rounds are used") {
    for (int i = 0; i < 3; ++i) {
      t.hold();
      t.does(t.work("head" + std::to_string(i + 2)));
      t.hold("tally.lead");
      t.does(t.verdict(true));
      t.hold("");
      t.does(t.gates(true));
      t.hold("");
      auto again = t.report(link::outcome::conflict);
      t.does(ticket::finish{again});
    }
    CHECK(t.now_is().is == status::failed_pending);
  }
}

TEST_CASE("ticket: a person reviews without a lease", "[domain]") {
  ticket_subject t{standard_stages()};
  t.to_review();
  SECTION("approves") {
    t.does(ticket::review{true, {}}, "human:ada", "req-1");
    CHECK(t.now_is().is == status::in_gates);
    CHECK(t.does(ticket::review{true, {}}, "human:ada", "req-1") == 0);
    CHECK(t.refused(ticket::review{true, {}}, "human:ada") == errc::conflict);
  }
  SECTION("sends back, while an agent was at it") {
    t.hold("tally.lead");
    t.does(ticket::review{false, {"no"}}, "human:ada");
    CHECK(t.now_is().is == status::rework);
    CHECK(t.wants("stop:2"));
    CHECK(t.now_is().holder->is == ticket::lease_status::REVOKED);
  }
}
