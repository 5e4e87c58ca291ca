#include "tests/domain/ticket_subject.hpp"

using namespace troupe;
using namespace troupe::test;
using ticket::status;

namespace {

using strings = std::vector<std::string>;

bool contains(std::string const& text, std::string const& what) {
  return text.find(what) != std::string::npos;
}

bool asks(ticket_subject const& t) {
  auto const keys = t.keys();
  return std::any_of(keys.begin(), keys.end(),
                     [](std::string const& key) { return key.starts_with("ask:"); });
}

run::ticket_ended ending_of(ticket_subject const& t) {
  auto const told = std::get<tell>(t.wanted("report").what);
  return std::get<run::ticket_ended>(std::get<run::command>(told.command));
}

/// A rework with a commit of its own, up to the review.
void rework(ticket_subject& t, int round) {
  t.hold();
  t.does(t.work("head" + std::to_string(round + 1)));
  REQUIRE(t.now_is().is == status::in_review);
}

} // namespace

TEST_CASE("failure: the rounds used in review are the reason, with the last note", "[domain]") {
  ticket_subject t{standard_stages()};
  // A lost lease before it has nothing to do with it.
  t.hold();
  t.does(ticket::lose{1, "The daemon was restarted while the attempt ran."});
  CHECK(t.now_is().why == "The daemon was restarted while the attempt ran.");
  t.sent_back();
  CHECK(t.now_is().why == "rejected in review: name the file");
  for (int round = 1; round <= 3; ++round) {
    rework(t, round);
    CHECK(t.now_is().why.empty());
    t.hold("tally.lead");
    t.does(t.verdict(false));
  }
  REQUIRE(t.now_is().is == status::failed_pending);
  CHECK(t.now_is().why == "rejected 4 times in review; the last: name the file");
  auto const asked = std::get<ask>(t.wanted("ask:").what).message;
  CHECK(data_of(asked).at("why") == "rejected 4 times in review; the last: name the file");
  // Whoever resolves it without a word of its own leaves the reason.
  t.does(ticket::resolve{ticket::resolution::replan, {}}, "agent:tally.chief");
  CHECK(ending_of(t).why == "rejected 4 times in review; the last: name the file");
}

TEST_CASE("failure: a review without notes is told by its sentence", "[domain]") {
  ticket_subject t{standard_stages()};
  t.to_review();
  t.hold("tally.lead");
  auto r = t.verdict(false);
  r.report.notes.clear();
  r.report.summary = "The file is missing.";
  t.does(r);
  CHECK(t.now_is().why == "rejected in review: The file is missing.");
}

TEST_CASE("failure: the gates that failed are the reason", "[domain]") {
  ticket_subject t{standard_stages()};
  for (int round = 0; round <= 3; ++round) {
    rework(t, round);
    t.hold("tally.lead");
    t.does(t.verdict(true));
    t.hold("");
    t.does(t.gates(false));
    if (round == 0)
      CHECK(t.now_is().why == "gate failed: tests: 2 tests failed");
  }
  REQUIRE(t.now_is().is == status::failed_pending);
  CHECK(t.now_is().why == "gate failed 4 times; the last: tests: 2 tests failed");
}

TEST_CASE("failure: conflicts at the merge are the reason", "[domain]") {
  ticket_subject t{standard_stages()};
  t.to_merging();
  for (int round = 1; round <= 2; ++round) {
    t.hold("");
    t.does(ticket::finish{t.report(link::outcome::conflict)});
    CHECK(t.now_is().why == (round == 1 ? "did it" : "not merged 2 times; the last: did it"));
    rework(t, round);
    t.hold("tally.lead");
    t.does(t.verdict(true));
    t.hold("");
    t.does(t.gates(true));
  }
  t.hold("");
  t.does(t.merge());
  CHECK(t.now_is().is == status::DONE);
  CHECK(t.now_is().why.empty());
}

