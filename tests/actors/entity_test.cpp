#include "actors/effect_book.hpp"
#include "actors/stream_fold.hpp"
#include "persistence/encoding.hpp"
#include "protocol/content_hash.hpp"
#include "tests/actors/stage.hpp"

#include <catch2/catch.hpp>

using namespace troupe;

namespace {

/// A token whose first event is durable.
entity_ref issued(test::still_stage& s) {
  auto ref = test::still_stage::ref(entity_kind::principal, "p1");
  auto const made = s.send(ref, test::token_issue());
  s.settle();
  REQUIRE((*made)->has_value());
  return ref;
}

/// An approval that must be given within an hour.
entity_ref open_approval(test::still_stage& s) {
  auto const ref = test::still_stage::ref(entity_kind::approval, "b.a1");
  approval::open o;
  o.project = project_id{"tally"};
  o.subject = principal_id{"brief:b"};
  o.question = "Approve?";
  o.content_hash = std::string(64, 'b');
  o.deadline = s.clock.now() + std::chrono::hours{1};
  (void)s.send(ref, approval::command{o});
  s.settle();
  return ref;
}

} // namespace

TEST_CASE("entity: nobody hears of a fact before it is durable", "[actors]") {
  test::still_stage s;
  auto const ref = test::still_stage::ref(entity_kind::principal, "p1");
  auto const answer = s.send(ref, test::token_issue());
  s.run();
  REQUIRE(s.log.queue.size() == 1);
  CHECK_FALSE(answer->has_value());
  CHECK_FALSE(s.look(ref).has_value()); // whether there was one before is not known either

  s.log.commit();
  s.run();
  REQUIRE(answer->has_value());
  REQUIRE((*answer)->has_value());
  CHECK((**answer)->version == 1);

  auto const next = s.send(ref, principal::command{principal::revoke{"lost"}}, "c2");
  s.run();
  REQUIRE(s.log.queue.size() == 1);
  CHECK_FALSE(next->has_value());
  auto const now = s.look(ref);
  REQUIRE(now.has_value());
  REQUIRE(now->has_value());
  CHECK((**now).at("version").to_number<int>() == 1); // the last durable state
}

TEST_CASE("entity: who was told of a fact is not answered from before it", "[actors]") {
  test::still_stage s;
  auto const ref = issued(s);
  (void)s.send(ref, principal::command{principal::revoke{"lost"}}, "c2");
  s.run();
  auto const tell_entity = s.log.store(); // here everybody else may hear of it
  auto const now = s.begin_look(ref);
  CHECK_FALSE(now->has_value());

  tell_entity();
  s.run();
  REQUIRE(now->has_value());
  REQUIRE((*now)->has_value());
  CHECK((**now)->at("version").to_number<int>() == 2);
}

TEST_CASE("entity: who waits for a fact is answered also where it is lost", "[actors]") {
  test::still_stage s;
  auto const ref = issued(s);
  (void)s.send(ref, principal::command{principal::revoke{"lost"}}, "c2");
  s.run();
  auto lost = std::move(s.log.queue.front());
  s.log.queue.pop_front();
  lost.caller.stored->store(lost.caller.id);
  auto const now = s.begin_look(ref);
  CHECK_FALSE(now->has_value());
  caf::anon_send(lost.caller.reply_to,
                 std::make_shared<appended>(
                     appended{lost.caller.id, fail(errc::unavailable, "the writer threw")}));
  s.run();
  REQUIRE(now->has_value());
  CHECK((*now)->has_value());
}

