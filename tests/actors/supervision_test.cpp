#include "actors/supervision.hpp"
#include "tests/actors/stage.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace std::chrono_literals;

TEST_CASE("supervision: restarts back off, with jitter, up to a cap", "[actors]") {
  restart_budget b{{100, 10min, 200ms, 3s}};
  time_point now{};
  for (auto const most : {200, 400, 800, 1600, 3000, 3000}) {
    duration delay{};
    REQUIRE(b.may_restart(now, 0.999999, delay));
    CHECK(delay <= duration{most});
    CHECK(delay >= duration{most - 2});
  }
  duration none{7};
  REQUIRE(b.may_restart(now, 0.0, none)); // full jitter: anything from nothing
  CHECK(none == duration{0});
}

TEST_CASE("supervision: more crashes than the limit within the window are too many", "[actors]") {
  restart_budget b{{3, 10min, 200ms, 30s}};
  time_point now{};
  duration delay{};
  for (int i = 0; i < 3; ++i) {
    CHECK(b.may_restart(now, 0.5, delay));
    now += 1min;
  }
  CHECK_FALSE(b.may_restart(now, 0.5, delay));
  now += 11min; // a quiet window forgets
  CHECK(b.may_restart(now, 0.999999, delay));
  CHECK(delay <= 200ms);
}

TEST_CASE("supervision: of dead letters the newest hundred are kept, and all are counted",
          "[actors]") {
  incident_log log;
  for (int i = 0; i < 150; ++i)
    log.put_aside({{}, std::to_string(i), {}, {}, {}, {}});
  CHECK(log.dead_letters() == 150);
  auto const letters = log.letters();
  REQUIRE(letters.size() == 100);
  CHECK(letters.front().command_id == "50");
  CHECK(letters.back().command_id == "149");
}

namespace {

/// Ids run out: whoever asks for one throws, within the entity's handler.
class broken_ids : public id_port {
public:
  explicit broken_ids(id_port& good) : good_(good) {}
  bool broken = true;
  [[nodiscard]] std::string uuid() override {
    if (broken)
      throw std::runtime_error("no ids left");
    return good_.uuid();
  }
  [[nodiscard]] std::string short_id() override { return good_.short_id(); }

private:
  id_port& good_;
};

/// Whose entities crash at each command that needs an id, until `crashing` says otherwise.
struct crashing_stage : test::still_stage {
  broken_ids failing{ids};
  bool& crashing = failing.broken;
  incident_log incidents;
  entity_ref ref = test::still_stage::ref(entity_kind::principal, "p1");

  crashing_stage() {
    rt.ids = &failing;
    rt.incidents = &incidents;
  }
};

errc code_of(std::shared_ptr<std::optional<command_result>> const& answer) {
  REQUIRE(answer->has_value());
  REQUIRE((*answer)->has_error());
  return (*answer)->error().code;
}

} // namespace

TEST_CASE("supervision: an entity that throws at a command answers it and lives on", "[actors]") {
  crashing_stage s;
  auto const first = s.send(s.ref, test::token_issue(), "poison");
  s.run();
  CHECK(code_of(first) == errc::timeout); // told, not left waiting
  s.pass(2s);
  auto const second = s.send(s.ref, test::token_issue(), "poison");
  s.run();
  CHECK(code_of(second) == errc::timeout);
  CHECK(s.incidents.crashes() == 2);
  CHECK(s.incidents.restarts() == std::map<entity_ref, std::uint64_t>{{s.ref, 2}});

  // The second crash of the same command makes it a dead letter.
  REQUIRE(s.incidents.letters().size() == 1);
  auto const letter = s.incidents.letters().front();
  CHECK(letter.to == s.ref);
  CHECK(letter.command_id == "poison");
  CHECK(letter.why == "no ids left");
  CHECK(letter.at == s.clock.now());
  CHECK(letter.command == "principal.issue");
  auto const body = json::parse(letter.body);
  REQUIRE(body.has_value());
  CHECK(body->at("label").as_string() == "laptop");
  CHECK(letter.body.find("secret_hash") == std::string::npos);
  s.pass(2s);
  auto const other = s.send(s.ref, test::token_issue(), "another");
  s.run();
  CHECK(code_of(other) == errc::timeout); // it is tried: only that one command is put aside
}