TEST_CASE("failure: attempts used end with what the last one said, or how it ended", "[domain]") {
  ticket_subject t{standard_stages()};
  for (int i = 0; i < 3; ++i) {
    t.hold();
    CHECK(t.now_is().why.empty());
    auto f = t.failure(reason::provider_server, link::outcome::stalled);
    f.report.summary = i < 2 ? "it broke" : "";
    t.does(f);
    CHECK_FALSE(t.now_is().why.empty());
  }
  REQUIRE(t.now_is().is == status::failed_pending);
  CHECK(t.now_is().why == "The attempt is STALLED, provider_server.");
}

TEST_CASE("failure: a ticket that is done has no reason, whatever happened on its way",
          "[domain]") {
  ticket_subject t{standard_stages()};
  t.hold();
  t.does(ticket::lose{1, "The daemon was restarted while the attempt ran."});
  t.sent_back();
  rework(t, 1);
  t.hold("tally.lead");
  t.does(t.verdict(true));
  t.hold("");
  t.does(ticket::lose{t.now_is().last_token, "gone"});
  t.hold("");
  t.does(t.gates(true));
  t.hold("");
  t.does(t.merge());
  REQUIRE(t.now_is().is == status::DONE);
  CHECK(t.now_is().why.empty());
  CHECK(ending_of(t).why.empty());
}

TEST_CASE("failure: what only a person can mend waits for one and is not replanned", "[domain]") {
  auto const why = GENERATE(reason::auth, reason::quota, reason::missing_tool, reason::bad_config,
                            reason::policy);
  ticket_subject t{standard_stages()};
  switch (GENERATE(0, 1, 2)) {
  case 0: // at work
    t.hold();
    t.does(t.failure(why));
    CHECK(t.names() == strings{"attempt_ended", "wait_began"});
    break;
  case 1: // in the gates
    t.to_gates();
    t.hold("");
    t.does(t.failure(why));
    CHECK(t.names() == strings{"attempt_ended", "sent_back", "sent_back", "wait_began"});
    break;
  default: // declined by the daemon, again and again
    for (int i = 0; i < 3; ++i) {
      t.grant();
      t.does(ticket::decline{t.now_is().last_token, why, "it broke"});
    }
  }
  REQUIRE(t.now_is().is == status::failed_pending);
  CHECK(t.now_is().why == "it broke");
  REQUIRE(t.now_is().waits.size() == 1);
  auto const w = t.now_is().waits.front();
  CHECK(w.owner.value == "role:approver");
  CHECK(contains(w.action, "troupe ticket retry k3f9q2mx-1"));
  CHECK(w.deadline > t.now);
  CHECK(std::get<troupe::alarm>(t.wanted("wait:").what).at == w.deadline);
  CHECK_FALSE(asks(t));
  SECTION("a person goes on") {
    t.does(ticket::resolve{ticket::resolution::retry, {}}, "human:ada");
    CHECK(t.now_is().is == status::ready);
    CHECK(t.now_is().waits.empty());
    CHECK(t.now_is().why.empty());
    t.hold();
    CHECK(t.now_is().is == status::in_progress);
  }
  SECTION("a person gives it up") {
    t.does(ticket::resolve{ticket::resolution::fail, {}}, "human:ada");
    CHECK(t.now_is().is == status::FAILED);
    CHECK_FALSE(ending_of(t).replan);
    CHECK(ending_of(t).why == "it broke");
  }
  SECTION("nobody came in time") {
    t.now = w.deadline - std::chrono::seconds{1};
    CHECK(t.does(tick{}) == 0);
    t.now = w.deadline;
    t.does(tick{});
    CHECK(t.now_is().is == status::FAILED);
    CHECK(t.now_is().waits.empty());
    CHECK_FALSE(ending_of(t).replan);
    CHECK(ending_of(t).why == "Nobody mended it in time: it broke");
  }
}

