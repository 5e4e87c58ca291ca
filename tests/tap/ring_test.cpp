#include "actors/tap/rings.hpp"
#include "actors/tap/tap.hpp"
#include "records.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <thread>

using namespace troupe;
using namespace troupe::traffic;

namespace {

/// A record of which every part says the same number.
header stamped(std::uint64_t n) {
  header h{category::dispatch, direction::in};
  h.at_ns = static_cast<std::int64_t>(n);
  h.message = h.conversation = h.seq = n;
  h.set(field::kind, std::to_string(n) + "-" + std::to_string(n * 7919));
  return h;
}
bool is_whole(header const& h) {
  auto const n = h.message;
  return h.at_ns == static_cast<std::int64_t>(n) && h.conversation == n && h.seq == n &&
         h.get(field::kind) == std::to_string(n) + "-" + std::to_string(n * 7919);
}

} // namespace

TEST_CASE("tap ring: a full one drops and counts, and goes on where it left", "[tap]") {
  ring r{3, 4};
  for (std::uint64_t i = 0; i < 6; ++i) {
    auto h = stamped(i);
    CHECK(r.push(h) == (i < 4));
  }
  CHECK(r.produced() == 6);
  CHECK(r.dropped() == 2);
  std::vector<std::uint64_t> numbers;
  CHECK(r.drain([&](header const& h) { numbers.push_back(h.number); }, 3) == 3);
  auto h = stamped(9);
  CHECK(r.push(h));
  CHECK(r.drain([&](header const& x) { numbers.push_back(x.number); }, 100) == 2);
  CHECK(numbers == std::vector<std::uint64_t>{0, 1, 2, 3, 6});
  CHECK(r.empty());
}

TEST_CASE("tap ring: contents that are dropped or left over are freed", "[tap]") {
  auto const before = preview::alive.load();
  {
    ring r{0, 2};
    for (int i = 0; i < 5; ++i) {
      auto h = stamped(1);
      h.content = new preview;
      (void)r.push(h);
    }
    CHECK(preview::alive.load() == before + 2);
  }
  CHECK(preview::alive.load() == before);
}

TEST_CASE("tap ring: under load no record is torn, and each is delivered or counted", "[tap]") {
  ring r{0, 256};
  constexpr std::uint64_t n = 300'000;
  std::thread producer{[&] {
    for (std::uint64_t i = 0; i < n; ++i) {
      auto h = stamped(i);
      (void)r.push(h);
    }
    r.close();
  }};
  std::uint64_t delivered = 0;
  std::uint64_t torn = 0;
  std::uint64_t disorder = 0;
  std::uint64_t next = 0;
  for (bool last = false;;) {
    last = r.closed();
    auto const got = r.drain(
        [&](header const& h) {
          ++delivered;
          torn += is_whole(h) && h.number == h.message ? 0 : 1;
          disorder += h.number < next ? 1 : 0;
          next = h.number + 1;
        },
        64);
    if (got == 0 && last)
      break;
  }
  producer.join();
  CHECK(torn == 0);
  CHECK(disorder == 0);
  CHECK(r.produced() == n);
  CHECK(delivered + r.dropped() == n);
  CHECK(delivered > 0);
}

TEST_CASE("tap drops: each is counted for its tenant, while one adds and one takes", "[tap]") {
  drop_counts counts;
  constexpr std::size_t tenants = 5;
  constexpr std::uint64_t n = 400'000;
  auto const tag = [](std::size_t i) { return mark_of("tenant" + std::to_string(i)); };
  std::atomic<bool> ended{false};
  std::thread producer{[&] {
    for (std::uint64_t i = 0; i < n; ++i)
      counts.add(tag(i % tenants));
    ended = true;
  }};
  std::map<tenant_mark, std::uint64_t> got;
  auto const take = [&] { counts.take([&](tenant_mark of, std::uint64_t c) { got[of] += c; }); };
  while (!ended)
    take();
  producer.join();
  take();
  REQUIRE(got.size() == tenants);
  for (std::size_t i = 0; i < tenants; ++i)
    CHECK(got[tag(i)] == n / tenants);
  got.clear();
  take();
  CHECK(got.empty());
}

