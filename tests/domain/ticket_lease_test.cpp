#include "tests/domain/ticket_subject.hpp"

using namespace troupe;
using namespace troupe::test;
using ticket::attempt_status;
using ticket::lease_status;
using ticket::status;

namespace {
using strings = std::vector<std::string>;
}

TEST_CASE("ticket: a grant gives the next token and can be given once", "[domain]") {
  ticket_subject t{standard_stages()};
  auto const grant = t.make_grant();
  CHECK(t.does(grant) == 1);
  CHECK(t.now_is().is == status::claimed);
  CHECK(t.now_is().holder->token == 1);
  CHECK(t.now_is().holder->expires == t.now + std::chrono::seconds{60});
  CHECK(t.does(grant) == 0);
  auto other = grant;
  other.agent = agent_id{"tally.dev-bob"};
  CHECK(t.refused(other) == errc::conflict);
  CHECK(t.wants("launch:1"));
  CHECK(t.wants("lease:1:" +
                std::to_string((t.now + std::chrono::seconds{60}).time_since_epoch().count())));
}

TEST_CASE("ticket: a stale grant is refused", "[domain]") {
  ticket_subject t{standard_stages()};
  auto const first = t.make_grant();
  t.hold();
  t.does(t.failure(reason::provider_server));
  REQUIRE(t.now_is().is == status::ready);
  CHECK(t.refused(first) == errc::conflict);
  auto wrong = t.make_grant();
  wrong.stage = "review";
  CHECK(t.refused(wrong) == errc::conflict);
}

TEST_CASE("ticket: the author may not review", "[domain]") {
  ticket_subject t{standard_stages()};
  t.to_review();
  auto const o = std::get<offer>(t.wanted("offer:").what);
  CHECK(o.excluded == std::vector{agent_id{"tally.dev-ada"}});
  CHECK(o.role == "tech-lead");
  CHECK(o.kind == stage_kind::review);
  CHECK(t.refused(t.make_grant("tally.dev-ada")) == errc::forbidden);
  CHECK(t.refused(ticket::review{true, {}}, "agent:tally.dev-ada") == errc::forbidden);
  t.grant("tally.lead");
}

TEST_CASE("ticket: starting is reported once and moves the ticket to in_progress", "[domain]") {
  ticket_subject t{standard_stages()};
  t.grant();
  CHECK(t.does(ticket::start{1, "base0", "s1"}) == 1);
  CHECK(t.now_is().is == status::in_progress);
  CHECK(t.now_is().holder->is == lease_status::held);
  CHECK(t.does(ticket::start{1, "base0", "s1"}) == 0);
  CHECK(t.refused(ticket::start{7, "", ""}) == errc::invalid_argument);
}

TEST_CASE("ticket: heartbeats store an event only when half a lease is gained", "[domain]") {
  ticket_subject t{standard_stages()};
  t.hold();
  t.now += std::chrono::seconds{10};
  CHECK(t.does(ticket::renew{1}) == 0);
  t.now += std::chrono::seconds{20};
  CHECK(t.does(ticket::renew{1}) == 1);
  CHECK(t.now_is().holder->expires == t.now + std::chrono::seconds{60});
  CHECK(t.does(ticket::renew{1}) == 0);
  t.now += std::chrono::seconds{61};
  t.does(tick{});
  CHECK(t.now_is().is == status::ready);
  CHECK(t.refused(ticket::renew{1}) == errc::fenced);
}

TEST_CASE("ticket: an expired lease goes to the next holder with a higher token", "[domain]") {
  ticket_subject t{standard_stages()};
  SECTION("before the start") {
    t.grant();
    t.now += std::chrono::seconds{60};
    t.does(tick{});
    CHECK(t.now_is().holder->is == lease_status::LAPSED);
  }
  SECTION("in progress") {
    t.hold();
    t.now += std::chrono::seconds{59};
    CHECK(t.does(tick{}) == 0);
    t.now += std::chrono::seconds{1};
    t.does(tick{});
    CHECK(t.now_is().holder->is == lease_status::EXPIRED);
    CHECK(t.now_is().holder->attempt == attempt_status::LOST);
  }
  CHECK(t.now_is().is == status::ready);
  CHECK(t.now_is().counted.tries == 0);
  CHECK(t.does(tick{}) == 0);
  CHECK(t.wants("stop:1"));
  auto const o = std::get<offer>(t.wanted("offer:1:develop").what);
  CHECK(o.preferred_daemon.empty());
  t.hold("tally.dev-bob", "d-2");
  CHECK(t.now_is().holder->token == 2);
  // What the first holder still sends is kept, and changes nothing.
  auto late = t.work("head9");
  late.report.token = 1;
  CHECK(t.does(late) == 1);
  CHECK(t.names() == strings{"orphaned"});
  CHECK(t.now_is().holder->token == 2);
  CHECK(t.now_is().is == status::in_progress);
  CHECK(t.does(late) == 0);
}

