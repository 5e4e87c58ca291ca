#include "tests/domain/ticket_subject.hpp"

using namespace troupe;
using namespace troupe::test;
using ticket::attempt_status;
using ticket::status;

namespace {
using strings = std::vector<std::string>;
} // namespace

TEST_CASE("ticket: goes from work over review and gates to the merge", "[domain]") {
  ticket_subject t{standard_stages()};
  t.hold();
  t.does(t.work());
  CHECK(t.names() == strings{"attempt_ended", "message_posted", "evidence_attached"});
  CHECK(t.now_is().is == status::in_review);
  t.hold("tally.lead");
  t.does(t.verdict(true));
  CHECK(t.names() == strings{"attempt_ended", "message_posted", "reviewed"});
  t.hold("");
  t.does(t.gates(true));
  CHECK(t.names() == strings{"attempt_ended", "gated"});
  t.hold("");
  t.does(t.merge());
  CHECK(t.names() == strings{"attempt_ended", "merged"});
  CHECK(t.now_is().is == status::DONE);
  CHECK(t.now_is().merged_as == "merge1");
  CHECK(t.now_is().used.wall == std::chrono::seconds{3});
  auto const told = std::get<tell>(t.wanted("report").what);
  auto const c = std::get<run::ticket_ended>(std::get<run::command>(told.command));
  CHECK(told.to.id == "k3f9q2mx.r1");
  CHECK(c.outcome == run::item_outcome::done);
  CHECK(c.commit == "merge1");
  CHECK(t.wanted("release:d-1").acknowledge == false);
  // Who said what, in order.
  REQUIRE(t.now_is().conversation.size() == 2);
  CHECK(t.now_is().conversation[0]->kind == message_kind::report);
  CHECK(t.now_is().conversation[0]->id == "k3f9q2mx-1.m1");
  CHECK(t.now_is().conversation[0]->from.value == "agent:tally.dev-ada");
  CHECK(t.now_is().conversation[1]->kind == message_kind::verdict);
  CHECK(t.now_is().conversation[1]->to.value == "agent:tally.dev-ada");
}

TEST_CASE("ticket: without review and gate stages the work is passed on by the system",
          "[domain]") {
  ticket_subject t{{make_stage("develop", stage_kind::work, "dev")}};
  t.hold();
  t.does(t.work());
  CHECK(t.names() ==
        strings{"attempt_ended", "message_posted", "evidence_attached", "reviewed", "gated"});
  CHECK(t.got<ticket::reviewed>().by.value == "system");
  CHECK(t.now_is().is == status::merging);
}

TEST_CASE("ticket: an analysis may end with words only and needs no merge", "[domain]") {
  auto stages = standard_stages();
  stages.front().role = "pm";
  SECTION("with a summary") {
    ticket_subject t{stages};
    t.hold("tally.pm");
    t.does(t.work(""));
    CHECK(t.now_is().is == status::in_review);
    t.hold("tally.lead");
    t.does(t.verdict(true));
    CHECK(t.now_is().is == status::DONE);
    CHECK(t.now_is().merged_as.empty());
  }
  SECTION("but not with nothing") {
    ticket_subject t{stages};
    t.hold("tally.pm");
    auto nothing = t.work("");
    nothing.report.summary.clear();
    t.does(nothing);
    CHECK(t.now_is().is == status::ready);
    CHECK(t.now_is().counted.tries == 1);
  }
}

TEST_CASE("ticket: coding without a commit is invalid output", "[domain]") {
  ticket_subject t{standard_stages()};
  auto const head = GENERATE(as<std::string>{}, "", "base0");
  for (int tries = 1; tries <= 3; ++tries) { // like any other failure, it is tried again
    t.hold();
    t.does(t.work(head));
    CHECK(t.got<ticket::attempt_ended>().why == reason::invalid_output);
    CHECK(t.now_is().is == (tries < 3 ? status::ready : status::failed_pending));
  }
  CHECK(t.now_is().why == "The attempt ended without a commit.");
}

TEST_CASE("ticket: several work stages follow one another, and code goes back to the coder",
          "[domain]") {
  ticket_subject t{{make_stage("analysis", stage_kind::work, "pm"),
                    make_stage("develop", stage_kind::work, "dev"),
                    make_stage("review", stage_kind::review, "tech-lead")}};
  t.hold("tally.pm");
  t.does(t.work(""));
  CHECK(t.now_is().is == status::ready);
  CHECK(std::get<offer>(t.wanted("offer:1:develop").what).role == "dev");
  t.hold();
  t.does(t.work());
  CHECK(t.now_is().is == status::in_review);
  t.hold("tally.lead");
  t.does(t.verdict(false));
  CHECK(t.now_is().is == status::rework);
  auto const o = std::get<offer>(t.wanted("offer:").what);
  CHECK(o.stage == "develop");
  CHECK(o.preferred_agent == agent_id{"tally.dev-ada"});
}