TEST_CASE("entity: its state goes along with what it writes, once", "[actors]") {
  test::still_stage s;
  auto const ref = issued(s);
  auto const revoked = s.send(ref, principal::command{principal::revoke{"lost"}}, "c2");
  s.run();
  REQUIRE(s.log.queue.size() == 1);
  auto const& e = s.log.queue.front().what.writes.front().events.back();
  REQUIRE(e.after != nullptr);
  auto const after = std::static_pointer_cast<principal::state const>(e.after->take());
  REQUIRE(after != nullptr);
  CHECK(after->version == 2);
  CHECK(after->is == principal::status::REVOKED);
  CHECK(e.after->take() == nullptr);
  auto const now = s.look(ref); // it has become no part of what is true yet
  REQUIRE(now.has_value());
  REQUIRE(now->has_value());
  CHECK((**now).at("version").to_number<int>() == 1);

  s.settle();
  REQUIRE((*revoked)->has_value());
  CHECK(after.use_count() == 2); // here, and at the entity, which has no other
}

TEST_CASE("entity: what a command makes is not read first", "[actors]") {
  test::still_stage s;
  auto const ref = test::still_stage::ref(entity_kind::principal, "p1");
  auto const made = s.send(ref, test::token_issue(), "c1");
  s.settle();
  REQUIRE(made->has_value());
  CHECK((**made)->version == 1);
  CHECK(s.log.loads == 0);
  for (int i = 0; i < 4; ++i)
    s.pass(std::chrono::seconds{121}); // it is let go
  SECTION("made again it is found to be there, and asked what it says to that") {
    auto const again = s.send(ref, test::token_issue("eve"), "c2");
    s.settle();
    CHECK(s.log.loads == 1);
    REQUIRE(again->has_value());
    REQUIRE((*again)->has_error());
    CHECK((*again)->error().code == errc::conflict);
    CHECK(s.store->stream(ref)->version == 1);
  }
  SECTION("what makes nothing waits for its past") {
    auto const revoked = s.send(ref, principal::command{principal::revoke{"lost"}}, "c2");
    s.settle();
    CHECK(s.log.loads == 1);
    REQUIRE(revoked->has_value());
    REQUIRE((*revoked)->has_value());
    CHECK((**revoked)->version == 2);
  }
  SECTION("what there is not is said of it after its past was read") {
    auto const other = test::still_stage::ref(entity_kind::principal, "p2");
    auto const revoked = s.send(other, principal::command{principal::revoke{"lost"}}, "c2");
    s.settle();
    CHECK(s.log.loads == 1);
    REQUIRE(revoked->has_value());
    CHECK((*revoked)->has_error());
  }
}

TEST_CASE("entity: one whose first command is refused is read all the same", "[actors]") {
  test::still_stage s;
  auto const ref = test::still_stage::ref(entity_kind::principal, "p1");
  s.log.gone = fail(errc::unavailable, "connection refused");
  auto const refused = std::make_shared<std::optional<command_result>>();
  auto m = std::make_shared<command_message>();
  m->to = ref;
  m->command = test::token_issue();
  m->context.id = "c1";
  m->asked = true;
  m->done = [refused](command_result r) { *refused = std::move(r); };
  s.where->deliver(std::move(m));
  s.run();
  REQUIRE(refused->has_value());
  CHECK((*refused)->error().code == errc::unavailable);
  CHECK(s.log.loads == 1); // it may owe something, and who wakes it now finds it awake
}

TEST_CASE("entity: later commands wait while an append is under way", "[actors]") {
  test::still_stage s;
  auto const ref = test::still_stage::ref(entity_kind::principal, "p1");
  auto const first = s.send(ref, test::token_issue(), "c1");
  auto const second = s.send(ref, principal::command{principal::revoke{"lost"}}, "c2");
  s.run();
  CHECK(s.log.queue.size() == 1);
  s.log.commit();
  s.run();
  CHECK(first->has_value());
  CHECK_FALSE(second->has_value());
  REQUIRE(s.log.queue.size() == 1); // decided on the state after the first
  s.log.commit();
  s.run();
  REQUIRE(second->has_value());
  CHECK((**second)->version == 2);
}