TEST_CASE("failure: a merge that only a person can make possible keeps the approved work",
          "[domain]") {
  ticket_subject t{standard_stages()};
  t.to_merging();
  auto const approved = t.now_is().proof->head;
  for (int i = 0; i < 3; ++i) { // as often as it takes
    t.hold("");
    auto refused = t.failure(reason::policy);
    refused.report.summary = "The origin refused the push: commit or stash in ~/tally";
    t.does(refused);
    CHECK(t.names() == strings{"attempt_ended", "wait_began"});
    REQUIRE(t.now_is().is == status::failed_pending);
    REQUIRE(t.now_is().waits.size() == 1);
    CHECK(contains(t.now_is().waits.front().action,
                   "commit or stash in ~/tally; then `troupe ticket retry k3f9q2mx-1`"));
    CHECK_FALSE(asks(t));
    t.does(ticket::resolve{ticket::resolution::retry, {}}, "human:ada");
    CHECK(t.now_is().is == status::merging);
    CHECK(t.now_is().waits.empty());
    CHECK(std::get<offer>(t.wanted("offer:").what).merge);
  }
  CHECK(t.now_is().proof->head == approved);
  t.hold("");
  t.does(t.merge());
  CHECK(t.now_is().is == status::DONE);
  CHECK(t.now_is().merged_as == "merge1");
}

TEST_CASE("failure: the same commit that the review rejected costs the round without a review",
          "[domain]") {
  ticket_subject t{standard_stages()};
  t.sent_back();
  for (int round = 2; round <= 4; ++round) {
    t.hold();
    t.does(t.work("head1"));
    CHECK(t.names() == strings{"attempt_ended", "sent_back"});
    CHECK(t.now_is().round == round);
    CHECK(t.now_is().is == (round <= 3 ? status::ready : status::failed_pending));
  }
  CHECK(t.now_is().reviews.size() == 1);
  CHECK(t.now_is().why == "rejected once in review, reworked 3 times without a new commit; the "
                          "last: The rework has no new commit.");
  // A person's word begins anew: then it is judged again.
  t.does(ticket::resolve{ticket::resolution::retry, {}}, "human:ada");
  t.hold();
  t.does(t.work("head1"));
  CHECK(t.now_is().is == status::in_review);
}

TEST_CASE("failure: the same commit that the review approved goes to the gates at once",
          "[domain]") {
  ticket_subject t{standard_stages()};
  t.to_gates();
  t.hold("");
  t.does(t.gates(false));
  t.hold();
  t.does(t.work("head1"));
  CHECK(t.names() == strings{"attempt_ended", "message_posted", "evidence_attached", "reviewed"});
  CHECK(t.now_is().is == status::in_gates);
  CHECK(t.got<ticket::reviewed>().by.value == "system");
  CHECK(t.got<ticket::reviewed>().notes == strings{"unchanged since agent:tally.lead approved it"});
  t.hold("");
  t.does(t.gates(true)); // it was the machine
  CHECK(t.now_is().is == status::merging);
}

TEST_CASE("failure: a refused retry says what to do instead", "[domain]") {
  ticket_subject t{standard_stages()};
  ticket::resolve const again{ticket::resolution::retry, {}};
  CHECK(t.refused(again, "human:ada") == errc::conflict);
  CHECK(contains(t.problem.message, "is ready, it did not fail"));
  t.to_failed_pending();
  SECTION("another ticket takes its place") {
    t.does(ticket::resolve{ticket::resolution::replan, {}}, "human:ada");
    CHECK(t.refused(again, "human:ada") == errc::conflict);
    CHECK(contains(t.problem.message, "troupe run show k3f9q2mx.r1"));
  }
  SECTION("given up") {
    t.does(ticket::resolve{ticket::resolution::fail, {}}, "human:ada");
    CHECK(t.refused(again, "human:ada") == errc::conflict);
    CHECK(contains(t.problem.message, "`troupe brief submit FILE`"));
  }
}
