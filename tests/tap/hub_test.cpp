#include "actors/tap/hub.hpp"
#include "actors/tap/rings.hpp"
#include "actors/tap/tap.hpp"
#include "protocol/json.hpp"
#include "records.hpp"
#include "tests/support/eventually.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::traffic;
using troupe::test::a_message;
using troupe::test::canary;
using troupe::test::eventually;

namespace {

constexpr std::int64_t second = 1'000'000'000;

/// A hub that the test drives, under a clock that it moves.
struct stage {
  std::int64_t now = 100 * second;
  hub h{settings(*this)};

  static hub_settings settings(stage& s) {
    hub_settings out;
    out.thread = false;
    out.hold = std::chrono::nanoseconds{-second}; // nothing is too young
    out.now = [&s] { return s.now; };
    return out;
  }
  std::shared_ptr<subscription> watch(std::string_view text = "", std::string tenant = "acme") {
    return h.watch(request(text, std::move(tenant)), {}).value();
  }
  static watch_request request(std::string_view text = "", std::string tenant = "acme") {
    watch_request w;
    w.tenant = tenant_id{std::move(tenant)};
    w.of = filter::parse(text).value();
    return w;
  }
  /// Watches with the filters that `text` gives for 0, 1, … until there is no place for the tenant:
  /// so many there were. They stay as long as `kept`.
  template <class F>
  std::size_t fill(std::string const& tenant, F const& text,
                   std::vector<std::shared_ptr<subscription>>& kept) {
    for (std::size_t n = 0;; ++n) {
      auto w = h.watch(request(text(n), tenant), {});
      if (!w) {
        CHECK(w.error().code == errc::busy);
        return n;
      }
      kept.push_back(std::move(*w));
    }
  }
  std::vector<std::string> told(std::shared_ptr<subscription> const& w) {
    h.step();
    std::vector<std::string> out;
    for (auto const& l : w->take(10'000))
      out.push_back(*l.text);
    return out;
  }
};

void say(std::string_view kind, std::string_view tenant = "acme", std::string content = "text") {
  if (!wants(category::send))
    return;
  auto h = a_message(tenant, kind);
  record(h, [&] { return content; });
}

/// As a choke point does it; what became of it.
room pass(outcome how = outcome::ok, std::uint32_t latency_us = no_latency,
          std::string const& tenant = "acme") {
  auto const place = room_for(category::send, tenant_id{tenant}, how, latency_us);
  if (place == room::none)
    return place;
  auto h = a_message(tenant);
  h.how = how;
  h.latency_us = latency_us;
  h.notable = place == room::notable;
  record(h);
  return place;
}

json::object read(std::string const& text) {
  return json::parse(text)->as_object();
}

} // namespace

TEST_CASE("tap hub: nothing is recorded before somebody watches, and after the last has left",
          "[tap]") {
  stage s;
  CHECK_FALSE(wants(category::send));
  auto w = s.watch();
  CHECK(wants(category::send));
  auto other = s.watch("point=effect");
  w.reset();
  s.h.step();
  CHECK_FALSE(wants(category::send));
  CHECK(wants(category::effect));
  other.reset();
  s.h.step();
  CHECK_FALSE(wants(category::effect));
  CHECK(s.h.watches() == 0);
}

TEST_CASE("tap hub: a watch sees what its filter lets pass, of its tenant", "[tap]") {
  stage s;
  auto const all = s.watch();
  auto const some = s.watch("kind=question");
  auto const theirs = s.watch("", "other");
  say("question");
  say("note");
  say("question", "other");
  auto const seen = s.told(all);
  REQUIRE(seen.size() == 2);
  CHECK(read(seen[0]).at("kind") == "question");
  CHECK(read(seen[1]).at("kind") == "note");
  CHECK(s.told(some) == std::vector<std::string>{seen[0]});
  CHECK(s.told(theirs).size() == 1);
}

TEST_CASE("tap hub: the same watch for many is one, and a line is written once", "[tap]") {
  stage s;
  auto const a = s.watch("kind=note");
  auto const b = s.watch("kind=note");
  auto const c = s.watch();
  CHECK(s.h.watches() == 2);
  say("note");
  s.h.step();
  auto const of_a = a->take(10);
  auto const of_b = b->take(10);
  auto const of_c = c->take(10);
  REQUIRE(of_a.size() == 1);
  CHECK(of_a[0].text == of_b.at(0).text);
  CHECK(of_a[0].text == of_c.at(0).text);
}

TEST_CASE("tap hub: records of several threads come in the order of their times", "[tap]") {
  stage s;
  auto request = stage::request();
  request.rate = 10'000;
  auto const w = s.h.watch(request, {}).value();
  std::atomic<std::int64_t> clock{1};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) {
        auto h = a_message();
        h.at_ns = clock++ * 1000;
        record(h);
      }
    });
  for (auto& t : threads)
    t.join();
  auto const seen = s.told(w);
  REQUIRE(seen.size() == 1024 + 1); // the newest, and the gap before them
  CHECK(read(seen[0]).at("count").to_number<int>() == 2000 - 1024);
  for (std::size_t i = 1; i < seen.size(); ++i)
    CHECK(read(seen[i]).at("at_us").to_number<std::size_t>() == 2000 - 1024 + i);
}