TEST_CASE("entity: one that was killed comes back from the log and goes on", "[actors]") {
  test::still_stage s;
  auto const ref = test::still_stage::ref(entity_kind::principal, "p1");
  (void)s.send(ref, test::token_issue());
  s.run();
  auto const actor = s.log.queue.front().caller.reply_to;
  s.log.commit();
  s.run();
  caf::anon_send_exit(actor, caf::exit_reason::kill);
  s.run();
  s.pass(std::chrono::seconds{1}); // its backoff
  auto const answer = s.send(ref, principal::command{principal::revoke{"lost"}}, "c2");
  s.settle();
  REQUIRE(answer->has_value());
  CHECK((**answer)->version == 2);
}

TEST_CASE(
    "entity: killed between commit and answer, the fact is there and the sender may ask again",
    "[actors]") {
  test::still_stage s;
  auto const ref = test::still_stage::ref(entity_kind::principal, "p1");
  auto const answer = s.send(ref, test::token_issue());
  s.run();
  auto const actor = s.log.queue.front().caller.reply_to;
  s.log.commit();
  caf::anon_send_exit(actor,
                      caf::exit_reason::kill); // before the answer is read? the order decides
  s.run();
  s.pass(std::chrono::seconds{1});
  auto const again = s.send(ref, test::token_issue(), "c1");
  s.settle();
  REQUIRE(again->has_value());
  CHECK((*again)->has_value());
  CHECK(s.store->stream(ref)->version == 1); // applied once
}

TEST_CASE("entity: one that crashes again and again is quarantined, the others live", "[actors]") {
  test::still_stage s;
  auto const bad = test::still_stage::ref(entity_kind::principal, "p1");
  auto const good = test::still_stage::ref(entity_kind::principal, "p2");
  for (int i = 0; i < 4; ++i) {
    (void)s.send(bad, test::token_issue(), "c" + std::to_string(i));
    s.run();
    REQUIRE(s.log.queue.size() == 1);
    caf::anon_send_exit(s.log.queue.front().caller.reply_to, caf::exit_reason::kill);
    s.log.queue.pop_front();
    s.run();
    s.pass(std::chrono::seconds{2});
  }
  auto const refused = s.send(bad, test::token_issue(), "c9");
  auto const taken = s.send(good, test::token_issue(), "c10");
  s.settle();
  REQUIRE(refused->has_value());
  CHECK((*refused)->error().code == errc::unavailable);
  REQUIRE(taken->has_value());
  CHECK((*taken)->has_value());
}

TEST_CASE("entity: a command that takes it down twice is put aside", "[actors]") {
  test::still_stage s;
  auto const ref = test::still_stage::ref(entity_kind::principal, "p1");
  for (int i = 0; i < 2; ++i) {
    (void)s.send(ref, test::token_issue(), "poison");
    s.run();
    caf::anon_send_exit(s.log.queue.front().caller.reply_to, caf::exit_reason::kill);
    s.log.queue.pop_front();
    s.run();
    s.pass(std::chrono::seconds{2});
  }
  auto const third = s.send(ref, test::token_issue(), "poison");
  auto const other = s.send(ref, test::token_issue(), "fine");
  s.settle();
  REQUIRE(third->has_value());
  CHECK((*third)->error().code == errc::internal);
  REQUIRE(other->has_value());
  CHECK((*other)->has_value());
}

TEST_CASE("entity: an idle one is let go and started again when it is called", "[actors]") {
  test::still_stage s;
  auto const ref = test::still_stage::ref(entity_kind::principal, "p1");
  (void)s.send(ref, test::token_issue());
  s.settle();
  CHECK(s.look(ref)->has_value());
  CHECK(s.log.loads == 0);
  for (int i = 0; i < 4; ++i)
    s.pass(std::chrono::seconds{121});
  auto const state = s.look(ref);
  CHECK(s.log.loads == 1);
  REQUIRE(state.has_value());
  CHECK((*state)->at("who").as_string() == "human:bob");
}

