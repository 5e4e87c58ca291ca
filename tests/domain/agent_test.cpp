#include "live.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::test;

namespace {

using agent_entity = live<agent_domain>;
using status = agent::status;

envelope a_question(std::string id, std::string from = "brief:k3f9q2mx",
                    message_kind kind = message_kind::request) {
  envelope m;
  m.id = std::move(id);
  m.correlation = "k3f9q2mx";
  m.kind = kind;
  m.from = principal_id{std::move(from)};
  m.to = principal_id{"agent:tally.pm"};
  m.hops = 2;
  m.parts = {text_part("?")};
  return m;
}

struct steps {
  agent_entity a{"tally.pm"};

  steps() { a.does(agent::hire{project_id{"tally"}, a_config().roster.front()}); }
  void asked(std::string id = "q1") { a.does(agent::receive{a_question(std::move(id))}); }
  std::vector<agent::event> answered(std::string id = "q1") {
    envelope m;
    m.reply_to = std::move(id);
    m.engine = "rules";
    m.parts = {text_part("!")};
    return a.does(agent::reply{m});
  }
};

} // namespace

TEST_CASE("agent: a message is performed, answered, and the asker told", "[domain]") {
  steps t;
  CHECK(t.a.s.is == status::idle);
  CHECK(t.a.owes().empty());
  t.asked();
  CHECK(t.a.s.is == status::working);
  CHECK(t.a.asked("perform:q1") == a_question("q1"));
  t.answered();
  CHECK(t.a.s.is == status::idle);
  CHECK_FALSE(t.a.owed("perform:"));
  auto const o = t.a.owed("answer:q1.answer");
  REQUIRE(o);
  CHECK(o->acknowledge);
  CHECK(std::get<tell>(o->what).to == entity_ref{tenant_id{"t"}, entity_kind::brief, "k3f9q2mx"});
  auto const m = t.a.told<hear, brief::command>("answer:").message;
  CHECK(m.reply_to == "q1");
  CHECK(m.cause == "q1");
  CHECK(m.correlation == "k3f9q2mx");
  CHECK(m.from.value == "agent:tally.pm");
  CHECK(m.to.value == "brief:k3f9q2mx");
  CHECK(m.hops == 3);
  CHECK(m.kind == message_kind::answer);
  CHECK(m.engine == "rules");
  t.a.settle_all();
  CHECK(t.a.owes().empty());
  CHECK(t.a.s.outbox.empty());
  t.a.check_replay();
}

TEST_CASE("agent: answers go to the entity that asked", "[domain]") {
  steps t;
  t.a.does(agent::receive{a_question("q1", "plan:k3f9q2mx.p1")});
  t.a.does(agent::receive{a_question("q2", "ticket:k3f9q2mx-1", message_kind::question)});
  t.a.does(agent::receive{a_question("q3", "agent:tally.qa")});
  t.a.does(agent::receive{a_question("q4", "human:ada")});
  for (auto const* id : {"q1", "q2", "q3", "q4"})
    t.answered(id);
  CHECK(t.a.told<hear, plan::command>("answer:q1").message.reply_to == "q1");
  CHECK(t.a.told<hear, ticket::command>("answer:q2").message.reply_to == "q2");
  CHECK(t.a.told<agent::receive, agent::command>("answer:q3").message.reply_to == "q3");
  CHECK_FALSE(t.a.owed("answer:q4")); // people read it
}

TEST_CASE("agent: a message that comes again is known, answered or not", "[domain]") {
  steps t;
  t.asked();
  CHECK(t.a.does(agent::receive{a_question("q1")}).empty());
  t.answered();
  CHECK(t.a.does(agent::receive{a_question("q1")}).empty());
  CHECK(t.answered().empty());
  CHECK(t.a.does(agent::give_up{"q1", reason::none, "late"}).empty());
  CHECK(t.a.count<agent::replied>() == 1);
  envelope m;
  m.reply_to = "q9";
  CHECK(outcome(t.a.send(agent::reply{m})) == "not_found");
}

TEST_CASE("agent: giving up is an answer too", "[domain]") {
  steps t;
  t.asked();
  t.a.does(agent::give_up{"q1", reason::provider_network, ""});
  auto const m = t.a.told<hear, brief::command>("answer:").message;
  CHECK(data_of(m).at("refused") == "provider_network");
  CHECK(t.a.s.is == status::idle);
}

TEST_CASE("agent: never wakes itself, and messages do not go round for ever", "[domain]") {
  steps t;
  CHECK(outcome(t.a.send(agent::receive{a_question("q1", "agent:tally.pm")})) ==
        "invalid_argument");
  auto far = a_question("q2");
  far.hops = hop_limit + 1;
  CHECK(outcome(t.a.send(agent::receive{far})) == "invalid_argument");
  CHECK(outcome(t.a.send(agent::receive{a_question("")})) == "invalid_argument");
  CHECK(t.a.s.is == status::idle);
}

TEST_CASE("agent: what wants no answer is taken and wakes nobody", "[domain]") {
  steps t;
  auto const kind = GENERATE(message_kind::note, message_kind::answer, message_kind::report,
                             message_kind::verdict, message_kind::bug);
  t.a.does(agent::receive{a_question("n1", "ticket:x", kind)});
  CHECK(t.a.s.is == status::idle);
  CHECK(t.a.owes().empty());
  CHECK(t.a.does(agent::receive{a_question("n1", "ticket:x", kind)}).empty());
}

