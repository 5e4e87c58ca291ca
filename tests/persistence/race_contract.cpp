#include "tests/persistence/contract.hpp"

#include <atomic>
#include <set>
#include <thread>

using namespace troupe;
using namespace troupe::test;

namespace {

/// What a thread has met; assertions stand on the test's own thread only.
struct tally {
  std::size_t ok = 0;
  std::size_t fenced = 0;
  std::vector<std::string> wrong;
};

/// A writer without assertions, for a thread of its own.
class writer {
public:
  writer(event_store& store, std::uint64_t first_id) : store_(store), id_(first_id) {}

  unit next(entity_ref const& ref, std::uint64_t epoch) {
    unit u;
    u.shard = shard_of(ref);
    u.epoch = epoch;
    u.tenant = ref.tenant;
    auto const head = store_.stream(ref);
    std::uint64_t const version = head ? head->version : 0;
    new_event e;
    e.event_id = event_id(++id_);
    e.type = "ticket.noted";
    e.data = "{}";
    e.hash = chain_hash(head ? std::string_view{head->hash} : no_hash(), ref, version + 1, e);
    u.writes = {{ref, version, {e}, {}}};
    return u;
  }

  /// Sends a unit until its outcome is known.
  std::optional<unit_result> send(unit const& u, tally& t) {
    for (int i = 0; i < 50; ++i) {
      auto const out = store_.append(std::span{&u, 1});
      if (out)
        return out->front();
      if (out.error().code != errc::busy) {
        t.wrong.push_back(out.error().message);
        return std::nullopt;
      }
    }
    t.wrong.emplace_back("busy for too long");
    return std::nullopt;
  }

private:
  event_store& store_;
  std::uint64_t id_;
};

void check_feed(event_store& store, std::uint32_t shard, std::size_t size) {
  auto const feed = store.read_shard(shard, 0, 1'000'000);
  REQUIRE(feed.has_value());
  CHECK(feed->size() == size);
  std::uint64_t seq = 0;
  std::uint64_t epoch = 0;
  std::map<entity_ref, std::pair<std::uint64_t, std::string>> heads;
  for (auto const& e : *feed) {
    REQUIRE(e.seq == ++seq);
    REQUIRE(e.epoch >= epoch);
    epoch = e.epoch;
    auto& [version, hash] = heads.try_emplace(e.stream, 0, std::string{no_hash()}).first->second;
    REQUIRE(e.version == ++version);
    REQUIRE(e.event.hash == chain_hash(hash, e.stream, e.version, e.event));
    hash = e.event.hash;
  }
}

} // namespace

TROUPE_CONTRACT("two owners racing for a shard leave no gap and do not interleave") {
  // Each claims, writes to streams of its own until it is fenced, and claims again.
  constexpr std::uint32_t shard = 70;
  constexpr std::size_t wanted = 60;
  auto const refs = tickets_of(shard, 2);
  (void)c.store();
  tally tallies[2];
  {
    std::vector<std::jthread> owners;
    std::unique_ptr<event_store> stores[2] = {c.another(), c.another()};
    for (std::size_t i = 0; i < 2; ++i)
      owners.emplace_back([&, i, store = stores[i].get()] {
        auto& t = tallies[i];
        writer w{*store, 1'000'000 * (i + 1)};
        while (t.ok < wanted && t.wrong.empty()) {
          auto const epoch = store->claim(shard, "owner-" + std::to_string(i));
          if (!epoch) {
            if (epoch.error().code != errc::busy)
              t.wrong.push_back(epoch.error().message);
            continue;
          }
          while (t.ok < wanted) {
            auto const r = w.send(w.next(refs[i], *epoch), t);
            if (!r)
              break;
            if (r->status == unit_status::fenced) {
              ++t.fenced;
              break;
            }
            if (r->status != unit_status::ok)
              t.wrong.emplace_back("a stream of its own owner had a conflict");
            ++t.ok;
          }
        }
      });
    owners.clear();
  }
  for (auto const& t : tallies) {
    CHECK(t.wrong == std::vector<std::string>{});
    CHECK(t.ok == wanted);
  }
  check_feed(c.store(), shard, 2 * wanted);
}

TROUPE_CONTRACT("handles that write to one stream at once never both win") {
  constexpr std::size_t threads = 4;
  constexpr std::size_t rounds = 25;
  auto const a = ticket("a");
  auto const shard = shard_of(a);
  auto const epoch = *c.store().claim(shard, "node");
  tally tallies[threads];
  {
    std::vector<std::unique_ptr<event_store>> stores;
    for (std::size_t i = 0; i < threads; ++i)
      stores.push_back(c.another());
    std::vector<std::jthread> writers;
    for (std::size_t i = 0; i < threads; ++i)
      writers.emplace_back([&, i] {
        auto& t = tallies[i];
        writer w{*stores[i], 1'000'000 * (i + 1)};
        while (t.ok < rounds && t.wrong.empty()) {
          auto const r = w.send(w.next(a, epoch), t);
          if (r && r->status == unit_status::ok)
            ++t.ok;
          else if (r && r->status != unit_status::conflict)
            t.wrong.emplace_back("neither ok nor conflict");
        }
      });
    writers.clear();
  }
  for (auto const& t : tallies)
    CHECK(t.wrong == std::vector<std::string>{});
  check_feed(c.store(), shard, threads * rounds);
}