TEST_CASE("entity: beyond its queue the answer is busy, never growth", "[actors]") {
  test::still_stage s;
  auto const ref = test::still_stage::ref(entity_kind::principal, "p1");
  std::vector<std::shared_ptr<std::optional<command_result>>> answers;
  for (std::size_t i = 0; i < s.rt.queue_limit + 2; ++i)
    answers.push_back(s.send(ref, test::token_issue(), "c" + std::to_string(i)));
  s.run();
  REQUIRE(answers.back()->has_value());
  CHECK((*answers.back())->error().code == errc::busy);
  s.settle();
  CHECK((*answers.front())->has_value());
}

TEST_CASE("entity: a shard with another owner refuses, and nothing was told", "[actors]") {
  test::still_stage s;
  auto const ref = test::still_stage::ref(entity_kind::principal, "p1");
  auto const answer = s.send(ref, test::token_issue());
  s.run();
  REQUIRE(s.store->claim(shard_of(ref), "somebody else").has_value());
  s.log.commit();
  s.run();
  REQUIRE(answer->has_value());
  CHECK((*answer)->error().code == errc::unavailable);
  CHECK(s.store->stream(ref)->version == 0);
}

TEST_CASE("entity: what it owes is sent again until it is taken, and has its effect once",
          "[actors]") {
  test::still_stage s;
  auto config = find_template("solo@1")->config;
  config.repository = "/nowhere";
  (void)s.send(test::still_stage::ref(entity_kind::project, "tally"),
               project::command{project::create{"Tally", config}});
  s.run();
  s.log.commit(); // the project is made; now it owes a hiring to each agent
  s.run();
  auto const hired = s.log.queue.size();
  REQUIRE(hired == config.roster.size());
  // No answer comes: the store is slow. Everything is sent again, more than once.
  for (int i = 0; i < 4; ++i)
    s.pass(std::chrono::seconds{30});
  CHECK(s.log.queue.size() == hired);
  s.settle();
  for (auto const& a : config.roster) {
    auto const agent = test::still_stage::ref(entity_kind::agent, "tally." + a.name);
    CHECK(s.store->stream(agent)->version == 1);
  }
  CHECK_FALSE(
      s.store->stream(test::still_stage::ref(entity_kind::project, "tally"))->wake_at.has_value());
}

TEST_CASE("entity: what it owes is counted with its age until it is taken", "[actors]") {
  effect_book book; // outlives the actors that write in it
  test::still_stage s;
  s.rt.effects = &book;
  auto const messages = [&] { return book.read().at(0); };
  auto config = find_template("solo@1")->config;
  config.repository = "/nowhere";
  (void)s.send(test::still_stage::ref(entity_kind::project, "tally"),
               project::command{project::create{"Tally", config}});
  s.run();
  CHECK(messages().count == 0); // nothing is owed before it is durable
  s.log.commit();
  s.run();
  CHECK(messages().kind == effect_kind::message);
  CHECK(messages().count == config.roster.size());
  CHECK(messages().oldest.has_value());
  s.pass(std::chrono::seconds{30}); // sent again, and still the same
  CHECK(messages().count == config.roster.size());
  s.settle();
  CHECK(messages().count == 0);
  CHECK_FALSE(messages().oldest.has_value());

  (void)open_approval(s);
  auto const timers = [&] { return book.read().at(5); };
  CHECK(timers().kind == effect_kind::timer);
  CHECK(timers().count == 1);
  s.pass(std::chrono::minutes{61});
  s.settle();
  CHECK(timers().count == 0);
}

TEST_CASE("entity: an alarm fires when it is due, not before", "[actors]") {
  test::still_stage s;
  auto const ref = open_approval(s);
  s.pass(std::chrono::minutes{59});
  s.settle();
  CHECK((*s.look(ref))->at("is").as_string() == "pending");
  s.pass(std::chrono::minutes{2});
  s.settle();
  CHECK((*s.look(ref))->at("is").as_string() == "EXPIRED");
}

