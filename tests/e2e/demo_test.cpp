#include "demo/processes.hpp"
#include "protocol/json.hpp"
#include "tests/support/postgres_server.hpp"

#include <catch2/catch.hpp>

#include <random>
#include <sstream>

using namespace troupe;

namespace {

/// The last line of the demo's JSON: what came of it.
json::object outcome_of(std::vector<std::string> more) {
  more.insert(more.begin(), {TROUPE_BINARY, "demo", "--yes", "--json"});
  std::string arguments;
  for (auto const& m : more)
    arguments += m + " ";
  INFO(arguments);
  auto const r = demo::run(more);
  INFO(r.output.substr(r.output.size() > 6000 ? r.output.size() - 6000 : 0));
  CHECK(r.exit_code == 0);
  std::istringstream lines{r.output};
  json::object last;
  for (std::string line; std::getline(lines, line);) {
    auto const v = json::parse(line);
    if (!v || !v->is_object())
      continue;
    auto const* what = v->get_object().if_contains("happened");
    if (what != nullptr && *what == "outcome")
      last = v->get_object();
  }
  REQUIRE(!last.empty());
  return last;
}

/// Other moments in each run; `outcome_of` says which when a test fails.
std::string a_seed() {
  return std::to_string(std::random_device{}() % 1000000);
}

/// What must be the same whatever was killed.
void check_story(json::object const& outcome) {
  CHECK(outcome.at("good").as_bool());
  CHECK(outcome.at("status").as_string() == "COMPLETED");
  CHECK(outcome.at("tests").as_int64() == 0);
  CHECK(outcome.at("verify").as_int64() == 0);
  CHECK(outcome.at("cost_micros").as_int64() == 0);
  CHECK(outcome.at("merges").as_int64() == 6);
  std::size_t done = 0;
  std::size_t failed = 0;
  for (auto const& t : outcome.at("tickets").as_array()) {
    done += t.at("status").as_string() == "DONE" ? 1 : 0;
    failed += t.at("status").as_string() == "FAILED" ? 1 : 0;
  }
  CHECK(done == 6);
  CHECK(failed == 1); // the one that was replanned
}

} // namespace

TEST_CASE("demo: the whole story on SQLite", "[e2e]") {
  auto const outcome = outcome_of({});
  check_story(outcome);
  CHECK(outcome.at("seconds").as_int64() < 60); // what a newcomer is promised
}

TEST_CASE("demo: the server is killed again and again and the story ends the same", "[e2e]") {
  auto const outcome =
      outcome_of({"--kill-server", "20", "--seed", a_seed(), "--time-limit", "240"});
  check_story(outcome);
  CHECK(outcome.at("kills").as_int64() == 20);
}

TEST_CASE("demo: daemons are killed again and again and the story ends the same", "[e2e]") {
  auto const outcome =
      outcome_of({"--kill-daemon", "20", "--seed", a_seed(), "--time-limit", "240"});
  check_story(outcome);
  CHECK(outcome.at("kills").as_int64() == 20);
}

TEST_CASE("demo: the server is killed on Postgres and the story ends the same", "[e2e]") {
  test::postgres_server server;
  auto const outcome = outcome_of({"--store", server.new_database(), "--kill-server", "20",
                                   "--seed", a_seed(), "--time-limit", "240"});
  check_story(outcome);
  CHECK(outcome.at("kills").as_int64() == 20);
}

TEST_CASE("demo: daemons are killed on Postgres and the story ends the same", "[e2e]") {
  test::postgres_server server;
  auto const outcome = outcome_of({"--store", server.new_database(), "--kill-daemon", "20",
                                   "--seed", a_seed(), "--time-limit", "240"});
  check_story(outcome);
  CHECK(outcome.at("kills").as_int64() == 20);
}