TEST_CASE("ticket: a lost review, gate or merge is offered again where it was", "[domain]") {
  ticket_subject t{standard_stages()};
  auto const lose = [&](status where) {
    t.does(ticket::lose{t.now_is().last_token, "daemon revoked"});
    CHECK(t.now_is().is == where);
    CHECK(t.now_is().holder->is == lease_status::REVOKED);
    CHECK(t.does(ticket::lose{t.now_is().last_token, "daemon revoked"}) == 0);
    (void)t.wanted("offer:");
  };
  t.to_review();
  t.hold("tally.lead");
  lose(status::in_review);
  t.hold("tally.lead");
  t.does(t.verdict(true));
  t.hold("");
  lose(status::in_gates);
  t.hold("");
  t.does(t.gates(true));
  t.hold("");
  lose(status::merging);
  auto const o = std::get<offer>(t.wanted("offer:").what);
  CHECK(o.merge);
  CHECK(o.role.empty());
  CHECK(o.preferred_daemon == daemon_id{"d-1"});
}

TEST_CASE("ticket: a declined order is tried elsewhere and counts only with a lasting reason",
          "[domain]") {
  ticket_subject t{standard_stages()};
  t.grant();
  SECTION("busy") {
    t.does(ticket::decline{1, reason::workspace_busy, "no slot"});
    CHECK(t.now_is().holder->is == lease_status::DECLINED);
    CHECK(t.now_is().counted.tries == 0);
    CHECK(t.now_is().is == status::ready);
    CHECK(t.now_is().retry_at > t.now);
    CHECK(t.does(ticket::decline{1, reason::workspace_busy, "no slot"}) == 0);
  }
  SECTION("a missing tool uses up the attempts") {
    for (int i = 1; i <= 3; ++i) {
      if (i > 1)
        t.grant();
      t.does(ticket::decline{i, reason::missing_tool, "no claude here"});
    }
    CHECK(t.now_is().is == status::failed_pending);
  }
}

TEST_CASE("ticket: attempts lost without end are counted at last", "[domain]") {
  ticket_subject t{standard_stages()};
  int lost = 0;
  while (t.now_is().is == status::ready && lost < 100) {
    t.hold();
    t.now += std::chrono::seconds{61};
    t.does(tick{});
    ++lost;
  }
  CHECK(t.now_is().is == status::failed_pending);
  CHECK(lost == ticket::max_uncounted + 3);
}

TEST_CASE("ticket: a person's lease lasts a day", "[domain]") {
  ticket_subject t{standard_stages()};
  auto c = t.make_grant("tally.eve", "");
  c.engine = engine_kind::human;
  t.does(c);
  CHECK(t.now_is().holder->expires == t.now + std::chrono::hours{24});
}

TEST_CASE("ticket: a reported token is never an orphan later", "[domain]") {
  ticket_subject t{standard_stages()};
  t.hold();
  auto const done = t.work();
  t.does(done);
  t.hold("tally.lead");
  CHECK(t.does(done) == 0);
  CHECK(t.does(ticket::start{1, "base0", "s1"}) == 0);
  CHECK(t.does(ticket::decline{1, reason::none, ""}) == 0);
}

TEST_CASE("ticket: the order of a lease says all that the ticket knows", "[domain]") {
  ticket_subject t{standard_stages()};
  t.grant();
  auto const l = std::get<launch>(t.wanted("launch:").what);
  CHECK(l.daemon == daemon_id{"d-1"});
  CHECK(l.run == run_id{"k3f9q2mx.r1"});
  CHECK(l.what.kind == link::order_kind::work);
  CHECK(l.what.attempt == "k3f9q2mx-1.t1");
  CHECK(l.what.branch == "agent/k3f9q2mx-1");
  CHECK(l.what.role == "dev");
  CHECK(l.what.item->title == "Count the words");
  CHECK(l.what.expected_head.empty());
  t.start();
  t.does(t.work());
  t.grant("tally.lead");
  auto const r = std::get<launch>(t.wanted("launch:").what);
  CHECK(r.what.kind == link::order_kind::review);
  CHECK(r.what.expected_head == "head1");
  CHECK(r.what.conversation.size() == 1);
}