TEST_CASE("tap drops: what has no place, or more than a word, is never counted for another one",
          "[tap]") {
  drop_counts counts;
  std::map<tenant_mark, std::uint64_t> got;
  auto const take = [&] { counts.take([&](tenant_mark of, std::uint64_t c) { got[of] += c; }); };
  for (int round = 0; round < 2; ++round) {
    for (std::size_t i = 0; i < drop_counts::places + 20; ++i)
      counts.add(mark_of("tenant" + std::to_string(i)));
    take();
    CHECK(got.size() == drop_counts::places);
  }
  for (auto const& [of, count] : got)
    CHECK(count == 2);
  got.clear();
  constexpr auto many = most_in_a_word + 1000;
  for (std::uint64_t i = 0; i < many; ++i)
    counts.add(mark_of("acme"));
  take();
  REQUIRE(got.size() == 1);
  CHECK(got[mark_of("acme")] == many);
}

TEST_CASE("tap rings: what many threads record arrives or is counted, also when they end",
          "[tap]") {
  auto& all = rings::of_process();
  REQUIRE(all.claim());
  CHECK_FALSE(all.claim());
  all.want(every_category, nullptr);
  auto const before = all.size();
  constexpr std::uint64_t threads = 6;
  constexpr std::uint64_t each = 30'000;
  std::atomic<std::uint64_t> ended{0};
  std::vector<std::thread> producers;
  for (std::uint64_t t = 0; t < threads; ++t)
    producers.emplace_back([&, t] {
      for (std::uint64_t i = 0; i < each; ++i) {
        auto h = stamped(t * each + i + 1);
        if (wants(category::dispatch))
          record(h);
      }
      ++ended;
    });
  std::vector<header> got;
  std::uint64_t dropped = 0;
  std::uint64_t torn = 0;
  std::uint64_t delivered = 0;
  std::map<std::uint16_t, std::uint64_t> last_of;
  std::uint64_t disorder = 0;
  auto const round = [&] {
    got.clear();
    dropped += all.drain(got, 512).dropped;
    for (auto const& h : got) {
      torn += is_whole(h) ? 0 : 1;
      auto& last = last_of[h.thread];
      disorder += last != 0 && h.number < last ? 1 : 0;
      last = h.number + 1;
    }
    delivered += got.size();
    return got.size();
  };
  while (ended < threads)
    (void)round();
  for (auto& p : producers)
    p.join();
  while (round() > 0) {
  }
  CHECK(torn == 0);
  CHECK(disorder == 0);
  CHECK(delivered + dropped == threads * each);
  CHECK(all.size() == before); // of threads that have ended nothing is kept
  all.release();
  CHECK_FALSE(wants(category::dispatch));
  REQUIRE(all.claim());
  all.release();
}

TEST_CASE("tap rings: what was recorded while nobody read is not shown to who reads later",
          "[tap]") {
  auto& all = rings::of_process();
  auto h = stamped(1);
  record(h);
  REQUIRE(all.claim());
  std::vector<header> got;
  CHECK(all.drain(got, 100).dropped == 0);
  CHECK(got.empty());
  record(h);
  CHECK(all.drain(got, 100).dropped == 0);
  CHECK(got.size() == 1);
  all.release();
}

TEST_CASE("tap record: content is made only for a watch that may see it and wants the record",
          "[tap]") {
  auto& all = rings::of_process();
  REQUIRE(all.claim());
  int made = 0;
  auto const say = [&](header const& like) {
    auto h = like;
    record(h, [&] {
      ++made;
      return std::string(10'000, 'x');
    });
  };
  all.want(every_category, nullptr);
  say(test::a_message());
  CHECK(made == 0);
  auto wishes = std::make_shared<std::vector<content_wish>>();
  wishes->push_back({tenant_id{"acme"}, filter::parse("kind=question").value()});
  all.want(every_category, wishes);
  say(test::a_message("acme", "note"));
  say(test::a_message("other", "question"));
  CHECK(made == 0);
  say(test::a_message());
  CHECK(made == 1);
  auto failing = test::a_message();
  record(failing, []() -> std::string { throw std::runtime_error("no"); });
  std::vector<header> got;
  CHECK(all.drain(got, 100).dropped == 0);
  REQUIRE(got.size() == 5);
  CHECK(got[2].content == nullptr);
  REQUIRE(got[3].content != nullptr);
  CHECK(got[3].content->cut);
  CHECK(got[3].content->text.size() == 4096);
  CHECK(got[4].content == nullptr);
  for (auto& h : got)
    drop_content(h);
  all.release();
}