TEST_CASE("ticket: a transient failure is tried again later, a lasting one is not", "[domain]") {
  ticket_subject t{standard_stages()};
  t.hold();
  SECTION("transient, with growing and bounded delay") {
    t.does(t.failure(reason::provider_network));
    CHECK(t.now_is().is == status::ready);
    auto const first = t.now_is().retry_at - t.now;
    CHECK(first > std::chrono::milliseconds{499});
    CHECK(first <= std::chrono::seconds{1});
    CHECK(std::get<offer>(t.wanted("offer:").what).not_before == t.now_is().retry_at);
    t.hold();
    CHECK(t.now_is().holder->attempt_number == 2);
    t.does(t.failure(reason::provider_server));
    CHECK(t.now_is().retry_at - t.now <= std::chrono::seconds{2});
    t.hold();
    t.does(t.failure(reason::none, link::outcome::timed_out));
    CHECK(t.now_is().holder->attempt == attempt_status::TIMED_OUT);
    CHECK(t.now_is().is == status::failed_pending);
  }
  SECTION("lasting") {
    t.does(t.failure(GENERATE(reason::auth, reason::quota, reason::missing_tool, reason::bad_config,
                              reason::context_overflow, reason::policy, reason::invalid_output,
                              reason::budget)));
    CHECK(t.now_is().is == status::failed_pending);
  }
  SECTION("a daemon that lost the attempt says so, and it does not count") {
    t.does(t.failure(reason::daemon_lost));
    CHECK(t.now_is().holder->attempt == attempt_status::LOST);
    CHECK(t.now_is().is == status::ready);
    CHECK(t.now_is().counted.tries == 0);
    CHECK(t.now_is().retry_at == time_point{});
  }
  SECTION("an attempt that was stopped on the daemon does not count") {
    t.does(t.failure(reason::none, link::outcome::cancelled));
    CHECK(t.now_is().is == status::ready);
    CHECK(t.now_is().counted.tries == 0);
  }
}

TEST_CASE("ticket: a rate limit parks the attempt until it is over", "[domain]") {
  ticket_subject t{standard_stages()};
  t.hold();
  auto limited = t.failure(reason::rate_limited);
  limited.report.resume_at = t.now + std::chrono::minutes{7};
  t.does(limited);
  CHECK(t.now_is().is == status::waiting);
  CHECK(t.now_is().holder->attempt == attempt_status::parked);
  CHECK(t.now_is().counted.tries == 0);
  REQUIRE(t.now_is().waits.size() == 1);
  CHECK(t.now_is().waits[0].owner.value == "system");
  CHECK_FALSE(t.now_is().waits[0].action.empty());
  CHECK(std::get<troupe::alarm>(t.wanted("wait:").what).at == t.now + std::chrono::minutes{7});
  CHECK(t.does(tick{}) == 0);
  CHECK(t.does(limited) == 0);
  t.now += std::chrono::minutes{7};
  t.does(tick{});
  CHECK(t.now_is().is == status::ready);
  // The session is gone on with.
  CHECK(std::get<offer>(t.wanted("offer:").what).preferred_agent == agent_id{"tally.dev-ada"});
  t.grant();
  CHECK(std::get<launch>(t.wanted("launch:").what).what.session == "session-1");
}

TEST_CASE("ticket: a rate limit while reviewing only delays", "[domain]") {
  ticket_subject t{standard_stages()};
  t.to_review();
  t.hold("tally.lead");
  auto limited = t.failure(reason::rate_limited);
  limited.report.resume_at = t.now + std::chrono::minutes{7};
  t.does(limited);
  CHECK(t.now_is().is == status::in_review);
  CHECK(t.now_is().retry_at == t.now + std::chrono::minutes{7});
}

TEST_CASE("ticket: reports about another commit are kept and not applied", "[domain]") {
  ticket_subject t{standard_stages()};
  SECTION("review") {
    t.to_review();
    t.hold("tally.lead");
    auto r = t.verdict(true);
    r.report.proof.head = "head0";
    t.does(r);
    CHECK(t.now_is().is == status::in_review);
  }
  SECTION("gates") {
    t.to_gates();
    t.hold("");
    auto r = t.gates(true);
    r.report.gates[1].proof.head = "head0";
    t.does(r);
    CHECK(t.now_is().is == status::in_gates);
  }
  SECTION("merge") {
    t.to_merging();
    t.hold("");
    auto r = t.merge();
    r.report.proof.head = "head0";
    t.does(r);
    CHECK(t.now_is().is == status::merging);
  }
  CHECK(t.names() == strings{"attempt_ended", "orphaned"});
  CHECK(t.now_is().counted.tries == 1);
}

TEST_CASE("ticket: a gate report must answer every gate", "[domain]") {
  ticket_subject t{standard_stages()};
  t.to_gates();
  for (int i = 0; i < 3; ++i) {
    t.hold("");
    auto r = t.gates(true);
    r.report.gates.pop_back();
    t.does(r);
  }
  CHECK(t.names() == strings{"attempt_ended", "sent_back", "sent_back"});
  CHECK(t.now_is().is == status::failed_pending);
}

TEST_CASE("ticket: a report before the start is taken as both", "[domain]") {
  ticket_subject t{standard_stages()};
  t.grant();
  t.does(t.work());
  CHECK(t.names() ==
        strings{"attempt_started", "attempt_ended", "message_posted", "evidence_attached"});
  CHECK(t.does(ticket::start{1, "base0", "s"}) == 0);
}
