#include "tests/actors/stage.hpp"

#include <catch2/catch.hpp>

/// What an engine answers arrives, also where nobody takes it just then.
using namespace troupe;
using namespace std::chrono_literals;

namespace {

/// An engine that answers when the test wants it.
class slow_engine : public engine_port {
public:
  std::vector<std::function<void(result<envelope>)>> open;
  void perform(entity_ref, agent_spec, envelope,
               std::function<void(result<envelope>)> done) override {
    open.push_back(std::move(done));
  }
};

/// An agent with one open question, at which its engine works.
struct asked_agent : test::still_stage {
  slow_engine slow;
  entity_ref const ada = ref(entity_kind::agent, "tally.ada");

  asked_agent() {
    rt.engine = &slow;
    agent_spec spec;
    spec.name = "ada";
    spec.role = "dev";
    spec.engine = engine_kind::rules;
    (void)send(ada, agent::command{agent::hire{project_id{"tally"}, spec}}, "hire");
    settle();
    tell("q1", message_kind::question);
    settle();
    REQUIRE(slow.open.size() == 1);
  }
  void tell(std::string const& id, message_kind kind) {
    envelope m;
    m.id = id;
    m.kind = kind;
    m.from = principal_id{"human:bob"};
    m.to = principal_of(ada);
    m.parts = {text_part("Which weeks?")};
    (void)send(ada, agent::command{agent::receive{std::move(m)}}, "tell/" + id);
  }
  void answers(result<envelope> r) {
    slow.open.front()(std::move(r));
    run();
  }
  static envelope said() {
    envelope m;
    m.reply_to = "q1";
    m.parts = {text_part("All of them.")};
    return m;
  }
  [[nodiscard]] agent::state state() {
    return json::from<agent::state>(look(ada)->value()).value();
  }
};

} // namespace

TEST_CASE("engine: an answer that a full agent refused is delivered again until it is taken",
          "[actors]") {
  asked_agent s;
  bool const gives_up = GENERATE(false, true);
  // One note is being stored, and as many as there is room for wait behind it.
  for (std::size_t i = 0; i <= s.rt.queue_limit; ++i)
    s.tell("n" + std::to_string(i), message_kind::note);
  s.run();
  s.answers(gives_up ? result<envelope>{fail(errc::internal, "out of ideas")}
                     : result<envelope>{asked_agent::said()});
  s.pass(s.rt.resend); // and still nobody makes room
  s.settle();
  CHECK(s.state().inbox.size() == 1);
  for (int i = 0; i < 4; ++i) {
    s.pass(s.rt.resend);
    s.settle();
  }
  auto const after = s.state();
  CHECK(after.inbox.empty());
  CHECK(after.answered == 1);
  CHECK(s.slow.open.size() == 1); // it did not have to think again
}

TEST_CASE("engine: an answer whose append failed is delivered again", "[actors]") {
  asked_agent s;
  s.answers(asked_agent::said());
  REQUIRE(s.log.queue.size() == 1);
  auto const lost = std::move(s.log.queue.front());
  s.log.queue.pop_front();
  caf::anon_send(lost.caller.reply_to,
                 std::make_shared<appended>(
                     appended{lost.caller.id, fail(errc::unavailable, "the store threw")}));
  s.run();
  CHECK(s.state().inbox.size() == 1);
  s.pass(s.rt.resend * 2);
  s.settle();
  CHECK(s.state().inbox.empty());
  CHECK(s.slow.open.size() == 1);
}

TEST_CASE("engine: an answer that was taken is not said again", "[actors]") {
  asked_agent s;
  s.answers(asked_agent::said());
  s.settle();
  auto const version = s.state().version;
  for (int i = 0; i < 4; ++i) {
    s.pass(s.rt.resend);
    s.settle();
  }
  CHECK(s.state().version == version);
  CHECK(s.state().answered == 1);
}
