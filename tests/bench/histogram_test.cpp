#include "bench/histogram.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <random>

using troupe::bench::histogram;

TEST_CASE("histogram: nothing recorded is 0 everywhere", "[bench]") {
  histogram const h;
  CHECK(h.count() == 0);
  CHECK(h.min() == 0);
  CHECK(h.max() == 0);
  CHECK(h.at(0.5) == 0);
  CHECK(h.mean() == 0);
}

TEST_CASE("histogram: small values are exact", "[bench]") {
  histogram h;
  for (std::uint64_t v = 1; v <= 1000; ++v)
    h.record(v);
  CHECK(h.count() == 1000);
  CHECK(h.min() == 1);
  CHECK(h.max() == 1000);
  CHECK(h.at(0) == 1);
  CHECK(h.at(0.5) == 500);
  CHECK(h.at(0.9) == 900);
  CHECK(h.at(0.99) == 990);
  CHECK(h.at(0.999) == 999);
  CHECK(h.at(1) == 1000);
  CHECK(h.mean() == Approx(500.5));
}

TEST_CASE("histogram: a percentile of few values is one of them, rounded up", "[bench]") {
  histogram h;
  for (std::uint64_t const v : {10, 20, 30})
    h.record(v);
  CHECK(h.at(0.01) == 10);
  CHECK(h.at(0.34) == 20);
  CHECK(h.at(0.5) == 20);
  CHECK(h.at(0.99) == 30);
}

TEST_CASE("histogram: every size keeps three digits, as the sorted values say", "[bench]") {
  std::mt19937_64 random{7};
  std::uniform_real_distribution<double> exponent{0, 12.5};
  histogram h;
  std::vector<std::uint64_t> all;
  for (int i = 0; i < 20'000; ++i) {
    all.push_back(static_cast<std::uint64_t>(std::pow(10, exponent(random))));
    h.record(all.back());
  }
  std::sort(all.begin(), all.end());
  for (double const q : {0.001, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 0.9999, 1.0}) {
    auto const rank = static_cast<std::size_t>(std::ceil(q * static_cast<double>(all.size())));
    auto const exact = static_cast<double>(all[rank - 1]);
    auto const got = static_cast<double>(h.at(q));
    INFO("q " << q);
    CHECK(got >= exact);
    CHECK(got <= exact * 1.001);
  }
}

TEST_CASE("histogram: the bounds of its buckets are not lost", "[bench]") {
  for (std::uint64_t power = 1; power < histogram::highest; power *= 2) {
    for (std::uint64_t const v : {power - 1, power, power + 1}) {
      histogram h;
      h.record(v);
      INFO(v);
      CHECK(h.at(0.5) == v); // a single value is its own maximum
      h.record(2 * v + 2);   // not any more
      CHECK(h.at(0.5) >= v);
      CHECK(h.at(0.5) <= v + v / 1000);
    }
  }
}

TEST_CASE("histogram: what is longer than it can count is counted as the longest", "[bench]") {
  histogram h;
  h.record(histogram::highest + 1);
  h.record(~std::uint64_t{0});
  CHECK(h.count() == 2);
  CHECK(h.max() == histogram::highest);
  CHECK(h.at(0.5) == histogram::highest);
}

TEST_CASE("histogram: two add up to what one would have counted", "[bench]") {
  histogram a, b, both;
  for (std::uint64_t v = 1; v < 5'000'000; v = v * 3 / 2 + 1) {
    (v % 2 == 0 ? a : b).record(v, v % 5);
    both.record(v, v % 5);
  }
  a.add(b);
  CHECK(a.count() == both.count());
  CHECK(a.min() == both.min());
  CHECK(a.max() == both.max());
  for (double q = 0; q <= 1; q += 0.01)
    CHECK(a.at(q) == both.at(q));
  histogram const empty;
  a.add(empty);
  CHECK(a.min() == both.min());
}

TEST_CASE("histogram: a stall is corrected for what was not asked during it", "[bench]") {
  // 100 s at a request every 10 ms that take 1 ms each, then the system stands still for 100 s: a
  // closed loop sees one long request where 10,000 should have been (the example of HdrHistogram).
  histogram seen, corrected;
  for (auto* h : {&seen, &corrected}) {
    for (int i = 0; i < 10'000; ++i)
      h->record(1);
  }
  seen.record_with_gaps(100'000, 0);
  corrected.record_with_gaps(100'000, 10);
  CHECK(seen.count() == 10'001);
  CHECK(seen.at(0.99) == 1); // as if nothing had been
  CHECK(corrected.count() == 20'000);
  CHECK(corrected.at(0.5) == 1);
  CHECK(corrected.at(0.75) == Approx(50'000).epsilon(0.002));
  CHECK(corrected.at(0.99) == Approx(98'000).epsilon(0.002));
  CHECK(corrected.max() == 100'000);
}
