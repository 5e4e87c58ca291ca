#include "actors/tap/feed.hpp"
#include "protocol/json.hpp"
#include "records.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::traffic;

namespace {

constexpr std::int64_t ms = 1'000'000;
constexpr std::int64_t second = 1000 * ms;

/// A feed under a clock that the test moves.
struct stage {
  std::int64_t now = 100 * second;
  std::shared_ptr<slowness> slow = std::make_shared<slowness>();
  std::shared_ptr<feed> f =
      std::make_shared<feed>(sieve{tenant_id{"acme"}, {}, sieve_settings{}}, false, slow);
  int n = 0;
  int calls = 0;

  std::shared_ptr<subscription> join(subscription_limits limits = {}) {
    return f->join(
        limits, [this] { return now; }, [this] { ++calls; });
  }
  void add(int count = 1, outcome how = outcome::ok, std::size_t size = 0) {
    for (int i = 0; i < count; ++i) {
      auto h = test::a_message();
      h.how = how;
      auto text = "r" + std::to_string(n++);
      text.resize(std::max(size, text.size()), '.');
      f->add(h, std::make_shared<std::string const>(std::move(text)), now);
    }
  }
};

json::object read(line const& l) {
  return json::parse(*l.text)->as_object();
}
std::int64_t number(line const& l, char const* name) {
  return read(l).at(name).to_number<std::int64_t>();
}
std::vector<std::string> texts(std::vector<line> const& all) {
  std::vector<std::string> out;
  out.reserve(all.size());
  for (auto const& l : all)
    out.push_back(l.kind == line_kind::record ? *l.text : std::string{to_string(l.kind)});
  return out;
}

} // namespace

TEST_CASE("tap feed: who joins sees what comes from then on, the same bytes as the others",
          "[tap]") {
  stage s;
  auto const early = s.join();
  s.add();
  auto const late = s.join();
  s.add();
  auto const a = early->take(10);
  auto const b = late->take(10);
  CHECK(texts(a) == std::vector<std::string>{"r0", "r1"});
  CHECK(texts(b) == std::vector<std::string>{"r1"});
  CHECK(a[1].text == b[0].text); // one buffer
  CHECK(early->take(10).empty());
  s.add(3);
  CHECK(texts(early->take(2)) == std::vector<std::string>{"r2", "r3"});
  CHECK(texts(early->take(2)) == std::vector<std::string>{"r4"});
}

TEST_CASE("tap feed: a watcher is called once when there is something, and again after it has read",
          "[tap]") {
  stage s;
  auto const w = s.join();
  s.f->call();
  CHECK(s.calls == 0);
  s.add(5);
  s.f->call();
  s.add(5);
  s.f->call();
  CHECK(s.calls == 1);
  CHECK(w->take(4).size() == 4);
  s.add();
  s.f->call();
  CHECK(s.calls == 1); // it knows that there is more
  CHECK(w->take(100).size() == 7);
  s.add();
  s.f->call();
  CHECK(s.calls == 2);
}

TEST_CASE("tap feed: the oldest make room, and a watcher is told how many it missed", "[tap]") {
  stage s;
  auto const w = s.join();
  s.add(static_cast<int>(feed::most_lines) + 300);
  auto const got = w->take(3);
  REQUIRE(got.size() == 3);
  CHECK(got[0].kind == line_kind::gap);
  CHECK(number(got[0], "count") == 300);
  CHECK(read(got[0]).at("why") == "slow");
  CHECK(*got[1].text == "r300");
  CHECK(w->take(5000).size() == feed::most_lines - 2);
  CHECK(w->take(5000).empty());
}

TEST_CASE("tap feed: long lines make room by their bytes", "[tap]") {
  stage s;
  auto const w = s.join();
  s.add(100, outcome::ok, feed::most_bytes / 10);
  auto const got = w->take(1000);
  REQUIRE(got.size() == 11);
  CHECK(number(got[0], "count") == 90);
}

TEST_CASE("tap feed: what is over the rate or found no room is said once a second", "[tap]") {
  stage s;
  auto const w = s.join();
  s.f->miss(7, true);
  s.f->miss(2, false);
  s.add();
  s.f->miss(1, true);
  s.add();
  auto got = w->take(10);
  CHECK(texts(got) == std::vector<std::string>{"gap", "gap", "r0", "r1"});
  CHECK(number(got[0], "count") == 7);
  CHECK(read(got[0]).at("why") == "rate");
  CHECK(number(got[1], "count") == 2);
  CHECK(read(got[1]).at("why") == "room");
  s.now += second;
  CHECK(s.f->tend(s.now));
  got = w->take(10);
  REQUIRE(got.size() == 1);
  CHECK(number(got[0], "count") == 1);
}