TEST_CASE("agent: paused it keeps its messages and performs none", "[domain]") {
  steps t;
  t.asked();
  t.a.does(agent::pause{"holidays"});
  CHECK(t.a.s.is == status::paused);
  CHECK_FALSE(t.a.owed("perform:"));
  t.asked("q2");
  CHECK(t.a.s.is == status::paused);
  CHECK(t.a.s.inbox.size() == 2);
  t.answered("q1"); // was under way
  CHECK(t.a.s.is == status::paused);
  t.a.does(agent::resume{});
  CHECK(t.a.s.is == status::working);
  CHECK(t.a.owed("perform:q2"));
  t.a.check_replay();
}

TEST_CASE("agent: crashes, comes back, or is put in quarantine", "[domain]") {
  steps t;
  CHECK(outcome(t.a.send(agent::crash{"x"})) == "conflict");
  t.asked();
  SECTION("back to work") {
    t.a.does(agent::crash{"out of memory"});
    CHECK(t.a.s.is == status::crashed);
    CHECK(t.a.does(agent::crash{"again"}).empty());
    CHECK_FALSE(t.a.owed("perform:"));
    t.a.does(agent::resume{});
    CHECK(t.a.s.is == status::working);
    CHECK(t.a.s.why.empty());
  }
  SECTION("quarantine at once") {
    CHECK(t.a.does(agent::quarantine{"breaker open"}).size() == 2);
    CHECK(t.a.s.is == status::quarantined);
    CHECK(outcome(t.a.send(agent::pause{})) == "conflict");
    t.a.does(agent::resume{});
    CHECK(t.a.s.is == status::working);
  }
}

TEST_CASE("agent: retired it owes nobody an answer", "[domain]") {
  steps t;
  t.asked("q1");
  t.asked("q2");
  t.a.does(agent::retire{});
  CHECK(t.a.s.is == status::RETIRED);
  CHECK(t.a.s.inbox.empty());
  CHECK(t.a.s.outbox.size() == 2);
  t.asked("q3");
  CHECK(t.a.s.outbox.size() == 3);
  CHECK(data_of(t.a.s.outbox.back()).at("refused") == "the agent is retired");
  CHECK(outcome(t.a.send(agent::hire{project_id{"tally"}, a_config().roster.front()})) ==
        "conflict");
  t.a.settle_all();
  CHECK(t.a.owes().empty());
  t.a.check_replay();
}

TEST_CASE("agent: hired again with another spec keeps its desk", "[domain]") {
  steps t;
  t.asked();
  auto spec = a_config().roster.front();
  CHECK(t.a.does(agent::hire{project_id{"tally"}, spec}).empty());
  spec.instructions = "Be brief.";
  t.a.does(agent::hire{project_id{"tally"}, spec});
  CHECK(t.a.s.is == status::working);
  CHECK(t.a.s.spec.instructions == "Be brief.");
  CHECK(outcome(t.a.send(agent::hire{project_id{"other"}, spec})) == "conflict");
}

TEST_CASE("agent: remembers a bounded number of messages", "[domain]") {
  steps t;
  for (std::size_t i = 0; i < agent::memory + 10; ++i)
    t.a.does(agent::receive{a_question("n" + std::to_string(i), "ticket:x", message_kind::note)});
  CHECK(t.a.s.closed.size() == agent::memory);
}

TEST_CASE("agent: a person is waited for until a deadline, then the asker hears", "[domain]") {
  agent_entity a{"tally.pm"};
  auto spec = a_config().roster.front();
  spec.engine = engine_kind::human;
  a.does(agent::hire{project_id{"tally"}, spec});
  a.does(agent::receive{a_question("q1")});
  REQUIRE(a.s.inbox.size() == 1);
  CHECK(a.s.inbox[0].deadline == a.now + agent::answer_time);
  auto const alarms = [&] {
    std::vector<time_point> out;
    for (auto const& o : agent::obligations(a.s))
      if (auto const* x = std::get_if<troupe::alarm>(&o.what))
        out.push_back(x->at);
    return out;
  };
  CHECK(alarms() == std::vector<time_point>{a.now + agent::answer_time});
  // Whoever asks may say how long it has time.
  auto soon = a_question("q2");
  soon.deadline = a.now + std::chrono::hours{1};
  a.does(agent::receive{soon});
  CHECK(a.s.inbox[1].deadline == soon.deadline);
  CHECK(a.does(tick{}).empty());
  a.now = soon.deadline;
  a.does(tick{});
  REQUIRE(a.s.inbox.size() == 1);
  CHECK(a.s.is == status::working);
  a.now += agent::answer_time;
  a.does(tick{});
  CHECK(a.s.inbox.empty());
  CHECK(a.s.is == status::idle);
  CHECK(alarms().empty());
  auto const m = a.told<hear, brief::command>("answer:").message;
  CHECK(data_of(m).at("refused").as_string().find("in time") != std::string::npos);
  a.check_replay();
}