TEST_CASE("entity: a damaged log stops this entity with a way out, and no other", "[actors]") {
  test::still_stage s;
  auto const ref = test::still_stage::ref(entity_kind::principal, "p1");
  unit u;
  u.shard = shard_of(ref);
  u.epoch = (*s.store->shards())[u.shard].epoch;
  u.tenant = ref.tenant;
  new_event e;
  e.event_id = s.ids.uuid();
  e.type = "principal.levitated";
  e.at = s.clock.now();
  e.principal = "human:ada";
  e.cause = "x";
  e.data = "{}";
  e.hash = chain_hash(no_hash(), ref, 1, e);
  u.writes.push_back({ref, 0, {e}, std::nullopt});
  REQUIRE(s.store->append(std::span{&u, 1})->front().status == unit_status::ok);

  auto const refused = s.send(ref, principal::command{principal::redeem{}});
  auto const other =
      s.send(test::still_stage::ref(entity_kind::principal, "p2"), test::token_issue(), "c2");
  s.settle();
  REQUIRE(refused->has_value());
  CHECK((*refused)->error().code == errc::corrupt);
  CHECK((*refused)->error().message.find("troupe verify") != std::string::npos);
  CHECK((*other)->has_value());
}

TEST_CASE("entity: an event that is not what was written stops this entity, and no other",
          "[actors]") {
  test::still_stage s;
  auto const ref = issued(s);
  auto const written = *s.store->read_stream(ref, 0, 10);
  // As a store without checksums of its own gives it after a bit was turned, or another program was
  // at it: it can be read.
  auto const spoilt = [&](auto change) {
    principal_domain::state const nobody = principal_domain::initial(ref);
    stream_fold<principal_domain> fold{ref};
    auto events = written;
    change(events.front());
    auto const taken = fold.take(ref, events);
    REQUIRE(taken.has_error());
    CHECK(taken.error().code == errc::corrupt);
    CHECK(fold.version == 0);
    CHECK(json::to(*fold.state) == json::to(nobody));
    return taken.error().message;
  };
  auto const of_data = spoilt([](stored_event& e) {
    auto const at = e.event.data.find("laptop");
    REQUIRE(at != std::string::npos);
    e.event.data[at] ^= 1;
  });
  CHECK(of_data.find(written.front().event.event_id) != std::string::npos);
  CHECK(of_data.find("troupe verify") != std::string::npos);
  (void)spoilt([](stored_event& e) { e.event.hash[0] ^= 1; });
  (void)spoilt([](stored_event& e) { e.event.principal = "human:eve"; });
  auto const newer = spoilt([&](stored_event& e) {
    e.event.schema = 2;
    e.event.hash = chain_hash(no_hash(), ref, 1, e.event);
  });
  CHECK(newer.find("newer build") != std::string::npos);
  stream_fold<principal_domain> sound{ref};
  CHECK(sound.take(ref, written).has_value());
}

TEST_CASE("entity: a store that contradicts itself stops this entity, and no other", "[actors]") {
  test::still_stage s;
  auto const ref = issued(s);
  auto const refused = s.send(ref, principal::command{principal::revoke{"lost"}}, "c2");
  auto const behind = s.send(ref, principal::command{principal::redeem{}}, "c3");
  s.run();
  int appends = 0;
  while (!s.log.queue.empty()) {
    REQUIRE(++appends < 10);
    auto const w = std::move(s.log.queue.front());
    s.log.queue.pop_front();
    unit_result no;
    no.status = unit_status::conflict;
    caf::anon_send(w.caller.reply_to, std::make_shared<appended>(appended{w.caller.id, no}));
    s.run();
  }
  CHECK(appends == 3);
  for (auto const& answer : {refused, behind}) {
    REQUIRE(answer->has_value());
    CHECK((*answer)->error().code == errc::corrupt);
    CHECK((*answer)->error().message.find("troupe verify") != std::string::npos);
  }
  CHECK(s.look(ref)->error().code == errc::corrupt);
  auto const other =
      s.send(test::still_stage::ref(entity_kind::principal, "p2"), test::token_issue(), "c4");
  s.settle();
  CHECK((*other)->has_value());
}