namespace {

/// Everything that a daemon can report about a lease, but its heartbeat.
std::vector<ticket::command> reports(ticket_subject const& t, std::int64_t token) {
  ticket::say question;
  question.token = token;
  question.key = "q" + std::to_string(token);
  question.to = agent_id{"tally.pm"};
  question.text = "May I?";
  auto done = t.work("stolen");
  auto broken = t.failure(reason::policy);
  done.report.token = broken.report.token = token;
  done.report.proof.commits = {"stolen"};
  done.report.used.cost_micros = 1'000'000;
  return {ticket::start{token, "base9", "s9"}, ticket::decline{token, reason::policy, "no"},
          question, done, broken};
}

} // namespace

TEST_CASE("ticket: a daemon reports of its own lease only", "[domain]") {
  ticket_subject t{standard_stages()};
  bool const started = GENERATE(false, true);
  t.grant();
  if (started)
    t.start();
  auto const before = t.now_is();
  for (auto const& c : reports(t, 1)) {
    CHECK(t.refused(c, "daemon:d-2") == errc::forbidden);
    CHECK(t.problem.message.find("was not given to daemon:d-2") != std::string::npos);
  }
  // Nor does a stranger keep it alive; he is told to stop.
  t.now += std::chrono::seconds{40};
  CHECK(t.refused(ticket::renew{1}, "daemon:d-2") == errc::fenced);
  CHECK(t.now_is() == before);
  CHECK(t.does(ticket::renew{1}, "daemon:d-1") == 1);
  t.does(t.work("head1"), "daemon:d-1");
  CHECK(t.now_is().is == status::in_review);
  CHECK(t.now_is().proof->head == "head1");
  CHECK(t.now_is().used.cost_micros == 0);
}

TEST_CASE("ticket: what comes too late must come from the daemon that had the lease", "[domain]") {
  ticket_subject t{standard_stages()};
  strings const holders{"d-1", "d-1", "d-2", "d-1", "d-3"};
  for (auto const& daemon : holders) {
    t.hold("tally.dev-ada", daemon);
    t.does(ticket::lose{t.now_is().last_token, "gone"});
  }
  t.hold("tally.dev-ada", "d-2");
  auto const live = t.now_is();
  for (std::size_t i = 0; i < holders.size(); ++i) {
    auto const token = static_cast<std::int64_t>(i) + 1;
    for (auto const* daemon : {"d-1", "d-2", "d-3", "d-4"}) {
      if (daemon == holders[i])
        continue;
      for (auto const& c : reports(t, token))
        CHECK(t.refused(c, std::string{"daemon:"} + daemon) == errc::forbidden);
    }
  }
  CHECK(t.now_is() == live);
  for (std::size_t i = 0; i < holders.size(); ++i) {
    auto late = t.work("late");
    late.report.token = static_cast<std::int64_t>(i) + 1;
    CHECK(t.does(late, "daemon:" + holders[i]) == 1);
    CHECK(t.names() == strings{"orphaned"});
  }
}

TEST_CASE("ticket: a person's lease is no daemon's", "[domain]") {
  ticket_subject t{standard_stages()};
  auto c = t.make_grant("tally.eve", "");
  c.engine = engine_kind::human;
  t.does(c);
  for (auto const& r : reports(t, 1)) {
    CHECK(t.refused(r, "daemon:d-1") == errc::forbidden);
    CHECK(t.refused(r, "daemon:") == errc::forbidden);
  }
  t.does(t.work("head1"), "human:eve");
  CHECK(t.now_is().is == status::in_review);
}

TEST_CASE("ticket: of the oldest leases it forgets whose they were, and takes no report of them",
          "[domain]") {
  ticket_subject t{standard_stages()};
  while (t.now_is().seen->tenures.size() < ticket::max_tenures || t.now_is().last_token % 2 == 0) {
    if (t.now_is().is == status::failed_pending)
      t.does(ticket::resolve{ticket::resolution::retry, "go on"}, "human:ada");
    t.hold("tally.dev-ada", t.now_is().last_token % 2 == 0 ? "d-1" : "d-2");
    t.does(ticket::lose{t.now_is().last_token, "gone"});
  }
  auto const last = t.now_is().last_token;
  CHECK(t.now_is().seen->tenures.size() == ticket::max_tenures);
  auto late = t.work("late");
  late.report.token = last;
  CHECK(t.does(late, "daemon:d-1") == 1);
  late.report.token = 1;
  CHECK(t.refused(late, "daemon:d-1") == errc::forbidden);
}