TROUPE_CONTRACT("batches over the same shards in another order do not wait for one another") {
  constexpr std::size_t rounds = 20;
  auto const epochs = *c.store().claim_all("node");
  tally tallies[2];
  {
    std::unique_ptr<event_store> stores[2] = {c.another(), c.another()};
    std::vector<std::jthread> writers;
    for (std::size_t i = 0; i < 2; ++i)
      writers.emplace_back([&, i] {
        writer w{*stores[i], 1'000'000 * (i + 1)};
        for (std::size_t n = 0; n < rounds; ++n) {
          std::vector<unit> batch;
          for (std::uint32_t k = 0; k < 16; ++k) {
            auto const shard = i == 0 ? k : 15 - k;
            batch.push_back(w.next(tickets_of(shard, 2)[i], epochs[shard]));
          }
          auto const out = stores[i]->append(batch);
          if (!out) {
            tallies[i].wrong.push_back(out.error().message);
            break;
          }
          for (auto const& r : *out)
            tallies[i].ok += r.status == unit_status::ok ? 1 : 0;
        }
      });
    writers.clear();
  }
  for (auto const& t : tallies) {
    CHECK(t.wrong == std::vector<std::string>{});
    CHECK(t.ok == 16 * rounds);
  }
  for (std::uint32_t shard = 0; shard < 16; ++shard)
    check_feed(c.store(), shard, 2 * rounds);
}

TROUPE_CONTRACT("the same request arriving at many handles at once is answered once") {
  constexpr std::size_t threads = 4;
  constexpr int rounds = 15;
  auto const epochs = *c.store().claim_all("node");
  std::vector<std::unique_ptr<event_store>> stores;
  for (std::size_t i = 0; i < threads; ++i)
    stores.push_back(c.another());
  for (int n = 0; n < rounds; ++n) {
    tally tallies[threads];
    std::vector<std::string> answers(threads);
    std::atomic<std::size_t> ready = 0;
    {
      std::vector<std::jthread> clients;
      for (std::size_t i = 0; i < threads; ++i)
        clients.emplace_back([&, i] {
          // Each lands in another shard: nothing but the key makes them meet.
          auto const ref = ticket("r" + std::to_string(n) + "-" + std::to_string(i));
          writer w{*stores[i], 1'000'000 * (i + 1) + 1000 * static_cast<std::uint64_t>(n)};
          auto u = w.next(ref, epochs[shard_of(ref)]);
          u.inbox = inbox_entry{"webhook:x", "delivery-" + std::to_string(n), "h",
                                "{\"from\":" + std::to_string(i) + "}"};
          ++ready;
          while (ready < threads)
            std::this_thread::yield();
          auto const r = w.send(u, tallies[i]);
          if (!r)
            return;
          if (r->status == unit_status::ok) {
            ++tallies[i].ok;
            answers[i] = u.inbox->answer;
          } else if (r->status == unit_status::duplicate && r->by_inbox) {
            answers[i] = r->stored_answer;
          } else {
            tallies[i].wrong.emplace_back("neither ok nor duplicate");
          }
        });
      clients.clear();
    }
    std::size_t winners = 0;
    for (auto const& t : tallies) {
      CHECK(t.wrong == std::vector<std::string>{});
      winners += t.ok;
    }
    CHECK(winners == 1);
    CHECK(std::set<std::string>(answers.begin(), answers.end()).size() == 1);
  }
}

TROUPE_CONTRACT("a reader beside a writer sees a prefix of the feed, never a hole") {
  constexpr std::size_t wanted = 150;
  auto const ref = tickets_of(80, 1)[0];
  auto const epoch = *c.store().claim(80, "node");
  tally t;
  std::atomic<bool> ended = false;
  auto const writes = c.another();
  auto const reads = c.another();
  std::jthread thread{[&] {
    writer w{*writes, 5'000'000};
    while (t.ok < wanted && t.wrong.empty())
      if (auto const r = w.send(w.next(ref, epoch), t); r && r->status == unit_status::ok)
        ++t.ok;
    ended = true;
  }};
  std::uint64_t cursor = 0;
  bool holes = false;
  while (true) {
    bool const last = ended;
    auto const part = reads->read_shard(80, cursor, 10);
    REQUIRE(part.has_value());
    for (auto const& e : *part)
      holes = holes || e.seq != ++cursor;
    if (last && part->empty())
      break;
  }
  thread.join();
  CHECK_FALSE(holes);
  CHECK(t.wrong == std::vector<std::string>{});
  CHECK(cursor == wanted);
}
