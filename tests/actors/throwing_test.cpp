#include "actors/board.hpp"
#include "actors/domain/kinds.hpp"
#include "actors/instant_runner.hpp"
#include "actors/journal.hpp"
#include "persistence/memory/faulty_store.hpp"
#include "persistence/memory/memory_store.hpp"

#include <catch2/catch.hpp>

#include <condition_variable>
#include <future>

/// Threads in which something throws: who waits is answered, and the thread goes on.
using namespace troupe;
using namespace std::chrono_literals;

namespace {

/// A store whose calls throw while the test wants it.
struct moods {
  std::atomic<bool> append_throws{false};
  std::atomic<int> after{0};  ///< so many appends are done, and throw then
  std::atomic<int> spared{0}; ///< so many appends go well, before
  std::atomic<int> throws{0}; ///< so many do not
  std::atomic<bool> reads_throw{false};

  store_factory store() {
    fault_plan p;
    p.choose = [this](std::string_view call, std::uint64_t) {
      if (call == "append" && (append_throws || is_next()))
        throw std::runtime_error("as the test wants it");
      if (call != "append" && reads_throw)
        throw 7; // not even an exception
      if (call == "append" && after > 0)
        return fault::late;
      return fault::none;
    };
    p.wait = [this](duration) {
      --after;
      throw std::runtime_error("after it was done");
    };
    return make_faulty(open_memory_store(), p);
  }

private:
  /// Asked on the one writer's thread.
  bool is_next() {
    if (throws == 0)
      return false;
    if (spared > 0) {
      --spared;
      return false;
    }
    --throws;
    return true;
  }
};

struct office {
  explicit office(store_factory const& store) {
    node_settings s;
    s.owner = "test";
    s.resend = 200ms;
    s.journal.retry = 1ms;
    s.journal.retry_cap = 1ms;
    s.failed = [this] { failed.set_value(); }; // a second time would throw
    auto started = node::start(std::move(s), store, runner);
    REQUIRE(started.has_value());
    n = std::move(*started);
    runner.attach(*n, tenant_id{"default"});
    REQUIRE(n->resume().has_value());
  }
  [[nodiscard]] static entity_ref budget(int i) {
    return {tenant_id{"default"}, entity_kind::budget, "project:p" + std::to_string(i)};
  }
  [[nodiscard]] command_result grant(int i, std::string by = "g") const {
    submit_options o;
    o.by = principal_id{"human:ada"};
    auto const id = "project:p" + std::to_string(i);
    return n->tell(budget(i), budget::command{budget::grant{id, {}, 5, std::move(by)}}, o, 20s);
  }
  /// Waits until the entity has nothing to do by itself.
  [[nodiscard]] bool owes_nothing(entity_ref const& of) const {
    auto const limit = std::chrono::steady_clock::now() + 20s;
    for (;;) {
      std::promise<bool> box;
      n->log().read([&](event_store& store) {
        auto const info = store.stream(of);
        box.set_value(info && info->version > 0 && !info->wake_at);
      });
      if (box.get_future().get())
        return true;
      if (std::chrono::steady_clock::now() > limit)
        return false;
    }
  }
  instant_runner runner;
  std::promise<void> failed;
  std::future<void> has_failed = failed.get_future();
  std::unique_ptr<node> n;
};

} // namespace

TEST_CASE("journal: a store that throws at an append is answered, and the writer goes on",
          "[actors]") {
  moods m;
  office o{m.store()};
  m.append_throws = true;
  auto const refused = o.grant(1);
  REQUIRE(refused.has_error());
  CHECK(refused.error().code == errc::unavailable); // it may be stored all the same
  CHECK(refused.error().message.find("as the test wants it") != std::string::npos);
  m.append_throws = false;
  CHECK(o.grant(1).has_value());
  CHECK(o.grant(2).has_value());
  CHECK(o.has_failed.wait_for(0s) == std::future_status::timeout);
  CHECK_FALSE(o.n->trouble().has_value());
  CHECK(o.n->stop(5s));
}

TEST_CASE("journal: what was stored before the throw is found out, and told once", "[actors]") {
  moods m;
  office o{m.store()};
  m.after = 1;
  auto const done = o.grant(1);
  REQUIRE(done.has_value());
  CHECK(done->version == 1);
  o.n->view().settle();
  CHECK(o.n->view().events(0, 100, [](auto const&) { return true; }).size() == 1);
  CHECK(o.n->stop(5s));
}

TEST_CASE("journal: what one entity owes another is said again after the store threw at it",
          "[actors]") {
  moods m;
  office o{m.store()};
  entity_ref const tally{tenant_id{"default"}, entity_kind::project, "tally"};
  submit_options by;
  by.by = principal_id{"human:ada"};
  auto config = find_template("solo")->config;
  config.repository = "/nowhere";
  REQUIRE(o.n->tell(tally, project::command{project::create{"Tally", config}}, by).has_value());
  REQUIRE(o.owes_nothing(tally));
  json::object const patch{{"limits", json::object{{"budget_micros", 500}}}};
  m.spared = 1; // the project's own
  m.throws = 3; // as often as one append is tried
  REQUIRE(o.n->tell(tally, project::command{project::change{patch}}, by).has_value());
  entity_ref const purse{tenant_id{"default"}, entity_kind::budget, "project:tally"};
  auto const limit = std::chrono::steady_clock::now() + 20s;
  auto granted = o.n->ask(purse);
  while (!granted && std::chrono::steady_clock::now() < limit) {
    o.n->view().settle();
    granted = o.n->ask(purse);
  }
  REQUIRE(granted.has_value());
  CHECK(m.throws == 0);
  CHECK(json::from<budget::state>(*granted)->scopes.at("project:tally").granted == 500);
  CHECK(o.has_failed.wait_for(0s) == std::future_status::timeout);
  CHECK(o.n->stop(5s));
}