TEST_CASE("tap hub: refuses too many watches, too many watchers and what makes no sense", "[tap]") {
  stage s;
  std::vector<std::shared_ptr<subscription>> all;
  for (int i = 0; i < 16; ++i)
    all.push_back(s.watch("brief=b" + std::to_string(i)));
  auto const one_more = s.h.watch(stage::request("brief=b16"), {});
  REQUIRE(one_more.has_error());
  CHECK(one_more.error().code == errc::busy);
  all.push_back(s.watch("brief=b3")); // there is this one
  all.erase(all.begin(), all.begin() + 1);
  s.h.step();
  CHECK(s.h.watch(stage::request("brief=b16"), {}).has_value());

  auto wrong = stage::request();
  wrong.tenant = {};
  CHECK(s.h.watch(wrong, {}).error().code == errc::invalid_argument);
  for (double const sample : {0.0, -1.0, 1.5, std::numeric_limits<double>::quiet_NaN()}) {
    wrong = stage::request();
    wrong.sample = sample;
    CHECK(s.h.watch(wrong, {}).error().details.at("field") == "sample");
  }
  for (std::uint32_t const rate : {0u, 10'001u}) {
    wrong = stage::request();
    wrong.rate = rate;
    CHECK(s.h.watch(wrong, {}).error().details.at("field") == "rate");
  }
}

TEST_CASE("tap hub: watchers are bounded, and each tenant leaves as many places as it has",
          "[tap]") {
  stage s;
  std::vector<std::shared_ptr<subscription>> all;
  auto const taken_by = [&](std::string const& tenant) {
    return s.fill(
        tenant, [](std::size_t) { return std::string{}; }, all);
  };
  CHECK(taken_by("acme") == 2000);
  CHECK(s.h.watches() == 1);
  CHECK(taken_by("second") == 1000);
  CHECK(taken_by("third") == 500);
  CHECK(taken_by("acme") == 0);
  for (int i = 4; i < 12; ++i)
    CHECK(taken_by("t" + std::to_string(i)) > 0);
  CHECK(all.size() <= 4000);
  all.erase(all.begin(), all.begin() + 2000); // those of the first
  s.h.step();
  CHECK(taken_by("new") > 900);
}

TEST_CASE("tap hub: a tenant with as many different watches as it may have leaves others theirs",
          "[tap]") {
  stage s;
  std::vector<std::shared_ptr<subscription>> all;
  auto const taken_by = [&](std::string const& tenant) {
    return s.fill(
        tenant, [](std::size_t n) { return "brief=b" + std::to_string(n); }, all);
  };
  std::vector<std::size_t> of_each;
  of_each.reserve(8);
  for (int i = 0; i < 8; ++i)
    of_each.push_back(taken_by("t" + std::to_string(i)));
  CHECK(of_each == std::vector<std::size_t>{16, 16, 16, 8, 4, 2, 1, 1});
  CHECK(s.h.watches() == 64);
  CHECK(taken_by("late") == 0);             // what is written for watches is bounded in all
  all.push_back(s.watch("brief=b3", "t0")); // this one there is: it takes no place
  CHECK(s.h.watches() == 64);
}

TEST_CASE("tap hub: over the rate it says how many there were", "[tap]") {
  stage s;
  auto const w = s.watch();
  for (int i = 0; i < 500; ++i)
    say("note");
  auto seen = s.told(w);
  CHECK(seen.size() == 180); // nine tenths of 200
  s.now += 2 * second;
  auto const rest = s.told(w);
  std::int64_t missed = 0;
  for (auto const& all : {seen, rest})
    for (auto const& l : all)
      if (auto const o = read(l); o.at("type") == "gap")
        missed += o.at("count").to_number<std::int64_t>();
  CHECK(missed == 320);
  auto const now = s.h.counts();
  CHECK(now.watches == 1);
  CHECK(now.watchers == 1);
  CHECK(now.records == 180);
  CHECK(now.over_rate == 320);
  CHECK(now.no_room == 0);
  CHECK_FALSE(now.failed);
}

TEST_CASE("tap hub: what threads dropped is said to the watches of whom it was, and to no other",
          "[tap]") {
  stage s;
  auto const some = s.watch("kind=note");
  auto const all = s.watch("kind=bug");
  auto const theirs = s.watch("kind=note", "other");
  auto const quiet = s.watch("kind=note", "quiet");
  auto const in_a_thread = [](std::size_t mine, std::size_t others, std::size_t unwatched) {
    std::thread{[=] {
      for (std::size_t i = 0; i < ring::default_capacity; ++i)
        say("other", "unwatched");
      for (std::size_t i = 0; i < std::max({mine, others, unwatched}); ++i) {
        if (i < mine)
          say("question");
        if (i < others)
          say("question", "other");
        if (i < unwatched)
          say("question", "unwatched");
      }
    }}.join();
  };
  in_a_thread(77, 5000, 300);
  in_a_thread(23, 0, 0);
  s.h.step(); // said with the next round
  auto const gap_of = [&](std::shared_ptr<subscription> const& w) {
    auto const seen = s.told(w);
    if (seen.empty())
      return 0;
    CHECK(seen.size() == 1);
    CHECK(read(seen[0]).at("why") == "room");
    return read(seen[0]).at("count").to_number<int>();
  };
  CHECK(gap_of(some) == 100);
  CHECK(gap_of(all) == 100);
  CHECK(gap_of(theirs) == 5000);
  CHECK(gap_of(quiet) == 0);
  CHECK(s.h.counts().no_room == 5400); // of the whole server: for whoever runs it
}

TEST_CASE("tap hub: what was dropped before somebody watches is not told to them", "[tap]") {
  stage s;
  auto first = s.watch("kind=note", "other");
  auto const drop = [] {
    std::thread{[] {
      for (std::size_t i = 0; i < ring::default_capacity + 10; ++i)
        say("question");
    }}.join();
  };
  drop();
  first.reset();
  s.h.step();
  drop(); // nobody watches
  auto const w = s.watch("kind=note");
  (void)s.told(w);
  s.now += 2 * second;
  CHECK(s.told(w).empty());
}

TEST_CASE("tap hub: what watchers missed because they were slow is counted", "[tap]") {
  stage s;
  auto request = stage::request();
  request.rate = 10'000;
  auto const reader = s.h.watch(request, {}).value();
  auto stalled = s.h.watch(request, {}).value();
  CHECK(s.h.counts().slow_missed == 0);
  for (int i = 0; i < 1500; ++i)
    say("note");
  CHECK(s.told(reader).size() == 1024 + 1);
  CHECK(s.h.counts().slow_missed == 1500 - 1024);
  s.now += 31 * second;
  s.h.step();
  CHECK(s.h.counts().slow_closed == 1);
  CHECK(s.h.counts().slow_missed == 1500 - 1024 + 1500);
  stalled.reset();
  s.h.step();
  CHECK(s.h.counts().slow_closed == 1); // also once it has gone
  CHECK(s.h.counts().watchers == 1);
}

TEST_CASE("tap hub: contents are for watches that may see them, and leave without secrets",
          "[tap]") {
  auto const alive = preview::alive.load();
  {
    stage s;
    auto const plain = s.watch();
    auto request = stage::request();
    request.contents = true;
    auto const whole = s.h.watch(request, {}).value();
    say("note", "acme", "the key is " + canary + ", keep it");
    say("note", "other", "theirs " + canary);
    auto const without = s.told(plain);
    auto const with = s.told(whole);
    REQUIRE(without.size() == 1);
    REQUIRE(with.size() == 1);
    CHECK_FALSE(read(without[0]).contains("content"));
    auto const content = std::string{read(with[0]).at("content").as_string()};
    CHECK(content.starts_with("the key is [redacted:"));
    CHECK(content.ends_with("keep it"));
    CHECK(with[0].find(canary.substr(0, 12)) == std::string::npos);
  }
  CHECK(preview::alive.load() == alive);
}

TEST_CASE("tap hub: two in one process do not read each other's records", "[tap]") {
  stage a;
  stage b;
  auto w = a.watch();
  auto const refused = b.h.watch(stage::request(), {});
  REQUIRE(refused.has_error());
  CHECK(refused.error().code == errc::unavailable);
  CHECK(b.h.watches() == 0);
  w.reset();
  a.h.step();
  CHECK(b.h.watch(stage::request(), {}).has_value());
}

TEST_CASE("tap hub: its thread sleeps while nobody watches, and calls when there is something",
          "[tap]") {
  hub h;
  CHECK(h.rounds() == 0);
  std::atomic<int> calls{0};
  auto w = h.watch(stage::request("kind=note"), [&] { ++calls; }).value();
  say("note");
  REQUIRE(eventually([&] { return calls == 1; }));
  auto const got = w->take(10);
  REQUIRE(got.size() == 1);
  CHECK(got[0].kind == line_kind::record);
  w.reset();
  REQUIRE(eventually([&] { return h.watches() == 0; }));
  CHECK_FALSE(wants(category::send));
  auto const rounds = h.rounds();
  say("note");
  CHECK(h.rounds() == rounds);
}

TEST_CASE("tap hub: when it ends its watchers are told, and who records does not notice", "[tap]") {
  std::atomic<bool> go{true};
  std::atomic<std::uint64_t> said{0};
  std::vector<std::thread> busy;
  for (int t = 0; t < 3; ++t)
    busy.emplace_back([&] {
      while (go) {
        say("note");
        ++said;
      }
    });
  for (int round = 0; round < 5; ++round) {
    auto h = std::make_unique<hub>();
    auto const w = h->watch(stage::request(), {}).value();
    std::size_t seen = 0;
    REQUIRE(eventually([&] {
      seen += w->take(100).size();
      return seen > 50;
    }));
    h.reset();
    CHECK_FALSE(wants(category::send));
    auto const before = said.load();
    REQUIRE(eventually([&] { return said > before + 1000; }));
    std::string last;
    for (auto lines = w->take(100); !lines.empty(); lines = w->take(100))
      last = *lines.back().text;
    CHECK(read(last).at("reason") == "stopped");
    CHECK(w->over());
  }
  go = false;
  for (auto& t : busy)
    t.join();
}

TEST_CASE("tap hub: an end by time is told although nothing happens", "[tap]") {
  stage s;
  auto request = stage::request();
  request.limits.time_ns = 10 * second;
  int calls = 0;
  auto const w = s.h.watch(request, [&] { ++calls; }).value();
  s.now += 11 * second;
  auto const seen = s.told(w);
  REQUIRE(seen.size() == 1);
  CHECK(read(seen[0]).at("reason") == "time_limit");
  CHECK(calls == 1);
  CHECK(s.h.watches() == 0);
  CHECK_FALSE(wants(category::send));
}

TEST_CASE("tap hub: where all rates are used up, choke points count instead of recording",
          "[tap]") {
  stage s;
  auto request = stage::request();
  request.rate = 100;
  auto const w = s.h.watch(request, {}).value();
  CHECK(pass() == room::usual); // nothing is limited before the first round
  CHECK(s.told(w).size() == 1);
  int taken = 1;
  while (pass() == room::usual)
    ++taken;
  CHECK(taken == 90); // a tenth is for errors
  for (int i = 0; i < 400; ++i)
    CHECK(pass() == room::none);
  CHECK(pass(outcome::conflict) == room::notable);
  auto const seen = s.told(w);
  REQUIRE(seen.size() == 1 + 89 + 1);
  CHECK(read(seen.front()).at("why") == "rate");
  CHECK(read(seen.front()).at("count").to_number<int>() == 401);
  CHECK(read(seen.back()).at("outcome") == "conflict");

  // Not for each single one that the rate allows again.
  s.now += second / 50;
  (void)s.told(w);
  CHECK(pass() == room::usual); // one a round
  CHECK(pass() == room::none);
  s.now += second;
  auto const later = s.told(w);
  REQUIRE(later.size() == 2);
  CHECK(read(later[0]).at("why") == "rate");
  CHECK(read(later[0]).at("count").to_number<int>() == 1);
  CHECK(read(later[1]).at("type") == "record");
  CHECK(s.h.counts().over_rate == 402);
  CHECK(pass() == room::usual);
}

TEST_CASE("tap hub: outliers are told while the rates are used up, and stay outliers", "[tap]") {
  stage s;
  auto request = stage::request();
  request.rate = 1000;
  auto const w = s.h.watch(request, {}).value();
  for (int i = 0; i < 300; ++i)
    CHECK(pass(outcome::ok, 100) == room::usual);
  (void)s.told(w);
  while (pass(outcome::ok, 100) == room::usual) {
  }
  (void)s.told(w);
  CHECK(pass(outcome::ok, 100) == room::usual); // one a round
  for (int i = 0; i < 50; ++i)
    CHECK(pass(outcome::ok, 9000) == room::notable);
  CHECK(pass(outcome::ok, 100) == room::none);
  CHECK(pass(outcome::conflict, 100) == room::notable);
  CHECK(pass(outcome::conflict, 9000) == room::notable);
  auto const seen = s.told(w);
  REQUIRE(seen.size() == 52);
  for (std::size_t i = 0; i < seen.size(); ++i)
    CHECK(read(seen[i]).contains("outlier") == (i != 50));

  // What is usual now is learned from one record in a round, and is no outlier for ever.
  int rounds = 0;
  for (bool slow = true; slow && rounds < 1000; ++rounds) {
    CHECK(pass(outcome::ok, 9000) == room::usual);
    slow = pass(outcome::ok, 9000) == room::notable;
    (void)s.told(w);
  }
  CHECK(rounds < 1000);
}

TEST_CASE("tap hub: nothing is held back from a watch that has room, whoever else has none",
          "[tap]") {
  stage s;
  auto request = stage::request();
  request.rate = 10;
  auto narrow = s.h.watch(request, {}).value();
  s.h.step();
  while (pass() == room::usual) {
  }
  CHECK(pass(outcome::ok, no_latency, "other") == room::none); // nobody watches that one
  (void)s.told(narrow);
  CHECK(pass() == room::usual); // one a round
  CHECK(pass() == room::none);  // counted, and told to nobody who comes after it
  SECTION("another one of everything with a higher rate") {
    auto const wide = s.watch();
    CHECK(pass() == room::usual);
    s.h.step();
    for (int i = 0; i < 100; ++i)
      CHECK(pass() == room::usual);
    CHECK(s.told(wide).size() == 1 + 101); // the one from before, which nobody had taken yet
  }
  SECTION("one with a filter, which perhaps wants the next one") {
    auto const some = s.watch("outcome=ok");
    for (int i = 0; i < 100; ++i) {
      CHECK(pass() == room::usual);
      s.h.step();
    }
    CHECK(s.told(some).size() == 1 + 100);
  }
  SECTION("one of another tenant") {
    auto const theirs = s.watch("", "other");
    for (int i = 0; i < 100; ++i) {
      CHECK(pass(outcome::ok, no_latency, "other") == room::usual);
      s.h.step();
    }
    CHECK(s.told(theirs).size() == 100);
  }
  SECTION("it has left, and others come") {
    narrow.reset();
    s.h.step();
    CHECK_FALSE(wants(category::send));
    auto const next = s.watch();
    CHECK(pass() == room::usual);
  }
}

TEST_CASE("tap hub: what is told and what is counted is all that there was", "[tap]") {
  stage s;
  auto request = stage::request();
  request.rate = 1000;
  request.limits.records = 1'000'000;
  request.limits.time_ns = 1000 * second;
  auto const w = s.h.watch(request, {}).value();
  constexpr int threads = 4;
  constexpr int each = 20'000;
  std::atomic<int> ended{0};
  std::vector<std::thread> producers;
  for (int t = 0; t < threads; ++t)
    producers.emplace_back([&] {
      for (int i = 0; i < each; ++i)
        (void)pass(i % 100 == 0 ? outcome::busy : outcome::ok);
      ++ended;
    });
  std::uint64_t told = 0;
  std::uint64_t missed = 0;
  auto const round = [&] {
    s.now += second / 500;
    for (auto const& text : s.told(w)) {
      auto const l = read(text);
      if (l.at("type") == "record")
        ++told;
      else
        missed += l.at("count").to_number<std::uint64_t>();
    }
  };
  while (ended < threads)
    round();
  for (auto& p : producers)
    p.join();
  for (int i = 0; i < 3; ++i) {
    round();
    s.now += second; // counts are told once a second
  }
  CHECK(told + missed == threads * each);
  CHECK(told >= 1000); // a second's worth, however quick the threads were
}