TEST_CASE("tap feed: three seconds behind it is counters, and then live again", "[tap]") {
  stage s;
  auto const w = s.join();
  s.add(10);
  s.f->call();
  s.now += 2 * second;
  s.add(5, outcome::conflict);
  s.now += 2 * second;
  auto const got = w->take(100);
  REQUIRE(got.size() == 1);
  CHECK(got[0].kind == line_kind::counters);
  CHECK(number(got[0], "records") == 15);
  CHECK(number(got[0], "errors") == 5);
  CHECK(read(got[0]).at("of").at("send").to_number<int>() == 15);
  s.add();
  CHECK(texts(w->take(100)) == std::vector<std::string>{"r15"});
}

TEST_CASE("tap feed: counters say also what was not kept", "[tap]") {
  stage s;
  auto const w = s.join();
  s.add();
  s.f->call();
  s.add(3000);
  s.now += 3 * second;
  auto const got = w->take(100);
  REQUIRE(got.size() == 1);
  CHECK(number(got[0], "records") == 3001);
}

TEST_CASE("tap feed: a watcher that reads slowly stays live, with gaps", "[tap]") {
  stage s;
  auto const w = s.join();
  int gaps = 0;
  int records = 0;
  std::int64_t told = 0;
  for (int i = 0; i < 100; ++i) { // 20'000 a second come, 1000 a second are read
    s.add(2000);
    s.f->call();
    s.now += 100 * ms;
    for (auto const& l : w->take(100)) {
      REQUIRE(l.kind != line_kind::counters);
      gaps += l.kind == line_kind::gap ? 1 : 0;
      records += l.kind == line_kind::record ? 1 : 0;
      told += l.kind == line_kind::gap ? number(l, "count") : 1;
    }
  }
  CHECK(gaps == 100);
  CHECK(records == 9900);
  CHECK(told == 200'000 - (static_cast<std::int64_t>(feed::most_lines) - 99));
}

TEST_CASE("tap feed: thirty seconds behind it is closed, with the reason", "[tap]") {
  stage s;
  auto const stalled = s.join();
  auto const reader = s.join();
  s.add();
  s.f->call();
  s.now += 29 * second;
  CHECK(s.f->tend(s.now));
  (void)reader->take(10);
  CHECK_FALSE(stalled->over());
  s.now += second;
  CHECK(s.f->tend(s.now)); // one is left
  auto const got = stalled->take(10);
  REQUIRE(got.size() == 1);
  CHECK(got[0].kind == line_kind::closed);
  CHECK(read(got[0]).at("reason") == "slow_reader");
  CHECK(stalled->over());
  CHECK(stalled->take(10).empty());
  s.add();
  CHECK(texts(reader->take(10)) == std::vector<std::string>{"r1"});
}

TEST_CASE("tap feed: what watchers miss because they are slow is counted, once for each", "[tap]") {
  stage s;
  auto const reader = s.join();
  auto const behind = s.join();
  auto const far_behind = s.join();
  auto const stalled = s.join();
  s.add(10);
  s.f->call();
  s.f->miss(5, true); // counted elsewhere, once for the watch
  for (auto const& w : {reader, behind, far_behind})
    CHECK(w->take(3).size() == 3);
  s.now += second;
  s.add(static_cast<int>(feed::most_lines) + 90);
  (void)reader->take(7);
  auto const kept_back = s.slow->missed.load();
  CHECK(kept_back == 10 - 3 + 90); // it had three, and the newest are kept
  (void)behind->take(1);
  CHECK(s.slow->missed == 2 * kept_back);
  s.now += 4 * second;
  REQUIRE(texts(far_behind->take(1)) == std::vector<std::string>{"counters"});
  CHECK(s.slow->missed == 2 * kept_back + 10 - 3 + feed::most_lines + 90);
  CHECK(s.slow->closed == 0);

  auto const before = s.slow->missed.load();
  for (auto const& w : {reader, behind, far_behind})
    while (!w->take(5000).empty()) {
    }
  auto const after = s.slow->missed.load(); // two of them were four seconds behind
  s.now += 26 * second;
  CHECK(s.f->tend(s.now));
  CHECK(s.slow->closed == 1);
  CHECK(s.slow->missed == after + 10 + feed::most_lines + 90); // all that there was
  s.now += second;
  CHECK(s.f->tend(s.now)); // and once only
  CHECK(texts(stalled->take(10)) == std::vector<std::string>{"closed"});
  CHECK(s.slow->closed == 1);
  CHECK(s.slow->missed - before == after - before + 10 + feed::most_lines + 90);
}

TEST_CASE("tap feed: who leaves, or is ended for another reason, was not slow", "[tap]") {
  stage s;
  auto gone = s.join();
  auto const ended = s.join();
  s.add(10);
  s.f->call();
  s.now += 2 * second;
  gone.reset();
  ended->close("token_ended");
  CHECK(texts(ended->take(10)) == std::vector<std::string>{"closed"});
  (void)s.f->tend(s.now);
  CHECK(s.slow->missed == 0);
  CHECK(s.slow->closed == 0);
}

TEST_CASE("tap feed: who is told the past first may be behind until then, and not after", "[tap]") {
  stage s;
  subscription_limits limits;
  limits.patient = true;
  auto const w = s.join(limits);
  s.add(5);
  s.f->call();
  s.now += 60 * second;
  CHECK(s.f->tend(s.now));
  CHECK(texts(w->take(1)) == std::vector<std::string>{"r0"});
  s.now += 60 * second;
  w->hurry(); // the past is told
  CHECK(texts(w->take(1)) == std::vector<std::string>{"r1"});
  s.now += 2 * second;
  CHECK(s.f->tend(s.now));
  CHECK(texts(w->take(1)) == std::vector<std::string>{"r2"});
  s.now += 2 * second;
  CHECK(texts(w->take(10)) == std::vector<std::string>{"counters"});
  s.add();
  s.f->call();
  s.now += 31 * second;
  (void)s.f->tend(s.now);
  CHECK(texts(w->take(10)) == std::vector<std::string>{"closed"});
}

TEST_CASE("tap feed: ends by itself after so many records", "[tap]") {
  stage s;
  subscription_limits limits;
  limits.records = 4;
  auto const w = s.join(limits);
  s.add(3);
  CHECK(w->take(10).size() == 3);
  s.add(3);
  auto const got = w->take(10);
  CHECK(texts(got) == std::vector<std::string>{"r3", "closed"});
  CHECK(read(got[1]).at("reason") == "record_limit");
  CHECK_FALSE(s.f->tend(s.now)); // nobody is left
}

TEST_CASE("tap feed: ends by itself after its time, and wakes its watcher to say so", "[tap]") {
  stage s;
  subscription_limits limits;
  limits.time_ns = 60 * second;
  auto const w = s.join(limits);
  s.now += 59 * second;
  s.add();
  CHECK(w->take(10).size() == 1);
  s.now += 2 * second;
  CHECK_FALSE(s.f->tend(s.now));
  s.f->call();
  CHECK(s.calls == 1);
  s.add(); // too late for this one
  auto const got = w->take(10);
  CHECK(texts(got) == std::vector<std::string>{"closed"});
  CHECK(read(got[0]).at("reason") == "time_limit");
}

TEST_CASE("tap feed: what came before the end is still told", "[tap]") {
  stage s;
  auto const w = s.join();
  s.add(2);
  s.f->close_all("stopped");
  CHECK(s.calls == 1);
  CHECK(texts(w->take(1)) == std::vector<std::string>{"r0"});
  CHECK(texts(w->take(10)) == std::vector<std::string>{"r1", "closed"});
  CHECK(w->over());
}

TEST_CASE("tap feed: a watcher that fails when it is called is closed, the others are called",
          "[tap]") {
  stage s;
  auto const bad = s.f->join(
      {}, [&] { return s.now; }, [] { throw std::runtime_error("no"); });
  auto const good = s.join();
  s.add();
  s.f->call();
  CHECK(s.calls == 1);
  CHECK(texts(bad->take(10)) == std::vector<std::string>{"closed"});
  CHECK(texts(good->take(10)) == std::vector<std::string>{"r0"});
}

TEST_CASE("tap feed: nobody is left once the last handle is gone", "[tap]") {
  stage s;
  auto w = s.join();
  CHECK(s.f->tend(s.now));
  w.reset();
  CHECK_FALSE(s.f->tend(s.now));
  CHECK(s.f->watchers() == 0);
}
