#include "tests/domain/ticket_subject.hpp"

using namespace troupe;
using namespace troupe::test;
using ticket::status;

namespace {

using strings = std::vector<std::string>;

ticket::say question(std::int64_t token, std::string key) {
  ticket::say c;
  c.token = token;
  c.key = std::move(key);
  c.to = agent_id{"tally.pm"};
  c.text = "Which encoding?";
  c.engine = "scripted";
  return c;
}

hear answer_to(std::string reply_to, json::value data = {}) {
  envelope m;
  m.id = reply_to + ".a";
  m.reply_to = std::move(reply_to);
  m.kind = message_kind::answer;
  m.from = principal_id{"agent:tally.pm"};
  m.to = principal_id{"ticket:k3f9q2mx-1"};
  m.hops = 1;
  m.parts = {text_part("UTF-8.")};
  if (!data.is_null())
    m.parts.push_back(data_part(std::move(data)));
  return {m};
}

hear verdict(ticket_subject const& t, json::value data) {
  return answer_to("k3f9q2mx-1.resolve" + std::to_string(t.now_is().counted.resolutions_asked),
                   std::move(data));
}

} // namespace

TEST_CASE("ticket: a question waits for its answer, which reaches the attempt", "[domain]") {
  ticket_subject t{standard_stages()};
  t.hold();
  CHECK(t.does(question(1, "q1")) == 2);
  CHECK(t.now_is().is == status::waiting);
  CHECK(t.does(question(1, "q1")) == 0);
  REQUIRE(t.now_is().waits.size() == 1);
  CHECK(t.now_is().waits[0].owner.value == "agent:tally.pm");
  CHECK(t.now_is().waits[0].deadline == t.now + ticket::patience);
  auto const asked = std::get<ask>(t.wanted("ask:").what).message;
  CHECK(asked.from.value == "ticket:k3f9q2mx-1"); // so that the answer comes to the ticket
  CHECK(asked.to.value == "agent:tally.pm");
  CHECK(text_of(asked) == "Which encoding?");
  CHECK(t.now_is().conversation[0]->from.value == "agent:tally.dev-ada");
  CHECK(t.now_is().conversation[0]->engine == "scripted");

  SECTION("the answer ends the waiting") {
    CHECK(t.does(answer_to(asked.id)) == 2);
    CHECK(t.now_is().is == status::in_progress);
    CHECK(t.does(answer_to(asked.id)) == 0);
    CHECK_FALSE(t.wants("ask:" + asked.id));
    auto const n = std::get<notify>(t.wanted("answer:").what);
    CHECK(n.daemon == daemon_id{"d-1"});
    auto const& m = std::get<link::answer>(n.what).message;
    CHECK(m.reply_to == asked.id);
    CHECK(m.to.value == "agent:tally.dev-ada");
    t.does(t.work());
    CHECK(t.now_is().is == status::in_review);
    CHECK(t.now_is().answers.empty());
  }
  SECTION("no answer in time: the attempt decides itself") {
    t.does(ticket::renew{1});
    for (int i = 0; i < 1440 * 2; ++i) {
      t.now += std::chrono::seconds{30};
      t.does(ticket::renew{1});
    }
    t.does(tick{});
    CHECK(t.names() == strings{"message_posted", "wait_ended"});
    CHECK(t.got<ticket::wait_ended>().timed_out);
    CHECK(t.now_is().is == status::in_progress);
    (void)t.wanted("answer:");
    // The real answer comes later and is kept for whoever reads on.
    CHECK(t.does(answer_to(asked.id)) == 1);
    CHECK(t.now_is().conversation.size() == 3);
  }
  SECTION("two questions are answered in any order") {
    CHECK(t.does(question(1, "q2")) == 2);
    CHECK(t.now_is().waits.size() == 2);
    auto const second = t.now_is().waits[1].question.id;
    t.does(answer_to(second));
    CHECK(t.now_is().is == status::waiting);
    t.does(answer_to(asked.id));
    CHECK(t.now_is().is == status::in_progress);
  }
  SECTION("an attempt may end without its answer") {
    t.does(t.work());
    CHECK(t.now_is().is == status::in_review);
    CHECK(t.now_is().waits.empty());
    CHECK(t.does(answer_to(asked.id)) == 1);
    CHECK(t.now_is().is == status::in_review);
  }
  SECTION("a lost lease ends the waiting") {
    t.now += std::chrono::minutes{2};
    t.does(tick{});
    CHECK(t.now_is().is == status::ready);
    CHECK(t.now_is().waits.empty());
  }
}

TEST_CASE("ticket: only a question waits, and only while it is worked", "[domain]") {
  ticket_subject t{standard_stages()};
  t.hold();
  auto note = question(1, "n1");
  note.kind = message_kind::note;
  CHECK(t.does(note) == 1);
  CHECK(t.now_is().is == status::in_progress);
  auto self = question(1, "q1");
  self.to = agent_id{"tally.dev-ada"};
  CHECK(t.refused(self) == errc::invalid_argument);
  t.does(t.work());
  t.hold("tally.lead");
  CHECK(t.refused(question(2, "q1")) == errc::conflict);
  CHECK(t.does(question(1, "q9")) == 0); // its attempt was reported long ago
}

TEST_CASE("ticket: what a lost holder says is an orphan", "[domain]") {
  ticket_subject t{standard_stages()};
  t.hold();
  t.does(ticket::lose{1, "gone"});
  CHECK(t.does(question(1, "q1")) == 1);
  CHECK(t.names() == strings{"orphaned"});
  CHECK(t.does(question(1, "q2")) == 0);
}

