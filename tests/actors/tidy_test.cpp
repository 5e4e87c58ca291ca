#include "actors/domain/kinds.hpp"
#include "actors/instant_runner.hpp"
#include "persistence/memory/memory_store.hpp"
#include "tests/actors/stage.hpp"
#include "tests/support/eventually.hpp"

#include <catch2/catch.hpp>

using namespace troupe;

namespace {

constexpr std::chrono::hours day{24};

entity_ref const token{tenant_id{"default"}, entity_kind::principal, "t1"};

submit_options with_key(std::string key) {
  submit_options o;
  o.by = principal_id{"human:ada"};
  o.idempotency = inbox_entry{"api:human:ada", std::move(key), "h", {}};
  return o;
}

inbox_row answered(std::string key, duration ago) {
  auto const now = std::chrono::floor<duration>(std::chrono::system_clock::now());
  return {token.tenant,
          {"api:human:ada", std::move(key), "h", R"({"entity":"x","version":1})"},
          now - ago};
}

std::size_t answers_in(store_factory const& factory) {
  return (*factory())->inbox_rows(std::nullopt, 10'000)->size();
}

void add(store_factory const& factory, std::vector<inbox_row> rows) {
  side_rows more;
  more.inbox = std::move(rows);
  REQUIRE((*factory())->restore(more).has_value());
}

/// The store as it is after this time.
store_factory later(store_factory const& before, duration by) {
  auto const after = open_memory_store();
  auto const from = *before();
  auto const to = *after();
  for (std::uint32_t shard = 0; shard < shard_count; ++shard)
    REQUIRE(to->import(*from->read_shard(shard, 0, 10'000)).has_value());
  side_rows rows;
  rows.inbox = *from->inbox_rows(std::nullopt, 10'000);
  for (auto& row : rows.inbox)
    row.stored_at -= by;
  REQUIRE(to->restore(rows).has_value());
  return after;
}

struct running {
  instant_runner runner;
  std::unique_ptr<node> n;
  explicit running(store_factory const& factory, duration tidy_every = std::chrono::hours{1}) {
    node_settings s;
    s.owner = "test";
    s.journal.tidy_every = tidy_every;
    auto started = node::start(std::move(s), factory, runner);
    REQUIRE(started.has_value());
    n = std::move(*started);
    REQUIRE(n->resume().has_value());
  }
  ~running() { (void)n->stop(std::chrono::seconds{5}); }
};

} // namespace

TEST_CASE("node: old answers go, and a repeat within a week still gets its first answer",
          "[actors]") {
  auto const first = open_memory_store();
  {
    running at{first};
    auto const made = at.n->tell(token, test::token_issue(), with_key("once"));
    REQUIRE(made.has_value());
    CHECK(made->events == 1);
  }
  auto const store = later(first, day * 7 - std::chrono::minutes{10});
  std::vector<inbox_row> old;
  for (int i = 0; i < 1234; ++i) // more than one page
    old.push_back(answered("old-" + std::to_string(i), day * 7 + std::chrono::seconds{i + 1}));
  add(store, std::move(old));
  REQUIRE(answers_in(store) == 1235);

  running at{store};
  REQUIRE(test::eventually([&] { return answers_in(store) == 1; }));
  auto const again = at.n->tell(token, test::token_issue(), with_key("once"));
  REQUIRE(again.has_value());
  CHECK(again->version == 1);
  CHECK(again->events == 0);
  auto other = with_key("once");
  other.idempotency->request_hash = "another request";
  CHECK(at.n->tell(token, test::token_issue(), other).error().code == errc::conflict);
  CHECK((*store())->stream(token)->version == 1);
}

TEST_CASE("node: answers that grow old while it runs go, too", "[actors]") {
  auto const store = open_memory_store();
  running at{store, std::chrono::milliseconds{5}};
  for (int i = 0; i < 3; ++i) {
    add(store, {answered("old-" + std::to_string(i), day * 8),
                answered("new-" + std::to_string(i), day * 6)});
    CHECK(test::eventually([&] { return answers_in(store) == static_cast<std::size_t>(i) + 1; }));
  }
}
