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
  CHECK(bug.kind == message_kind::bug);
  CHECK(text_of(bug) == "- tests: 2 tests failed");
  // The next round goes through review and gates again.
  t.hold();
  t.does(t.work("head2"));
  CHECK(t.now_is().is == status::in_review);
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
  CHECK(t.now_is().conversation.back().kind == message_kind::bug);
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
    CHECK(t.now_is().holder.is == ticket::lease_status::REVOKED);
  }
}