TEST_CASE("entity: what is secret is redacted before it is decided about and stored", "[actors]") {
  test::still_stage s;
  std::string const secret = "ghp_0123456789abcdefghijABCDEFGHIJ012345";
  auto const ref = test::still_stage::ref(entity_kind::brief, "b1");
  brief::submit submit;
  submit.project = project_id{"tally"};
  submit.from = {"transcript", "talk", "Ada: take " + secret + ", please.\nBob: I will.", {}};
  submit.config = find_template("solo")->config;
  submit.config.repository = "/nowhere";
  auto const first = s.send(ref, brief::command{submit}, "c1");
  s.settle();
  REQUIRE(first->has_value());
  REQUIRE((*first)->has_value());
  brief::draft draft;
  draft.content.title = "Take it";
  draft.content.goal = "With " + secret + " it goes";
  requirement r;
  r.key = "R1";
  r.title = "Take it";
  r.text = "Take it";
  r.criteria = {"It is taken"};
  draft.content.requirements = {r};
  auto const second = s.send(ref, brief::command{draft}, "c2");
  s.run();
  s.settle();
  REQUIRE(second->has_value());
  REQUIRE((*second)->has_value());

  auto const live = s.look(ref);
  REQUIRE(live.has_value());
  REQUIRE(live->has_value());
  auto const state = json::from<brief::state>(**live);
  REQUIRE(state.has_value());
  CHECK(state->from.text == "Ada: take [redacted:github-token], please.\nBob: I will.");
  CHECK(state->content.goal == "With [redacted:github-token] it goes");
  CHECK(state->content_hash == content_hash(state->content)); // of what is kept

  // The log has none of it, and replay gives what was live.
  auto const stored = read_all(*s.store, ref);
  REQUIRE(stored.has_value());
  auto again = brief_domain::initial(ref);
  for (auto const& e : *stored) {
    CHECK(e.event.data.find(secret) == std::string::npos);
    auto const data = json::parse(e.event.data);
    REQUIRE(data.has_value());
    auto const event =
        json::from_named<brief::event>(e.event.type.substr(e.event.type.find('.') + 1), *data);
    REQUIRE(event.has_value());
    again = brief_domain::evolve(std::move(again), *event, {e.version, e.event.at, e.event.cause});
  }
  CHECK(json::to(again) == **live);
}

TEST_CASE("entity: a key that was used at another entity meanwhile gives that one's receipt",
          "[actors]") {
  test::still_stage s;
  auto const one = test::still_stage::ref(entity_kind::principal, "p1");
  auto const two = test::still_stage::ref(entity_kind::principal, "p2");
  auto const send = [&](entity_ref const& to) {
    auto box = std::make_shared<std::optional<command_result>>();
    auto m = std::make_shared<command_message>();
    m->to = to;
    m->command = test::token_issue();
    m->context.id = "c-" + to.id;
    m->inbox = inbox_entry{"api:human:ada", "k1", std::string(64, 'c'), {}};
    m->done = [box](command_result r) { *box = std::move(r); };
    s.where->deliver(std::move(m));
    return box;
  };
  auto const first = send(one);
  auto const second = send(two);
  s.settle();
  REQUIRE(first->has_value());
  REQUIRE(second->has_value());
  REQUIRE((*first)->has_value());
  REQUIRE((*second)->has_value());
  auto const& winner = (**first)->events == 1 ? **first : **second;
  auto const& loser = (**first)->events == 1 ? **second : **first;
  CHECK(winner->events == 1);
  CHECK(loser->events == 0);
  CHECK(loser->entity == winner->entity);
  CHECK(loser->version == 1);
}
