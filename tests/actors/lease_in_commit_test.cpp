#include "actors/dispatch_desk.hpp"
#include "actors/dispatcher.hpp"
#include "tests/actors/stage.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

/// A project with a developer, a reviewer and one daemon, in which nothing moves by itself.
struct desk_stage : test::still_stage {
  lease_desk desk{30s};
  dispatch_desk to_dispatcher{[](entity_ref const&) { return std::nullopt; }};

  desk_stage() {
    rt.leases = &desk;
    spawned.push_back(system.spawn<dispatcher_actor>(static_cast<runtime const*>(&rt), &desk));
    to_dispatcher.open(spawned.back());
    rt.dispatcher = &to_dispatcher;
    hire("ada", "dev");
    hire("rosa", "reviewer");
    desk.with([](matchmaker& who) {
      who.present(daemon_id{"d1"}, true, 9, {{"command", "", 9}}, {"*"});
    });
    run();
  }
  ~desk_stage() { log.queue.clear(); }

  void hire(std::string const& name, std::string const& role) {
    agent::hired h;
    h.project = project_id{"tally"};
    h.spec.name = name;
    h.spec.role = role;
    h.spec.engine = engine_kind::daemon;
    stored_event e;
    e.stream = ref(entity_kind::agent, name);
    e.event.type = "agent.hired";
    auto data = json::to(agent::event{h});
    data.as_object().erase("type");
    e.event.data = json::canonical(data);
    (void)desk.with([&](matchmaker& who) { return who.learn(e); });
  }
  std::shared_ptr<std::optional<command_result>> open(std::string const& id) {
    ticket::open o;
    o.project = project_id{"tally"};
    o.item.key = id;
    o.item.title = "Ticket " + id;
    o.item.criteria = {"it is done"};
    o.item.role = "dev";
    stage develop;
    develop.name = "develop";
    develop.role = "dev";
    stage review;
    review.name = "review";
    review.role = "reviewer";
    review.kind = stage_kind::review;
    o.stages = {develop, review};
    o.repository = "none";
    o.target_branch = "main";
    o.run_active = true;
    o.by_hand = true;
    auto const answer = send(ref(entity_kind::ticket, id), ticket::command{o}, "open/" + id);
    run();
    return answer;
  }
  void finish(std::string const& id, std::int64_t token, std::string summary = "done") {
    ticket::finish f;
    f.report.ticket = ticket_id{id};
    f.report.token = token;
    f.report.summary = std::move(summary);
    f.report.proof.base = "b";
    f.report.proof.head = "h";
    (void)send(ref(entity_kind::ticket, id), ticket::command{f}, "finish/" + id);
    run();
  }
  /// The types of the events of the append that waits first.
  [[nodiscard]] std::vector<std::string> waiting() const {
    std::vector<std::string> out;
    for (auto const& e : log.queue.front().what.writes.front().events)
      out.push_back(e.type.substr(e.type.find('.') + 1));
    return out;
  }
};

using names = std::vector<std::string>;

} // namespace

TEST_CASE("lease: where there is room it belongs to the commit that makes the ticket ready",
          "[actors]") {
  desk_stage s;
  auto const answer = s.open("t1");
  REQUIRE(s.log.queue.size() == 1);
  CHECK(s.waiting().back() == "leased");
  CHECK(s.runner.launched.empty()); // nobody starts before it is durable
  s.settle();
  REQUIRE(answer->has_value());
  CHECK((**answer)->version ==
        s.store->stream(test::still_stage::ref(entity_kind::ticket, "t1"))->version);
  REQUIRE(s.runner.launched.size() == 1);
  CHECK(s.runner.launched[0].what.agent.value == "ada");
  CHECK(s.runner.launched[0].what.token == 1);

  s.finish("t1", 1);
  REQUIRE(s.log.queue.size() == 1);
  CHECK(s.waiting() ==
        names{"attempt_started", "attempt_ended", "message_posted", "evidence_attached", "leased"});
  s.settle();
  REQUIRE(s.runner.launched.size() == 2);
  CHECK(s.runner.launched[1].what.agent.value == "rosa");
  CHECK(s.runner.launched[1].what.token == 2);
}

TEST_CASE("lease: where there is no room the ticket waits for its turn as everybody", "[actors]") {
  desk_stage s;
  (void)s.open("t1");
  (void)s.open("t2");
  REQUIRE(s.log.queue.size() == 2);
  CHECK(s.waiting().back() == "leased");
  s.log.commit();
  CHECK(s.waiting().back() == "readiness_changed");
  s.settle();
  CHECK(s.runner.launched.size() == 1);
  s.finish("t1", 1);
  s.settle(); // ada's end is in the log; in the node the journal tells the dispatcher
  auto const ended = s.store->read_stream(test::still_stage::ref(entity_kind::ticket, "t1"), 0, 99);
  REQUIRE(ended.has_value());
  s.to_dispatcher.committed(std::make_shared<std::vector<stored_event>>(*ended));
  s.settle();
  REQUIRE(s.runner.launched.size() == 3);
  CHECK(s.runner.launched[2].what.ticket.value == "t2");
}

TEST_CASE("lease: what a ticket holds is what its log makes of it", "[actors]") {
  desk_stage s;
  auto const ref = desk_stage::ref(entity_kind::ticket, "t1");
  std::string const secret = "ghp_" + std::string{"A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"};
  auto const summary = GENERATE_COPY(std::string{"done"}, "done with " + secret);
  auto const look = [&] {
    auto const now = s.look(ref);
    REQUIRE(now.has_value());
    REQUIRE(now->has_value());
    auto const events = read_all(*s.store, ref);
    REQUIRE(events.has_value());
    stream_fold<ticket_domain> log{ref};
    REQUIRE(log.take(ref, *events).has_value()); // hashes, too
    auto const text = json::canonical(**now);
    CHECK(text == json::canonical(json::to(*log.state)));
    CHECK(text.find(secret) == std::string::npos);
  };
  (void)s.open("t1");
  s.settle();
  look();
  s.finish("t1", 1, summary);
  s.settle();
  look();
}

TEST_CASE("lease: what did not become durable is free again", "[actors]") {
  desk_stage s;
  (void)s.open("t1");
  auto const lost = std::move(s.log.queue.front());
  s.log.queue.pop_front();
  caf::anon_send(lost.caller.reply_to,
                 std::make_shared<appended>(
                     appended{lost.caller.id, fail(errc::unavailable, "the disk is full")}));
  s.run();
  CHECK(s.runner.launched.empty());
  (void)s.open("t2");
  CHECK(s.waiting().back() == "leased");
}
