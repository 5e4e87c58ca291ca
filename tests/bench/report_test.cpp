#include "bench/report.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::bench;

TEST_CASE("report: the median is by rate, with the figures of that run", "[bench]") {
  std::vector<measure> runs(3);
  runs[0].rate = 30;
  runs[0].p50_us = 3;
  runs[1].rate = 10;
  runs[1].p50_us = 1;
  runs[2].rate = 20;
  runs[2].p50_us = 2;
  auto const m = median(runs);
  CHECK(m.rate == 20);
  CHECK(m.p50_us == 2);
  CHECK(m.rate_low == 10);
  CHECK(m.rate_high == 30);
}

TEST_CASE("report: what is written as JSON is read again", "[bench]") {
  report r;
  r.on = this_machine("/");
  r.repeats = 3;
  r.failed = {"postgres: not there"};
  measure m;
  m.what = "tickets";
  m.steady = false;
  m.rate = 12.5;
  histogram h;
  h.record(1'500'000);
  add_latencies(m, h);
  r.measures = {m};
  auto const again = json::from<report>(json::parse(json::canonical(json::to(r))).value());
  REQUIRE(again.has_value());
  CHECK(again->on.processors >= 1);
  CHECK(again->on.processor == r.on.processor);
  CHECK(again->failed == r.failed);
  REQUIRE(again->measures.size() == 1);
  CHECK_FALSE(again->measures[0].steady);
  CHECK(again->measures[0].rate == 12.5);
  CHECK(again->measures[0].p999_us == 1500);
  CHECK(again->measures[0].count == 1);
}

TEST_CASE("report: the table has what was measured and says what failed", "[bench]") {
  report r;
  r.failed = {"postgres: not there"};
  measure m;
  m.what = "tickets";
  m.where = "sqlite";
  m.loop = "open";
  m.level = 500;
  m.rate = 480;
  m.refused = 17;
  m.commits_each = 3;
  m.events_per_batch = 8;
  r.measures.push_back(m);
  measure k;
  k.what = "recovery";
  k.where = "sqlite";
  k.level = 100;
  k.ready_ms = 12;
  k.all_moving_ms = 34;
  r.measures.push_back(k);
  auto const text = table(r);
  INFO(text);
  CHECK(text.find("| tickets | sqlite | open | 500/s | 480 |") != std::string::npos);
  CHECK(text.find("| tickets at 500/s | sqlite | 17 | 0 |") != std::string::npos);
  CHECK(text.find("| sqlite | 100 | 12.00 ms |") != std::string::npos);
  CHECK(text.find("- postgres: not there") != std::string::npos);
  CHECK(text.find("memory of a ticket") == std::string::npos);
}
