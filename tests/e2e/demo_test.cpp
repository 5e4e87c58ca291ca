#include "demo/processes.hpp"
#include "protocol/json.hpp"
#include "tests/support/postgres_server.hpp"

#include <catch2/catch.hpp>

#include <future>
#include <random>
#include <sstream>

using namespace troupe;

namespace {

std::vector<std::string> demo_with(std::vector<std::string> more) {
  more.insert(more.begin(), {TROUPE_BINARY, "demo", "--yes", "--json"});
  return more;
}

/// The last line of the demo's JSON: what came of it.
json::object outcome_in(demo::ran const& r) {
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

json::object outcome_of(std::vector<std::string> more) {
  more = demo_with(std::move(more));
  std::string arguments;
  for (auto const& m : more)
    arguments += m + " ";
  INFO(arguments);
  return outcome_in(demo::run(more));
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
  CHECK(outcome.at("kills").as_int64() == 1);   // the laptop of which the story tells
  CHECK(outcome.at("chaos_kills").as_int64() == 0);
}

TEST_CASE("demo: the server is killed again and again and the story ends the same", "[e2e]") {
  auto const outcome =
      outcome_of({"--kill-server", "20", "--seed", a_seed(), "--time-limit", "240"});
  check_story(outcome);
  CHECK(outcome.at("chaos_kills").as_int64() == 20);
  CHECK(outcome.at("kills").as_int64() >= 20);
}

TEST_CASE("demo: daemons are killed again and again and the story ends the same", "[e2e]") {
  auto const outcome =
      outcome_of({"--kill-daemon", "20", "--seed", a_seed(), "--time-limit", "240"});
  check_story(outcome);
  CHECK(outcome.at("chaos_kills").as_int64() == 20);
  CHECK(outcome.at("kills").as_int64() >= 20);
}

TEST_CASE("demo: the server is killed on Postgres and the story ends the same", "[e2e]") {
  test::postgres_server server;
  auto const outcome = outcome_of({"--store", server.new_database(), "--kill-server", "20",
                                   "--seed", a_seed(), "--time-limit", "240"});
  check_story(outcome);
  CHECK(outcome.at("chaos_kills").as_int64() == 20);
  CHECK(outcome.at("kills").as_int64() >= 20);
}

TEST_CASE("demo: daemons are killed on Postgres and the story ends the same", "[e2e]") {
  test::postgres_server server;
  auto const outcome = outcome_of({"--store", server.new_database(), "--kill-daemon", "20",
                                   "--seed", a_seed(), "--time-limit", "240"});
  check_story(outcome);
  CHECK(outcome.at("chaos_kills").as_int64() == 20);
  CHECK(outcome.at("kills").as_int64() >= 20);
}

TEST_CASE("demo: Postgres goes down again and again and the story ends the same", "[e2e]") {
  test::postgres_server server;
  auto const url = server.new_database();
  auto const name = url.substr(url.rfind('/') + 1);
  auto story = std::async(std::launch::async, [&] {
    return demo::run(demo_with({"--store", url, "--time-limit", "240"}));
  });
  auto const over = [&](std::chrono::milliseconds wait) {
    return story.wait_for(wait) == std::future_status::ready;
  };
  auto const events = [&] {
    bool const begun = server.sql(name, "select to_regclass('troupe.record') is not null") == "t";
    return begun ? std::stol(server.sql(name, "select coalesce(sum(count), 0) from troupe.record"))
                 : 0;
  };
  // Counted in events of the story, not in seconds; away for other lengths each time.
  constexpr int outages = 6;
  int done = 0;
  for (long seen = 0; done < outages && !over(std::chrono::milliseconds{20});) {
    auto const now = events();
    if (now < seen + 40)
      continue;
    seen = now;
    server.stop();
    (void)over(std::chrono::milliseconds{done * 300});
    server.start();
    ++done;
  }
  check_story(outcome_in(story.get()));
  CHECK(done == outages);
}
