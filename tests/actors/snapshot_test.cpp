#include "actors/instant_runner.hpp"
#include "actors/node.hpp"
#include "actors/snapshots.hpp"
#include "persistence/sqlite/sqlite_store.hpp"
#include "protocol/content_hash.hpp"
#include "protocol/json_shape.hpp"
#include "tests/actors/stage.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/temporary_folder.hpp"

#include <catch2/catch.hpp>

/// What is kept of long streams, and that nothing depends on it.
using namespace troupe;
using namespace std::chrono_literals;

namespace {

entity_ref const purse{tenant_id{"default"}, entity_kind::budget, "project:tally"};

any_command granted(int n) {
  budget::grant g;
  g.scope = "project:tally";
  g.amount = n;
  g.id = "g" + std::to_string(n);
  return budget::command{g};
}

struct ledger_stage : test::still_stage {
  explicit ledger_stage(std::uint64_t snapshot_after) { rt.snapshot_after = snapshot_after; }
  /// One more event each.
  void grant(int many) {
    for (int i = 0; i < many; ++i) {
      ++grants;
      (void)send(purse, granted(grants), "c" + std::to_string(grants));
      settle();
    }
    REQUIRE(version() == static_cast<std::uint64_t>(grants));
  }
  [[nodiscard]] std::uint64_t version() const { return store->stream(purse)->version; }
  [[nodiscard]] std::optional<snapshot> kept() const {
    return *store->load_snapshot(purse, fingerprint_of(entity_kind::budget));
  }
  std::string state() {
    auto const s = look(purse);
    REQUIRE(s.has_value());
    if (!*s)
      FAIL(s->error().message);
    return json::canonical(**s);
  }
  void leave() {
    for (int i = 0; i < 3; ++i)
      pass(121s);
  }
  [[nodiscard]] loaded part(std::uint64_t first) const {
    return read_part(*store, purse, {0, true, first});
  }
  int grants = 0;
};

/// A snapshot whose state says something else, with a checksum that agrees.
snapshot forged(snapshot s) {
  auto content = read_body(s);
  REQUIRE(content.has_value());
  content->state.as_object()["accounts"] = json::object{};
  s.body = write_body(*content);
  return s;
}

} // namespace

TEST_CASE("snapshots: one is kept when enough has happened, off the way of commands",
          "[snapshots]") {
  ledger_stage s{5};
  s.grant(5);
  CHECK(s.log.snapshots.empty()); // one reading of the stream would be as quick
  s.grant(1);
  REQUIRE(s.log.snapshots.size() == 1);
  CHECK_FALSE(s.kept().has_value()); // nobody has waited for it
  s.grant(5);
  CHECK(s.log.snapshots.size() == 1);
  CHECK(s.log.store_snapshots() == 1);
  REQUIRE(s.kept().has_value());
  CHECK(s.kept()->version == 6); // as it was when it was asked for
  s.grant(1);
  CHECK(s.log.store_snapshots() == 1);
  CHECK(s.kept()->version == 12);
}

TEST_CASE("snapshots: an entity that is let go leaves one, and comes back from it", "[snapshots]") {
  ledger_stage s{10};
  s.grant(11);
  CHECK(s.log.store_snapshots() == 1);
  s.grant(2);
  auto const before = s.state();
  s.leave();
  CHECK(s.log.store_snapshots() == 0); // a fifth of 10 is no more than 2
  CHECK(s.state() == before);
  s.grant(1);
  auto const then = s.state();
  auto const loads = s.log.loads;
  s.leave();
  CHECK(s.log.store_snapshots() == 1);
  CHECK(s.kept()->version == 14);
  CHECK(s.state() == then);
  CHECK(s.log.loads == loads + 1);
  auto const part = s.part(10);
  REQUIRE(part.from.has_value());
  REQUIRE(part.events->size() == 1); // the one that it must agree with
  CHECK(part.events->front().version == 14);
  s.leave();
  CHECK(s.log.store_snapshots() == 0); // nothing has happened since
}

TEST_CASE("snapshots: what follows one is applied after it", "[snapshots]") {
  ledger_stage s{5};
  s.grant(6);
  CHECK(s.log.store_snapshots() == 1);
  s.grant(4);
  auto const before = s.state();
  s.leave();
  s.log.snapshots.clear(); // that of leaving is lost
  CHECK(s.part(5).from->version == 6);
  CHECK(s.part(5).events->size() == 5);
  CHECK(s.state() == before);
  s.grant(1); // and it goes on from there
}

TEST_CASE("snapshots: without any everything is the same", "[snapshots]") {
  ledger_stage s{5};
  s.grant(20);
  auto const before = s.state();
  (void)s.log.store_snapshots();
  s.leave();
  (void)s.log.store_snapshots();
  REQUIRE(s.store->drop_snapshots().has_value());
  auto const loads = s.log.loads;
  CHECK(s.state() == before);
  CHECK(s.log.loads == loads + 2);     // the first part, and the rest
  CHECK(s.log.store_snapshots() == 1); // the next time it is quick again
  CHECK(s.kept()->version == 20);
  s.grant(1);
}

