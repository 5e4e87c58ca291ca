#include "gateway/routes/ledger_tail.hpp"
#include "persistence/memory/faulty_store.hpp"
#include "persistence/memory/memory_store.hpp"
#include "tests/actors/scribe.hpp"
#include "tests/support/eventually.hpp"

#include <set>

using namespace troupe;

namespace {

tenant_id const tenant{"default"};
constexpr std::int64_t noon = 1'750'000'000'000;
using place = std::pair<std::uint32_t, std::uint64_t>;

/// A ledger of which the board has next to nothing at hand, and how often its shards were read.
class old_ledger {
public:
  explicit old_ledger(int events) : view{10, false} {
    fault_plan counting;
    counting.choose = [this](std::string_view call, std::uint64_t) {
      reads_ += call == "read_shard" ? 1 : 0;
      return fault::none;
    };
    auto const factory = make_faulty(open_memory_store(), counting);
    store_ = *factory();
    test::scribe ledger{*store_};
    for (int i = 0; i < events; ++i)
      ledger.issue("t" + std::to_string(i), noon + i);
    auto const read = view.catch_up(
        *store_, [this](board_event const& e) { places.emplace(e.event->shard, e.event->seq); });
    REQUIRE(read.has_value());
    log = std::move(*journal::open(factory, {}));
    reads_ = 0;
  }
  ~old_ledger() { log->stop(std::chrono::seconds{5}); }
  [[nodiscard]] int reads() const { return reads_; }

  board view;
  std::unique_ptr<journal> log;
  std::multiset<place> places; ///< of all its events

private:
  std::unique_ptr<event_store> store_;
  std::atomic<int> reads_{0};
};

/// Somebody who takes all that there is, as fast as it comes.
class reader {
public:
  reader(std::shared_ptr<ledger_lines> const& of, std::size_t at_once)
      : tail_(std::make_shared<ledger_tail>(
            of, [this] { woken_ = true; },
            [this](ledger_tail::call later) {
              std::lock_guard lock{mutex_};
              later_.push_back(std::move(later));
            })),
        at_once_(at_once) {}
  ~reader() { tail_->stop(); }

  [[nodiscard]] ledger_tail& tail() { return *tail_; }
  /// Whether it has caught up now.
  bool go_on() {
    std::vector<ledger_tail::call> due;
    {
      std::lock_guard lock{mutex_};
      due.swap(later_);
    }
    for (auto const& call : due)
      call();
    for (int i = 0; i < 4000 && woken_.exchange(false); ++i) {
      for (auto const& l : tail_->next(at_once_))
        told.emplace(l.shard, l.seq);
    }
    return tail_->caught_up();
  }

  std::multiset<place> told;

private:
  std::atomic<bool> woken_{true};
  std::mutex mutex_;
  std::vector<ledger_tail::call> later_;
  std::shared_ptr<ledger_tail> tail_;
  std::size_t at_once_;
};

traffic::sieve matching(std::string const& filter) {
  return {tenant, traffic::filter::parse(filter).value(), {1, 200}};
}

/// Reads the whole past with so many readers; how often the store was read.
int read_by(int readers) {
  old_ledger ledger{3000};
  ledger_shelf shelf{ledger.view, *ledger.log};
  std::vector<std::unique_ptr<reader>> all;
  for (int i = 0; i < readers; ++i) {
    auto const of = shelf.lines_of(matching("point=journal"), 1, false);
    all.push_back(std::make_unique<reader>(of, 1 + static_cast<std::size_t>(i) * 7));
    bool ok = false;
    all.back()->tail().begin_after({}, [&](result<void> const& r) { ok = r.has_value(); });
    REQUIRE(ok);
  }
  REQUIRE(test::eventually([&] {
    bool done = true;
    for (auto const& r : all)
      done = r->go_on() && done;
    return done;
  }));
  for (auto const& r : all)
    CHECK(r->told == ledger.places);
  return ledger.reads();
}

} // namespace

TEST_CASE("ledger lines: many who go through the past together read it once", "[api]") {
  auto const one = read_by(1);
  CHECK(one > 0);
  CHECK(read_by(20) < 2 * one);
}

TEST_CASE("ledger lines: equal watches share them, others do not", "[api]") {
  old_ledger ledger{10};
  ledger_shelf shelf{ledger.view, *ledger.log};
  auto const all = shelf.lines_of(matching("point=journal"), 1, false);
  CHECK(shelf.lines_of(matching("point=journal"), 1, false) == all);
  CHECK(shelf.lines_of(matching("point=journal"), 1, true) != all);
  CHECK(shelf.lines_of(matching("point=journal"), 0.5, false) != all);
  CHECK(shelf.lines_of(matching("point=send"), 1, false) != all);
}

TEST_CASE("ledger lines: who comes back is told nothing of before it came first", "[api]") {
  old_ledger ledger{700};
  ledger_shelf shelf{ledger.view, *ledger.log};
  auto const of = shelf.lines_of(matching("point=journal"), 1, false);
  reader first{of, 256};
  std::atomic<bool> begun{false};
  first.tail().begin_since(time_point{duration{noon + 650}},
                           [&](result<void> const& r) { begun = r.has_value(); });
  REQUIRE(test::eventually([&] { return begun && first.go_on(); }));
  CHECK(first.told.size() == 50);
  auto const at = first.tail().position();
  REQUIRE(at.has_value());
  reader again{of, 256};
  again.tail().begin_after(*at, [](result<void> const& r) { CHECK(r.has_value()); });
  REQUIRE(test::eventually([&] { return again.go_on(); }));
  CHECK(again.told.empty());
}