TEST_CASE("supervision: a dead letter is refused without troubling the entity, others are taken",
          "[actors]") {
  crashing_stage s;
  for (int i = 0; i < 2; ++i) {
    (void)s.send(s.ref, test::token_issue(), "poison");
    s.run();
    s.pass(2s);
  }
  s.crashing = false;
  auto const loads = s.log.loads;
  auto const third = s.send(s.ref, test::token_issue(), "poison");
  s.run();
  CHECK(code_of(third) == errc::internal);
  CHECK((**third).error().message.find("put aside") != std::string::npos);
  CHECK(s.log.loads == loads);
  auto const fine = s.send(s.ref, test::token_issue(), "fine");
  s.settle();
  REQUIRE(fine->has_value());
  CHECK((*fine)->has_value());
}

TEST_CASE("supervision: a request that is sent again with its key is one dead letter, whatever its "
          "commands are called",
          "[actors]") {
  crashing_stage s;
  inbox_entry const key{"api", "k1", "hash", {}};
  for (auto const* id : {"first", "second"}) {
    auto const answer = s.send(s.ref, test::token_issue(), id, key);
    s.run();
    CHECK(code_of(answer) == errc::timeout);
    s.pass(2s);
  }
  REQUIRE(s.incidents.letters().size() == 1);
  CHECK(s.incidents.letters().front().command_id == "second");
  s.crashing = false;
  auto const third = s.send(s.ref, test::token_issue(), "third", key);
  s.run();
  CHECK(code_of(third) == errc::internal);
  CHECK(s.incidents.crashes() == 2);

  // Nobody else's: another key, the same key from another source, and no key.
  CHECK(s.log.queue.empty());
  auto const by_key =
      s.send(s.ref, test::token_issue("human:b"), "fourth", inbox_entry{"api", "k2", "hash", {}});
  auto const by_source = s.send(s.ref, test::token_issue("human:b"), "fifth",
                                inbox_entry{"daemon:d", "k1", "hash", {}});
  auto const bare = s.send(s.ref, test::token_issue("human:b"), "second");
  s.settle();
  for (auto const& answer : {by_key, by_source, bare}) {
    REQUIRE(answer->has_value());
    CHECK(((*answer)->has_value() || (*answer)->error().code != errc::internal));
  }
  CHECK(by_key->value().has_value());
}

TEST_CASE("supervision: a dead letter tells what was sent also where the entity was killed at it",
          "[actors]") {
  test::still_stage s;
  incident_log incidents;
  s.rt.incidents = &incidents;
  auto const ref = test::still_stage::ref(entity_kind::principal, "p1");
  for (int i = 0; i < 2; ++i) {
    (void)s.send(ref, test::token_issue("human:eve"), "poison");
    s.run();
    REQUIRE(s.log.queue.size() == 1);
    caf::anon_send_exit(s.log.queue.front().caller.reply_to, caf::exit_reason::kill);
    s.log.queue.pop_front();
    s.run();
    s.pass(2s);
  }
  REQUIRE(incidents.letters().size() == 1);
  auto const letter = incidents.letters().front();
  CHECK(letter.command == "principal.issue");
  CHECK(letter.body.find("human:eve") != std::string::npos);
  CHECK(letter.why.empty());
}

TEST_CASE("supervision: what waits behind a crash is answered, and comes again without loss",
          "[actors]") {
  test::still_stage s;
  auto const ref = test::still_stage::ref(entity_kind::principal, "p1");
  auto const under_way = s.send(ref, test::token_issue(), "c1");
  auto const behind = s.send(ref, principal::command{principal::revoke{"lost"}}, "c2");
  s.run();
  REQUIRE(s.log.queue.size() == 1);
  caf::anon_send_exit(s.log.queue.front().caller.reply_to, caf::exit_reason::kill);
  s.run();
  // Whether the first is stored nobody knows; the second was not even begun.
  CHECK(code_of(under_way) == errc::timeout);
  CHECK(code_of(behind) == errc::timeout);
  s.settle(); // the append was on its way, and arrives
  s.pass(2s);
  auto const again = s.send(ref, test::token_issue(), "c1");
  auto const next = s.send(ref, principal::command{principal::revoke{"lost"}}, "c2");
  s.settle();
  REQUIRE(again->has_value());
  CHECK((*again)->has_value());
  REQUIRE(next->has_value());
  CHECK((**next)->version == 2);
  CHECK(s.store->stream(ref)->version == 2);
}