TEST_CASE("snapshots: one that is of no use is ignored, and the stream is read", "[snapshots]") {
  ledger_stage s{5};
  s.grant(12);
  auto const before = s.state();
  s.leave();
  CHECK(s.log.store_snapshots() > 0);
  auto good = *s.kept();
  REQUIRE(good.version == 12);
  auto const load = [&](snapshot const& given) {
    REQUIRE(s.store->drop_snapshots().has_value());
    REQUIRE(s.store->save_snapshot(given).has_value());
    CHECK(s.state() == before);
    CHECK(s.log.store_snapshots() == 1); // a good one takes its place
    CHECK(s.kept()->body == good.body);
    s.leave();
    CHECK(s.log.store_snapshots() == 0);
  };
  SECTION("of another build") {
    auto other = forged(good);
    other.fingerprint = "1.0.0123456789abcdef";
    load(other);
  }
  SECTION("a letter is not what it was") {
    auto other = good;
    other.body[other.body.find("\"state\"") + 12] ^= 1;
    load(other);
  }
  SECTION("half of it is gone") {
    auto other = good;
    other.body.resize(other.body.size() / 2);
    load(other);
  }
  SECTION("empty") {
    auto other = good;
    other.body.clear();
    load(other);
  }
  SECTION("of a state that this build does not know") {
    auto content = *read_body(good);
    content.state.as_object()["more"] = 1;
    auto other = good;
    other.body = write_body(content);
    load(other);
  }
  SECTION("of an event that is not the one in the log") {
    auto content = *read_body(forged(good));
    content.hash = std::string(64, 'a');
    auto other = good;
    other.body = write_body(content);
    load(other);
  }
  SECTION("its body is of another version") {
    auto other = forged(good);
    other.version = 11;
    load(other);
  }
}

TEST_CASE("snapshots: one that is ahead of the log is ignored", "[snapshots]") {
  ledger_stage s{5};
  s.grant(12);
  auto const before = s.state();
  s.leave();
  auto content = *read_body(s.log.snapshots.back()());
  content.version = 13; // the log was put back to an older copy
  REQUIRE(
      s.store->save_snapshot({purse, 13, fingerprint_of(entity_kind::budget), write_body(content)})
          .has_value());
  CHECK_FALSE(s.part(5).from.has_value());
  CHECK(s.state() == before);
  s.grant(1);
}

TEST_CASE("snapshots: a long stream is read in parts, and others come in between", "[snapshots]") {
  ledger_stage s{100};
  s.grant(1100);
  auto const before = s.state();
  s.leave();
  s.log.snapshots.clear();
  s.log.hold_loads = true;
  s.log.loads = 0;
  auto const answer = std::make_shared<std::optional<result<json::value>>>();
  s.where->query(std::make_shared<query_message>(
      query_message{purse, [answer](result<json::value> r) { *answer = std::move(r); }}));
  s.run();
  s.log.give_loads(); // the first hundred
  s.run();
  CHECK_FALSE(answer->has_value());
  auto const other =
      s.send(test::still_stage::ref(entity_kind::principal, "p1"), test::token_issue(), "c-other");
  s.run();
  s.log.commit(); // the other one is new, and is not read
  s.run();
  CHECK(other->has_value());
  CHECK_FALSE(answer->has_value());
  for (int i = 0; i < 4 && !answer->has_value(); ++i) {
    s.log.give_loads();
    s.run();
  }
  REQUIRE(answer->has_value());
  REQUIRE((*answer)->has_value());
  CHECK(json::canonical(***answer) == before);
  CHECK(s.log.loads == 4); // 100, 500, 500, none left
  s.log.hold_loads = false;
}

TEST_CASE("snapshots: a store that goes away in the middle of a stream is asked again",
          "[snapshots]") {
  ledger_stage s{5};
  s.grant(20);
  auto const before = s.state();
  s.leave();
  s.log.snapshots.clear();
  s.log.hold_loads = true;
  auto const answer = std::make_shared<std::optional<result<json::value>>>();
  auto const ask = [&] {
    s.where->query(std::make_shared<query_message>(
        query_message{purse, [answer](result<json::value> r) { *answer = std::move(r); }}));
    s.run();
  };
  ask();
  s.log.give_loads();
  s.run();
  s.log.gone = fail(errc::unavailable, "away");
  s.log.give_loads();
  s.run();
  REQUIRE(answer->has_value());
  CHECK((*answer)->error().code == errc::unavailable);
  s.log.gone.reset();
  s.log.hold_loads = false;
  answer->reset();
  ask();
  REQUIRE(answer->has_value());
  REQUIRE((*answer)->has_value());
  CHECK(json::canonical(***answer) == before);
}

