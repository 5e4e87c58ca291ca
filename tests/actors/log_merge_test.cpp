#include "actors/domain/kinds.hpp"
#include "actors/log_merge.hpp"
#include "actors/log_readers.hpp"
#include "actors/stream_fold.hpp"
#include "persistence/memory/memory_store.hpp"
#include "tests/actors/stage.hpp"

#include <catch2/catch.hpp>

#include <map>

/// The whole log in one order, read ahead or not.
using namespace troupe;

namespace {

/// Some thousands of streams of one event.
std::unique_ptr<event_store> ledger_of(int many) {
  auto const factory = open_memory_store();
  auto store = *factory();
  auto const epochs = *store->claim_all("filler");
  test::counted_ids ids;
  auto const what = std::get<principal::command>(test::token_issue());
  std::vector<unit> batch;
  for (int i = 0; i < many; ++i) {
    auto const ref = test::still_stage::ref(entity_kind::principal, "t" + std::to_string(i));
    stream_fold<principal_domain> fold{ref};
    command_context context;
    context.id = "c" + std::to_string(i);
    context.by = principal_id{"human:ada"};
    context.now = time_point{duration{1'750'000'000'000}};
    auto const decided = decide_clean<principal_domain>(*fold.state, what, context);
    REQUIRE(decided.has_value());
    unit u;
    u.writes.push_back(fold.write(ref, *decided, context, ids));
    u.shard = shard_of(ref);
    u.epoch = epochs[u.shard];
    u.tenant = ref.tenant;
    batch.push_back(std::move(u));
    if (batch.size() == 100 || i + 1 == many) {
      REQUIRE(store->append(batch)->back().status == unit_status::ok);
      batch.clear();
    }
  }
  return store;
}

template <class Next>
std::vector<std::string> ids_of(Next next) {
  std::vector<std::string> out;
  std::map<std::uint32_t, std::uint64_t> heads;
  bool gap_free = true;
  for (;;) {
    auto const part = next();
    REQUIRE(part.has_value());
    if (part->empty())
      break;
    for (auto const& e : *part) {
      gap_free = gap_free && e.seq == ++heads[e.shard];
      out.push_back(e.event.event_id);
    }
  }
  CHECK(gap_free);
  return out;
}

} // namespace

TEST_CASE("log: all shards come as one sequence, by the time in the ids", "[log]") {
  constexpr int many = 12'000;
  auto const store = ledger_of(many);
  auto log = log_merge::open(*store);
  REQUIRE(log.has_value());
  CHECK(log->total() == many);
  auto const all = ids_of([&] { return log->next(777); });
  CHECK(all.size() == many);
  CHECK(std::is_sorted(all.begin(), all.end()));
  CHECK(log->next(10)->empty()); // it has ended

  std::size_t parts = 0;
  for (std::uint32_t i = 0; i < 3; ++i)
    parts += log_merge::open(*store, {i, 3})->total();
  CHECK(parts == many);
  // The same sequence, by however many it is read.
  for (std::size_t readers = 1; readers <= 3; ++readers) {
    log_readers ahead{std::vector<event_store*>(readers, store.get())};
    CHECK(ids_of([&] { return ahead.next(); }) == all);
    CHECK(ahead.next()->empty());
  }
}

TEST_CASE("log: who reads ahead can be let go in the middle", "[log]") {
  auto const store = ledger_of(12'000); // more than is kept ready
  { log_readers const never_asked{{store.get(), store.get()}}; }
  log_readers ahead{{store.get(), store.get()}};
  REQUIRE(ahead.next().has_value());
}