TEST_CASE("supervision: quarantine ends when its crashes are forgotten, and the first call tries",
          "[actors]") {
  crashing_stage s;
  for (int i = 0; i < 4; ++i) {
    (void)s.send(s.ref, test::token_issue(), "c" + std::to_string(i));
    s.run();
    s.pass(2s);
  }
  CHECK(s.incidents.in_quarantine() == 1);
  s.crashing = false;
  auto const refused = s.send(s.ref, test::token_issue(), "soon");
  s.run();
  // Not for good: nobody may give up what he owes, and the edge says when to come again.
  CHECK(code_of(refused) == errc::unavailable);
  auto const wait = (**refused).error().details.at("retry_after").to_number<int>();
  CHECK(wait > 500);
  CHECK(wait <= 600);
  auto const looked = s.look(s.ref);
  REQUIRE(looked.has_value());
  CHECK(looked->error().code == errc::unavailable);

  s.pass(11min);
  auto const taken = s.send(s.ref, test::token_issue(), "later");
  s.settle();
  REQUIRE(taken->has_value());
  CHECK((*taken)->has_value());
  CHECK(s.incidents.in_quarantine() == 0);
}

TEST_CASE("supervision: what has an alarm comes out of quarantine without being called",
          "[actors]") {
  crashing_stage s;
  s.crashing = false;
  auto const ref = test::still_stage::ref(entity_kind::approval, "a1");
  approval::open open;
  open.project = project_id{"tally"};
  open.subject = principal_id{"plan:p1"};
  open.question = "Shall it?";
  open.content_hash = "h";
  open.deadline = s.clock.now() + 1h;
  auto const opened = s.send(ref, approval::command{open}, "open");
  s.settle();
  REQUIRE(opened->has_value());
  REQUIRE((*opened)->has_value());
  s.crashing = true;
  for (int i = 0; i < 4; ++i) {
    (void)s.send(ref, approval::command{approval::withdraw{"poison"}}, "c" + std::to_string(i));
    s.run();
    s.pass(2s);
  }
  s.crashing = false;
  REQUIRE(s.incidents.in_quarantine() == 1);
  auto const before = s.store->stream(ref)->version;
  SECTION("in time") {
    s.pass(9min);
    s.settle();
    CHECK(s.incidents.in_quarantine() == 1);
    s.pass(2min);
    s.settle();
    CHECK(s.incidents.in_quarantine() == 0);
    CHECK(s.store->stream(ref)->version == before); // it is not due yet
    s.pass(50min);
    s.settle();
  }
  SECTION("once, also where somebody called before") {
    s.pass(11min);
    s.settle();
    CHECK(s.look(ref).has_value());
    s.pass(1h);
    s.settle();
  }
  s.pass(1min); // overdue alarms wait for the grace
  s.settle();
  CHECK(s.store->stream(ref)->version > before);
}

TEST_CASE("supervision: what one entity owes another survives the other's quarantine", "[actors]") {
  crashing_stage s;
  auto const purse = test::still_stage::ref(entity_kind::budget, "project:tally");
  for (int i = 0; i < 4; ++i) {
    auto const n = std::to_string(i);
    (void)s.send(purse, budget::command{budget::grant{"project:tally", {}, 1, "g" + n}}, "c" + n);
    s.run();
    s.pass(2s);
  }
  REQUIRE(s.incidents.in_quarantine() == 1);
  s.crashing = false;

  auto const tally = test::still_stage::ref(entity_kind::project, "tally");
  auto config = find_template("standard@1")->config;
  config.repository = "tally";
  config.limits.budget_micros = 500;
  auto const made = s.send(tally, project::command{project::create{"Tally", config}}, "make");
  s.settle();
  REQUIRE(made->has_value());
  REQUIRE((*made)->has_value());
  for (int i = 0; i < 5; ++i) { // said again and again, in vain
    s.pass(1min);
    s.settle();
  }
  CHECK(s.store->stream(purse)->version == 0);
  CHECK(s.incidents.in_quarantine() == 1);
  for (int i = 0; i < 7; ++i) {
    s.pass(1min);
    s.settle();
  }
  CHECK(s.incidents.in_quarantine() == 0);
  REQUIRE(s.store->stream(purse)->version >= 1);
  auto const looked = s.look(purse);
  REQUIRE(looked.has_value());
  REQUIRE(looked->has_value());
  auto const state = json::from<budget::state>(**looked);
  REQUIRE(state.has_value());
  CHECK(state->scopes.at("project:tally").granted == 500);
}