namespace {

enum class colour { red, blue };
BOOST_DESCRIBE_ENUM(colour, red, blue)
enum class paint { red, green };
BOOST_DESCRIBE_ENUM(paint, red, green)
struct one {
  int n = 1;
  std::vector<std::string> names;
  TROUPE_FIELDS(one, n, names);
};
struct other_default {
  int n = 2;
  std::vector<std::string> names;
  TROUPE_FIELDS(other_default, n, names);
};
struct other_name {
  int m = 1;
  std::vector<std::string> names;
  TROUPE_FIELDS(other_name, m, names);
};
struct other_type {
  std::int64_t n = 1;
  std::vector<std::string> names;
  TROUPE_FIELDS(other_type, n, names);
};

} // namespace

TEST_CASE("snapshots: a fingerprint is of the members, their types and their defaults",
          "[snapshots]") {
  auto const shape = json::shape<one>();
  CHECK(shape == "{n:int32=1;names:[text]=[];}");
  CHECK(json::shape<other_default>() != shape); // what was left out then would mean something else
  CHECK(json::shape<other_name>() != shape);
  CHECK(json::shape<other_type>() != shape);
  CHECK(json::shape<colour>() != json::shape<paint>());
  CHECK(json::shape<std::optional<one>>() != shape);
  CHECK(json::shape<std::map<std::string, one>>() != json::shape<std::vector<one>>());
  std::set<std::string> all;
#define TROUPE_ADD(NAME) all.insert(fingerprint_of(entity_kind::NAME));
  TROUPE_EACH_KIND(TROUPE_ADD)
#undef TROUPE_ADD
  CHECK(all.size() == 10);
}

TEST_CASE("snapshots: verification holds the stored ones against replay", "[snapshots]") {
  ledger_stage s{5};
  s.grant(12);
  CHECK(s.log.store_snapshots() == 2);
  s.grant(3);
  auto const good = *s.kept();
  auto const verify = [&] {
    std::vector<std::string> wrong;
    replayer states;
    snapshot_check check{*s.store};
    for (auto const& e : *read_all(*s.store, purse)) {
      REQUIRE(states
                  .apply(e.stream, e.version, e.event.type, e.event.schema, e.event.data,
                         {e.version, e.event.at, e.event.cause})
                  .has_value());
      if (auto found = check.after(e, [&] { return states.state_of(e.stream); }))
        wrong.push_back(*found);
    }
    CHECK(check.looked_at() == 1);
    return wrong;
  };
  CHECK(verify().empty());
  REQUIRE(s.store->save_snapshot(forged(good)).has_value());
  REQUIRE(verify().size() == 1);
  CHECK(verify().front().find("invariant 11") != std::string::npos);
  auto torn = good;
  torn.body.pop_back();
  REQUIRE(s.store->save_snapshot(torn).has_value());
  CHECK(verify().size() == 1);
}

TEST_CASE("snapshots: a node on a real ledger keeps them, and starts from them", "[snapshots]") {
  test::temporary_folder home;
  auto const open = [&] { return *open_sqlite_store(home.path() / "ledger.db"); };
  auto const start = [](store_factory const& factory, instant_runner& runner) {
    node_settings n;
    n.owner = "test";
    n.snapshot_after = 10;
    n.idle = 100ms;
    auto started = node::start(std::move(n), factory, runner);
    REQUIRE(started.has_value());
    REQUIRE((*started)->resume().has_value());
    return std::move(*started);
  };
  auto const grant = [](node& n, int i) {
    submit_options by;
    by.by = principal_id{"human:ada"};
    REQUIRE(n.tell(purse, granted(i), by).has_value());
  };
  auto const newest = [](store_factory const& factory) {
    auto const kept = (*factory())->load_snapshot(purse, fingerprint_of(entity_kind::budget));
    return *kept ? (*kept)->version : 0;
  };
  std::string before;
  {
    auto const factory = open();
    instant_runner runner;
    auto const n = start(factory, runner);
    for (int i = 1; i <= 25; ++i)
      grant(*n, i);
    // 11 and 22 as it went on, 25 when it was let go: a sweep comes by itself.
    REQUIRE(test::eventually([&] { return newest(factory) == 25; }));
    before = json::canonical(*n->ask(purse));
    CHECK(n->stop(5s));
  }
  for (bool const without : {false, true}) {
    auto const factory = open();
    if (without)
      REQUIRE((*factory())->drop_snapshots().has_value());
    instant_runner runner;
    auto const n = start(factory, runner);
    CHECK(json::canonical(*n->ask(purse)) == before);
    CHECK(json::canonical(n->view().get(purse)) == before);
    REQUIRE(test::eventually([&] { return newest(factory) == 25; })); // there again
    CHECK(n->stop(5s));
  }
}
