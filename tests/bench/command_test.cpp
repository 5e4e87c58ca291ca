#include "bench/report.hpp"
#include "tests/cli/program.hpp"
#include "tests/support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace troupe;
using test::run_troupe;
using test::temporary_folder;

namespace {

bool contains(std::string const& text, std::string const& part) {
  return text.find(part) != std::string::npos;
}

bench::report report_of(std::string const& out) {
  CHECK(std::count(out.begin(), out.end(), '\n') == 1); // one document, one line
  auto v = json::parse(out);
  REQUIRE(v.has_value());
  auto r = json::from<bench::report>(*v); // strict: no member that the schema has not
  if (!r)
    FAIL(r.error().message);
  return *r;
}

} // namespace

TEST_CASE("troupe bench: --quick --json is one report with everything in it", "[bench]") {
  temporary_folder home;
  auto const plot = home.path() / "plot.svg";
  auto const out = home.path() / "out.json";
  auto const ran = run_troupe({"bench", "--quick", "--json", "--plot", plot.string(), "--out",
                               out.string(), "--folder", home.path().string(), "--commit", "abc"},
                              home.path(), {}, {}, {}, std::chrono::seconds{200});
  INFO(ran.err);
  REQUIRE(ran.exit_code == 0);
  CHECK(contains(ran.err, "bench: tickets sqlite")); // progress
  auto const r = report_of(ran.out);
  CHECK(r.failed.empty());
  CHECK(r.on.commit == "abc");
  CHECK(r.on.processors >= 1);
  CHECK_FALSE(r.on.sqlite.empty());
  CHECK(r.on.postgres.empty());
  std::map<std::string, int> whats;
  for (auto const& m : r.measures) {
    INFO(m.what << ' ' << m.where << ' ' << m.level);
    ++whats[m.what];
    if (m.rate > 0) {
      CHECK(m.loop == (contains(m.where, "arrive") ? "open" : "closed"));
      CHECK(m.count > 0);
      CHECK(m.p50_us > 0);
      CHECK(m.p50_us <= m.p90_us);
      CHECK(m.p90_us <= m.p99_us);
      CHECK(m.p99_us <= m.p999_us);
      CHECK(m.p999_us <= m.max_us * 1.001);
    }
    if (m.what == "tickets") {
      CHECK((m.level == 1 || m.level == 100));
      CHECK(m.events_each > 5);
      CHECK(m.commits_each > 0.05);
      CHECK(m.fsyncs_each > 0.05);
      CHECK(m.log_bytes_each > 1000);
      CHECK(m.cpu_us_each > 10);
    }
    if (m.what == "memory") {
      CHECK(m.bytes > 100);
      CHECK(m.bytes < 1'000'000);
    }
    if (m.what == "recovery") {
      CHECK(m.level == 100);
      CHECK(m.ready_ms > 0);
      CHECK(m.first_ms > 0);
      CHECK(m.first_ms <= m.all_moving_ms);
      CHECK(m.all_moving_ms <= m.all_done_ms);
    }
    if (m.what == "idle") {
      CHECK(m.level == 1000);
      CHECK(m.cpu_ms_s < 1000);
    }
  }
  CHECK(whats == std::map<std::string, int>{{"appends", 2},
                                            {"floor", 1},
                                            {"idle", 1},
                                            {"memory", 2},
                                            {"messages", 9},
                                            {"recovery", 1},
                                            {"start", 1},
                                            {"lines", 5},
                                            {"tickets", 2},
                                            {"watched", 7}});
  CHECK(test::text_of(out) == ran.out);
  CHECK(test::text_of(plot).starts_with("<svg "));
  // Nothing of the stores is left.
  for (auto const& entry : std::filesystem::directory_iterator{home.path()})
    CHECK_FALSE(contains(entry.path().filename().string(), "troupe-bench"));
}

TEST_CASE("troupe bench: by the clock, as a table", "[bench]") {
  temporary_folder home;
  auto const ran = run_troupe({"bench", "--only", "tickets", "--store", "memory", "--rate", "50",
                               "--seconds", "0.4", "--repeats", "1"},
                              home.path());
  INFO(ran.out << ran.err);
  CHECK(ran.exit_code == 0);
  CHECK(contains(ran.out, "| tickets | memory | open | 50/s |"));
  CHECK(contains(ran.out, "| tickets at 50/s | memory | 0 | 0 |"));
}

TEST_CASE("troupe bench: wrong arguments end with 2 and measure nothing", "[bench]") {
  temporary_folder home;
  for (auto const& [words, said] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"--nonsense"}, "`troupe bench` has no option `--nonsense`"},
           {{"--levls", "1"}, "Did you mean `--levels`?"},
           {{"extra"}, "takes no argument `extra`"},
           {{"--levels", "ten"}, "--levels takes numbers"},
           {{"--store", "mysql://x"}, "--store takes"},
           {{"--only", "speed"}, "--only takes"}}) {
    auto arguments = words;
    arguments.insert(arguments.begin(), "bench");
    auto const ran = run_troupe(arguments, home.path());
    INFO(ran.err);
    CHECK(ran.exit_code == 2);
    CHECK(ran.out.empty());
    CHECK(contains(ran.err, said));
    arguments.emplace_back("--json");
    auto const refused = json::parse(run_troupe(arguments, home.path()).out);
    REQUIRE(refused.has_value());
    CHECK(refused->at("error").at("exit_code") == 2);
  }
}

TEST_CASE("troupe bench: what cannot be measured is in the report, and the exit code is 1",
          "[bench]") {
  temporary_folder home;
  // A port of the loopback interface where nobody listens.
  auto const url = "postgres://troupe@127.0.0.1:" + std::to_string(test::free_port());
  auto const ran = run_troupe(
      {"bench", "--quick", "--json", "--only", "floor", "--store", "sqlite," + url}, home.path());
  CHECK(ran.exit_code == 1);
  auto const r = report_of(ran.out);
  REQUIRE(r.failed.size() == 1);
  CHECK(r.failed[0].starts_with("postgres: "));
  REQUIRE(r.measures.size() == 1); // the rest was measured all the same
  CHECK(r.measures[0].where == "sqlite");
}