TEST_CASE("ticket: the chief of staff is asked what becomes of a failed ticket", "[domain]") {
  ticket_subject t{standard_stages()};
  t.to_failed_pending();
  auto const asked = std::get<ask>(t.wanted("ask:").what).message;
  CHECK(asked.to.value == "agent:tally.chief");
  CHECK(asked.kind == message_kind::request);
  CHECK(data_of(asked).at("do") == "resolve_ticket");
  CHECK(data_of(asked).at("why") == "it broke");
  SECTION("retry") {
    auto const says = verdict(t, json::object{{"how", "retry"}, {"why", "try again"}});
    t.does(says);
    CHECK(t.now_is().is == status::ready);
    CHECK(t.now_is().counted.tries == 0);
    CHECK(t.does(says) == 0);
  }
  SECTION("replan") {
    t.does(verdict(t, json::object{{"how", "replan"}, {"why", "too big"}}));
    CHECK(t.now_is().is == status::FAILED);
    auto const told = std::get<tell>(t.wanted("report").what);
    auto const c = std::get<run::ticket_ended>(std::get<run::command>(told.command));
    CHECK(c.outcome == run::item_outcome::failed);
    CHECK(c.replan);
    CHECK(c.why == "too big");
  }
  SECTION("fail") {
    t.does(verdict(t, json::object{{"how", "fail"}}));
    CHECK(t.now_is().is == status::FAILED);
    CHECK_FALSE(t.now_is().replan_wanted);
  }
  SECTION("answers that nobody can read are bounded") {
    auto const bad =
        GENERATE(json::value{}, json::value("retry"), json::value(json::object{{"how", "dance"}}),
                 json::value(json::object{{"refused", "no model"}}));
    for (int i = 0; i < 3; ++i) {
      CHECK(t.now_is().is == status::failed_pending);
      t.does(verdict(t, bad));
    }
    CHECK(t.now_is().is == status::FAILED);
  }
  SECTION("an agent retries twice, then it fails") {
    for (int i = 0; i < 2; ++i) {
      t.does(verdict(t, json::object{{"how", "retry"}}));
      REQUIRE(t.now_is().is == status::ready);
      t.to_failed_pending();
    }
    t.does(verdict(t, json::object{{"how", "retry"}}));
    CHECK(t.now_is().is == status::FAILED);
  }
  SECTION("a person may always retry") {
    for (int i = 0; i < 5; ++i) {
      t.does(ticket::resolve{ticket::resolution::retry, "again"}, "human:ada");
      t.to_failed_pending();
    }
    CHECK(t.refused(ticket::review{}) == errc::conflict);
  }
  SECTION("a person is faster, and the next failure is another question") {
    t.does(ticket::resolve{ticket::resolution::retry, "again"}, "human:ada");
    CHECK(t.does(answer_to(asked.id, json::object{{"how", "fail"}})) == 0);
    t.to_failed_pending();
    auto const next = std::get<ask>(t.wanted("ask:").what).message;
    CHECK(next.id != asked.id);
    CHECK(t.does(answer_to(asked.id, json::object{{"how", "fail"}})) == 0);
    CHECK(t.now_is().is == status::failed_pending);
    t.does(answer_to(next.id, json::object{{"how", "fail"}}));
    CHECK(t.now_is().is == status::FAILED);
  }
  SECTION("a person's word counts once") {
    ticket::resolve const again{ticket::resolution::retry, "again"};
    CHECK(t.does(again, "human:ada", "req-1") == 1);
    t.to_failed_pending();
    CHECK(t.does(again, "human:ada", "req-1") == 0);
    CHECK(t.now_is().is == status::failed_pending);
  }
}

TEST_CASE("ticket: what was made by hand waits for a person and is never replanned", "[domain]") {
  ticket_subject t;
  auto c = make_open();
  c.by_hand = true;
  c.brief = {};
  c.plan = {};
  t.does(c);
  if (GENERATE(false, true)) {
    t.to_failed_pending();
  } else { // rounds used up in review
    for (int i = 0; i < 4; ++i)
      t.sent_back("head" + std::to_string(i));
  }
  REQUIRE(t.now_is().is == status::failed_pending);
  REQUIRE(t.now_is().waits.size() == 1);
  CHECK(t.now_is().waits.front().action.find("troupe ticket retry k3f9q2mx-1") !=
        std::string::npos);
  for (auto const& key : t.keys())
    CHECK_FALSE(key.starts_with("ask:"));
  CHECK(t.refused(ticket::resolve{ticket::resolution::replan, {}}) == errc::conflict);
  CHECK(t.problem.message.find("made by hand") != std::string::npos);
  CHECK(t.now_is().is == status::failed_pending);
  t.does(ticket::resolve{ticket::resolution::retry, {}}, "human:ada");
  CHECK(t.now_is().is == status::ready);
  CHECK(t.now_is().waits.empty());
}

TEST_CASE("ticket: without a roster only a person can resolve", "[domain]") {
  ticket_subject t;
  auto c = make_open();
  c.resolver = {};
  t.does(c);
  t.to_failed_pending();
  for (auto const& key : t.keys())
    CHECK_FALSE(key.starts_with("ask:"));
}

TEST_CASE("ticket: the conversation is bounded", "[domain]") {
  ticket_subject t{standard_stages()};
  t.hold();
  for (int i = 0; i < 150; ++i) {
    auto note = question(1, "n" + std::to_string(i));
    note.kind = message_kind::note;
    t.does(note);
  }
  CHECK(t.now_is().conversation.size() == ticket::max_conversation);
  CHECK(t.now_is().conversation.back()->id == "k3f9q2mx-1.m150");
}
