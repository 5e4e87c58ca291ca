#include "persistence/memory/faulty_store.hpp"
#include "persistence/memory/memory_store.hpp"
#include "tests/actors/desk.hpp"

/// When a journal has its store settle what appends have put off.
using namespace troupe;
using namespace std::chrono_literals;
using test::a_unit;
using test::desk;

namespace {

std::string id_of(int n) {
  auto const digits = std::to_string(n);
  return "01900000-0000-7000-8000-" + std::string(12 - digits.size(), '0') + digits;
}

/// A store that puts off, and its journal.
class office {
public:
  office(duration after, std::size_t events, int parts_left = 0) : parts_left_(parts_left) {
    fault_plan p;
    p.settle = [this] { return settle(); };
    auto const factory = make_faulty(open_memory_store(), p);
    store_ = *factory();
    journal_settings s;
    s.settle_after = after;
    s.settle_events = events;
    log_ = std::move(*journal::open(factory, s));
    desk_.emplace(*log_);
    log_->keep_tidy(); // as a server does when it has started
  }
  /// Stores one event.
  void append() {
    auto const n = ++appends_;
    desk_->append(a_unit(*store_, n, id_of(n)), static_cast<std::uint64_t>(n), false);
    REQUIRE(desk_->answer(static_cast<std::uint64_t>(n)).has_value());
  }
  /// From here on a settling leaves so many more to do, or fails so often first.
  void leave(int parts, int failures = 0) {
    std::lock_guard lock{mutex_};
    parts_left_ = parts;
    failures_ = failures;
  }
  void wait_for(int settlings) {
    std::unique_lock lock{mutex_};
    REQUIRE(changed_.wait_for(lock, 20s, [&] { return settlings_ >= settlings; }));
  }
  [[nodiscard]] int settlings() {
    std::lock_guard lock{mutex_};
    return settlings_;
  }
  void stop() { desk_.reset(); }

private:
  result<bool> settle() {
    std::lock_guard lock{mutex_};
    ++settlings_;
    changed_.notify_all();
    if (failures_ > 0) {
      --failures_;
      return fail(errc::unavailable, "as the test wants it");
    }
    return parts_left_-- > 0;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  int settlings_ = 0;
  int parts_left_ = 0;
  int failures_ = 0;
  int appends_ = 0;
  std::unique_ptr<event_store> store_;
  std::unique_ptr<journal> log_;
  std::optional<desk> desk_;
};

} // namespace

TEST_CASE("journal: what an earlier server has put off is settled, all of it", "[actors]") {
  office o{1ms, 1000, 3};
  o.wait_for(4);
}

TEST_CASE("journal: what an append puts off is settled a while later", "[actors]") {
  office o{5ms, 1000};
  o.wait_for(1);
  for (int i = 2; i < 6; ++i) {
    o.append();
    o.wait_for(i);
  }
}

TEST_CASE("journal: many events are settled at once", "[actors]") {
  office o{1h, 3};
  o.append();
  o.append();
  CHECK(o.settlings() == 0);
  o.append();
  o.wait_for(1);
  o.append(); // counts anew
  o.append();
  CHECK(o.settlings() == 1);
  o.append();
  o.wait_for(2);
}

TEST_CASE("journal: a settling that fails is tried again", "[actors]") {
  office o{1ms, 1000};
  o.wait_for(1);
  o.leave(0, 2);
  o.append();
  o.wait_for(4);
}

TEST_CASE("journal: before its end it settles what is left", "[actors]") {
  office o{1h, 1000};
  o.append();
  o.leave(2);
  CHECK(o.settlings() == 0);
  o.stop();
  CHECK(o.settlings() == 3);
}
