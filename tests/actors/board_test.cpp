#include "actors/domain/kinds.hpp"
#include "actors/instant_runner.hpp"
#include "actors/past.hpp"
#include "actors/real_ports.hpp"
#include "actors/stream_fold.hpp"
#include "actors/why.hpp"
#include "persistence/memory/memory_store.hpp"
#include "tests/actors/scribe.hpp"
#include "tests/actors/stage.hpp"

#include <catch2/catch.hpp>

#include <random>

using namespace troupe;

namespace {

using test::id_at;
using test::scribe;

tenant_id const tenant{"default"};

constexpr std::int64_t noon = 1'750'000'000'000;

node_settings settings() {
  node_settings s;
  s.owner = "test";
  return s;
}

bool everything(stored_event const&) {
  return true;
}

submit_options by_person() {
  submit_options o;
  o.by = principal_id{"human:ada"};
  return o;
}

} // namespace

TEST_CASE("board: a token that was revoked after the clock went back stays revoked", "[actors]") {
  auto const factory = open_memory_store();
  auto store = *factory();
  scribe ledger{*store};
  ledger.issue("t1", noon);
  ledger.issue("t2", noon + 5);
  ledger.revoke("t1", noon - 60'000); // the clock was set back while the server was down
  instant_runner runner;
  auto started = node::start(settings(), factory, runner);
  if (!started)
    FAIL(started.error().message);
  auto& n = **started;
  CHECK(n.view().get({tenant, entity_kind::principal, "t1"}).at("is").as_string() == "REVOKED");
  CHECK(n.view().get({tenant, entity_kind::principal, "t2"}).at("is").as_string() == "active");
  // And what comes next has a greater id than all of it.
  CHECK(n.ids().uuid() > id_at(noon + 5, 0));
  CHECK(n.stop(std::chrono::seconds{5}));
}

TEST_CASE("board: whatever the clocks said, it is the fold of every stream, and its heads are the "
          "store's",
          "[actors]") {
  auto const factory = open_memory_store();
  auto store = *factory();
  scribe ledger{*store};
  std::minstd_rand random{7};
  int constexpr tokens = 60;
  for (int i = 0; i < tokens; ++i)
    ledger.issue("t" + std::to_string(i), noon + static_cast<std::int64_t>(random() % 100'000));
  for (int i = 0; i < tokens; i += 2)
    ledger.revoke("t" + std::to_string(i), noon + static_cast<std::int64_t>(random() % 100'000));

  board view{200'000, false}; // of events that no entity would decide
  std::map<std::uint32_t, std::uint64_t> seen;
  bool in_order = true;
  auto const read = view.catch_up(*store, [&](board_event const& e) {
    in_order = in_order && e.event->seq == ++seen[e.event->shard];
  });
  if (!read)
    FAIL(read.error().message);
  CHECK(*read == tokens + tokens / 2);
  CHECK(in_order);
  CHECK(view.heads(*read) == seen);
  for (int i = 0; i < tokens; ++i) {
    entity_ref const ref{tenant, entity_kind::principal, "t" + std::to_string(i)};
    replayer truth;
    for (auto const& e : *read_all(*store, ref))
      REQUIRE(truth
                  .apply(ref, e.version, e.event.type, e.event.schema, e.event.data,
                         {e.version, e.event.at, e.event.cause})
                  .has_value());
    CHECK(view.get(ref) == truth.state_of(ref));
  }
}

TEST_CASE("board: the heads of any place are known, and the place of any heads", "[actors]") {
  auto const factory = open_memory_store();
  auto store = *factory();
  scribe ledger{*store};
  int constexpr tokens = 9000; // more than two of its marks
  for (int i = 0; i < tokens; ++i)
    ledger.issue("t" + std::to_string(i), noon + i);
  board view{100, false};
  std::vector<std::map<std::uint32_t, std::uint64_t>> truth{{}};
  auto const read = view.catch_up(*store, [&](board_event const& e) {
    truth.push_back(truth.back());
    truth.back()[e.event->shard] = e.event->seq;
  });
  REQUIRE(read.has_value());
  REQUIRE(*read == tokens);
  std::minstd_rand random{11};
  std::vector<std::uint64_t> places{0, 1, 4095, 4096, 4097, 8191, 8192, 8193, tokens - 1, tokens};
  for (int i = 0; i < 40; ++i)
    places.push_back(random() % (tokens + 1));
  for (auto const n : places) {
    INFO(n);
    auto const& heads = truth[n];
    CHECK(view.heads(n) == heads);
    CHECK(view.covered_by(heads) == n);
    auto more = heads; // of shards that others were told further
    for (int k = 0; k < 20; ++k)
      if (auto& head = more[static_cast<std::uint32_t>(random() % 256)]; head < 30)
        head += random() % 5;
    std::uint64_t reached = n;
    while (reached < tokens &&
           std::all_of(truth[reached + 1].begin(), truth[reached + 1].end(),
                       [&](auto const& h) { return h.second <= more[h.first]; }))
      ++reached;
    CHECK(view.covered_by(more) == reached);
  }
  CHECK(view.covered_by(view.heads(tokens)) == tokens);
}

TEST_CASE("board: it keeps the state that comes with an event, and makes one where none comes",
          "[actors]") {
  auto const ref = test::still_stage::ref(entity_kind::principal, "p1");
  test::counted_ids ids;
  stream_fold<principal_domain> fold{ref};
  std::uint64_t seq = 0;
  auto const written = [&](principal::command const& what) {
    command_context context;
    context.id = "c" + std::to_string(seq);
    context.by = principal_id{"human:ada"};
    context.now = time_point{duration{noon}};
    auto const decided = decide_clean<principal_domain>(*fold.state, what, context);
    REQUIRE(decided.has_value());
    return fold.write(ref, *decided, context, ids);
  };
  auto const batch_of = [&](stream_write const& w) {
    auto out = std::make_shared<std::vector<stored_event>>();
    for (auto const& e : w.events)
      out->push_back({shard_of(ref), ++seq, 1, ref, seq, e});
    return out;
  };
  board view;
  auto first = written(std::get<principal::command>(test::token_issue()));
  fold.hand_over(first);
  std::weak_ptr<principal::state const> const made = fold.state.share();
  fold.state = state_cell{*fold.state}; // the entity goes on with another one
  auto const batch = batch_of(first);
  view.apply_now(batch);
  CHECK(batch->back().event.after->take() == nullptr);
  REQUIRE_FALSE(made.expired()); // at the board, and not at its event, which is kept longer
  CHECK(view.get(ref) == json::to(*made.lock()));

  view.apply_now(batch_of(written(principal::command{principal::revoke{"lost"}})));
  CHECK(made.expired()); // nobody else has it any more
  CHECK(view.get(ref) == json::to(*fold.state));
  CHECK(view.violations() == 0);
}

TEST_CASE("board: shards take turns by the time of their events", "[actors]") {
  auto const factory = open_memory_store();
  auto store = *factory();
  scribe ledger{*store};
  for (int i = 0; i < 20; ++i)
    ledger.issue("t" + std::to_string(i), noon + i);
  board view{200'000, false}; // of events that no entity would decide
  std::string last;
  REQUIRE(view.catch_up(*store,
                        [&](board_event const& e) {
                          CHECK(e.event->event.event_id > last);
                          last = e.event->event.event_id;
                        })
              .has_value());
}

TEST_CASE("board: an event that cannot be applied refuses the start, and says which", "[actors]") {
  auto const factory = open_memory_store();
  auto store = *factory();
  scribe ledger{*store};
  ledger.issue("t1", noon);
  ledger.write("t1", "abolished", json::object{}, noon + 1);
  instant_runner runner;
  auto started = node::start(settings(), factory, runner);
  REQUIRE(started.has_error());
  CHECK(started.error().code == errc::unsupported);
  CHECK(started.error().message.find("principal.abolished") != std::string::npos);
  CHECK(started.error().message.find("troupe verify") != std::string::npos);
}

TEST_CASE("ids: they go on after the greatest stored one, whatever the clock says", "[actors]") {
  random_id_port ids;
  auto const far = id_at(4'000'000'000'000, 999); // in the year 2096
  ids.go_on_after(far);
  auto const a = ids.uuid();
  auto const b = ids.uuid();
  CHECK(a > far);
  CHECK(b > a);
  ids.go_on_after("not an id");
  ids.go_on_after(id_at(noon, 1)); // older: changes nothing
  CHECK(ids.uuid() > b);
}

TEST_CASE("board: what it no longer has at hand is read from the store, in the same order",
          "[actors]") {
  auto const factory = open_memory_store();
  auto store = *factory();
  scribe ledger{*store};
  for (int i = 0; i < 30; ++i) // some with times that go back
    ledger.issue("t" + std::to_string(i), noon + (i % 7) * 10);
  auto s = settings();
  s.recent = 10;
  instant_runner runner;
  auto started = node::start(std::move(s), factory, runner);
  REQUIRE(started.has_value());
  auto& n = **started;
  std::vector<std::string> order;
  for (auto const& e : n.view().events(0, 1000, everything))
    order.push_back(e.event->event.event_id);
  REQUIRE(order.size() == 10);
  // New ones push the old ones out, and are numbered as they came.
  for (int i = 30; i < 45; ++i)
    REQUIRE(n.tell({tenant, entity_kind::principal, "t" + std::to_string(i)}, test::token_issue(),
                   by_person())
                .has_value());
  n.view().settle();
  CHECK(n.view().last() == 45);
  CHECK(n.view().first() == 36);

  std::vector<std::string> all;
  std::uint64_t after = 0;
  for (bool more = true; more;) {
    auto const page = read_past(n.view(), *store, after, 7, everything, 11);
    REQUIRE(page.has_value());
    for (auto const& e : page->events) {
      CHECK(e.n == all.size() + 1);
      all.push_back(e.event->event.event_id);
    }
    CHECK(page->seen == all.size());
    after = page->seen;
    more = page->more;
  }
  REQUIRE(all.size() == 45);
  CHECK(std::equal(order.begin(), order.end(), all.begin() + 20));
  std::vector<std::string> recent;
  for (auto const& e : n.view().events(0, 1000, everything))
    recent.push_back(e.event->event.event_id);
  CHECK(std::equal(recent.begin(), recent.end(), all.begin() + 35));
  CHECK(std::set<std::string>(all.begin(), all.end()).size() == 45);

  // A filter that takes little does not make the reader look at everything at once.
  auto const rare = read_past(
      n.view(), *store, 0, 5, [&](stored_event const& e) { return e.stream.id == "t44"; }, 20);
  REQUIRE(rare.has_value());
  CHECK(rare->events.empty());
  CHECK(rare->seen == 20);
  CHECK(rare->more);

  // And `why` knows an old event too.
  auto const why = explain(n.view(), *store, tenant, all.front());
  REQUIRE(why.has_value());
  CHECK(why->at("about").as_string() == all.front());
  CHECK(why->at("events").as_array().size() == 1);
  CHECK(explain(n.view(), *store, tenant, id_at(1, 1)).error().code == errc::not_found);
  CHECK(n.stop(std::chrono::seconds{5}));
}

TEST_CASE("board: places are right over the marks", "[actors]") {
  board view{10, false};
  std::map<std::uint32_t, std::uint64_t> seq;
  std::map<std::string, std::uint64_t> version;
  std::vector<event_place> truth;
  auto batch = std::make_shared<std::vector<stored_event>>();
  std::minstd_rand random{3};
  for (std::uint64_t n = 1; n <= 10'000; ++n) {
    entity_ref const ref{tenant, entity_kind::principal, "t" + std::to_string(random() % 300)};
    stored_event e;
    e.stream = ref;
    e.shard = shard_of(ref);
    e.seq = ++seq[e.shard];
    e.version = ++version[ref.id];
    e.event.event_id = id_at(noon, static_cast<int>(n));
    e.event.type = "principal.revoked";
    e.event.data = R"({"to":"REVOKED","why":"lost"})";
    truth.push_back({n, e.shard, e.seq});
    batch->push_back(std::move(e));
  }
  view.feed(batch);
  view.settle();
  for (std::uint64_t const after : {0, 1, 4095, 4096, 4097, 8191, 8192, 9999}) {
    auto const found = view.places(after, 3);
    REQUIRE(found.size() == std::min<std::size_t>(3, 10'000 - after));
    for (std::size_t i = 0; i < found.size(); ++i) {
      CHECK(found[i].n == after + i + 1);
      CHECK(found[i].shard == truth[after + i].shard);
      CHECK(found[i].seq == truth[after + i].seq);
    }
  }
  CHECK(view.places(10'000, 3).empty());
}