TEST_CASE("journal: one stream at which the store throws does not end the node", "[actors]") {
  moods m;
  office o{m.store()};
  m.append_throws = true;
  for (int i = 0; i < 4; ++i) // whoever owes it says it again and again
    CHECK(o.grant(1).has_error());
  m.append_throws = false;
  CHECK(o.grant(2).has_value());
  CHECK(o.has_failed.wait_for(0s) == std::future_status::timeout);
  CHECK(o.n->stop(5s));
}

TEST_CASE("journal: a store that throws at every append ends the node", "[actors]") {
  moods m;
  office o{m.store()};
  m.append_throws = true;
  for (int i = 0; i < 3; ++i)
    CHECK(o.grant(i).has_error());
  CHECK(o.has_failed.wait_for(20s) == std::future_status::ready);
  CHECK(o.grant(5).has_error()); // answered to the end
  CHECK(o.n->stop(5s));
}

TEST_CASE("journal: a read that throws is answered, and the reader goes on", "[actors]") {
  moods m;
  office o{m.store()};
  m.reads_throw = true;
  auto const refused = o.n->ask(office::budget(1)); // what is made would not be read
  REQUIRE(refused.has_error());
  m.reads_throw = false;
  CHECK(o.grant(1).has_value());
  o.n->log().read([](event_store&) { throw std::runtime_error("a reader's own mistake"); });
  std::promise<void> read;
  o.n->log().read([&](event_store&) { read.set_value(); });
  CHECK(read.get_future().wait_for(20s) == std::future_status::ready);
  CHECK(o.n->stop(5s));
}

TEST_CASE("journal: where the stored cannot be told, who asked hears all the same", "[actors]") {
  moods m;
  office o{m.store()};
  o.n->log().observe([](committed_ptr const&) { throw std::runtime_error("nobody reads"); });
  CHECK(o.grant(1).has_value());
  CHECK(o.has_failed.wait_for(20s) == std::future_status::ready); // lists and streams lack it
  CHECK(o.n->stop(5s));
}

TEST_CASE("board: a listener that throws takes nothing from the others", "[actors]") {
  moods m;
  office o{m.store()};
  std::atomic<int> heard{0};
  auto const bad = o.n->view().subscribe(
      [](board_event const&) { throw std::runtime_error("as the test wants it"); }, {});
  auto const worse = o.n->view().subscribe([](board_event const&) { throw 7; }, {});
  auto const good = o.n->view().subscribe([&](board_event const&) { ++heard; }, {});
  CHECK(o.grant(1, "a").has_value());
  CHECK(o.grant(1, "b").has_value());
  o.n->view().settle();
  CHECK(heard == 2);
  o.n->view().unsubscribe(bad);
  o.n->view().unsubscribe(worse);
  o.n->view().unsubscribe(good);
  CHECK(o.n->stop(5s));
}

namespace {

/// An engine with two bad answers in it.
class bad_thinker : public thinker {
public:
  [[nodiscard]] result<envelope> think(thought_request const& r, state_reader const&) override {
    if (r.message.id == "exception")
      throw std::runtime_error("out of ideas");
    if (r.message.id == "number")
      throw 7;
    envelope e;
    e.parts = {text_part("fine")};
    return e;
  }
};

} // namespace

TEST_CASE("thinkers: an engine that throws is answered for, and its thread goes on", "[actors]") {
  std::map<engine_kind, std::shared_ptr<thinker>> engines;
  engines[engine_kind::rules] = std::make_shared<bad_thinker>();
  thinkers t{engines, [](entity_ref const&) { return result<json::value>{json::value{}}; }, 1};
  entity_ref const self{tenant_id{"default"}, entity_kind::agent, "tally.pm"};
  agent_spec spec;
  spec.engine = engine_kind::rules;
  auto const ask = [&](std::string id, bool bad_listener = false) {
    auto const box = std::make_shared<std::promise<result<envelope>>>();
    envelope m;
    m.id = std::move(id);
    t.perform(self, spec, std::move(m), [box, bad_listener](result<envelope> r) {
      box->set_value(std::move(r));
      if (bad_listener)
        throw std::runtime_error("the listener's mistake");
    });
    auto answer = box->get_future();
    REQUIRE(answer.wait_for(20s) == std::future_status::ready);
    return answer.get();
  };
  auto const first = ask("exception");
  REQUIRE(first.has_error());
  CHECK(first.error().message.find("out of ideas") != std::string::npos);
  CHECK(ask("number").has_error());
  CHECK(ask("fine", true).has_value());
  CHECK(ask("fine").has_value());
}