TEST_CASE("supervision: a daemon's report to a ticket in quarantine is put off, then taken",
          "[actors]") {
  crashing_stage s;
  s.crashing = false;
  auto const ref = test::still_stage::ref(entity_kind::ticket, "h1-1");
  ticket::open open;
  open.project = project_id{"tally"};
  open.item.key = "1";
  open.item.title = "Count the words";
  open.by_hand = true;
  stage develop;
  develop.name = "develop";
  develop.role = "dev";
  open.stages = {develop};
  (void)s.send(ref, ticket::command{open}, "open");
  s.settle();
  ticket::grant grant;
  grant.stage = "develop";
  grant.agent = agent_id{"tally.dev-ada"};
  grant.daemon = daemon_id{"d-1"};
  auto const leased = s.send(ref, ticket::command{grant}, "grant");
  s.settle();
  REQUIRE(leased->has_value());
  REQUIRE((*leased)->has_value());

  s.crashing = true;
  for (int i = 0; i < 4; ++i) {
    ticket::comment c;
    c.text = "poison";
    (void)s.send(ref, ticket::command{c}, "c" + std::to_string(i));
    s.run();
    s.pass(2s);
  }
  s.crashing = false;
  auto const report = [&] {
    auto box = std::make_shared<std::optional<command_result>>();
    auto m = std::make_shared<command_message>();
    m->to = ref;
    m->command = ticket::command{ticket::start{1, "base", "session"}};
    m->context.id = "d-1/1";
    m->context.by = principal_id{"daemon:d-1"};
    m->asked = true;
    m->done = [box](command_result r) { *box = std::move(r); };
    s.where->deliver(std::move(m));
    s.settle();
    return box;
  };
  CHECK(code_of(report()) == errc::unavailable); // for this a daemon keeps it and comes again
  // Within the window its lease is not looked at, so the report still finds it.
  s.clock.pass(11min);
  auto const taken = report();
  REQUIRE(taken->has_value());
  if (!(*taken)->has_value())
    FAIL((*taken)->error().message);
  CHECK((**taken)->events > 0);
}

TEST_CASE("entity: questions to one that is being read are bounded, too", "[actors]") {
  test::still_stage s;
  s.log.hold_loads = true;
  auto const ref = test::still_stage::ref(entity_kind::principal, "p1");
  std::size_t waiting = 0;
  std::size_t busy = 0;
  std::size_t answered = 0;
  for (std::size_t i = 0; i < s.rt.query_limit + 5; ++i) {
    ++waiting;
    s.where->query(std::make_shared<query_message>(
        query_message{ref, [&](result<json::value> const& r) {
                        --waiting;
                        ++(r.has_error() && r.error().code == errc::busy ? busy : answered);
                      }}));
    s.run();
  }
  CHECK(busy == 5);
  CHECK(waiting == s.rt.query_limit);
  s.log.give_loads();
  s.run();
  CHECK(waiting == 0);
  CHECK(answered == s.rt.query_limit);
}

TEST_CASE("entity: while the store is away who asks from outside is told, what is owed is kept",
          "[actors]") {
  test::still_stage s;
  auto const ref = test::still_stage::ref(entity_kind::principal, "p1");
  any_command what = test::token_issue();
  auto const ask = [&](std::string id, bool outside) {
    auto box = std::make_shared<std::optional<command_result>>();
    auto m = std::make_shared<command_message>();
    m->to = ref;
    m->command = what;
    m->context.id = std::move(id);
    m->asked = outside;
    m->done = [box](command_result r) { *box = std::move(r); };
    s.where->deliver(std::move(m));
    s.run();
    return box;
  };
  SECTION("before it was read") {
    (void)s.send(ref, test::token_issue(), "made");
    s.settle();
    for (int i = 0; i < 4; ++i)
      s.pass(121s); // it is let go
    what = principal::command{principal::revoke{"lost"}};
    s.log.hold_loads = true;
    s.log.gone = fail(errc::unavailable, "connection refused");
    auto const own = ask("own", false);
    s.log.gone.reset(); // the journal itself has seen nothing yet
    auto const outside = ask("outside", true);
    s.log.gone = fail(errc::unavailable, "connection refused");
    s.log.give_loads();
    s.run();
    CHECK(code_of(outside) == errc::unavailable);
    CHECK_FALSE(own->has_value());
    s.log.gone.reset();
    s.pass(1s); // it is read again without being asked
    s.log.give_loads();
    s.settle();
    REQUIRE(own->has_value());
    CHECK((*own)->has_value());
  }
  SECTION("while an append waits for it") {
    auto const own = ask("own", false);
    REQUIRE(s.log.queue.size() == 1);
    CHECK_FALSE(s.log.queue.front().caller.asked);
    s.log.gone = fail(errc::unavailable, "connection refused");
    CHECK(code_of(ask("outside", true)) == errc::unavailable);
    s.log.gone.reset();
    s.settle();
    REQUIRE(own->has_value());
    CHECK((*own)->has_value());
    CHECK(s.store->stream(ref)->version == 1);
  }
}
