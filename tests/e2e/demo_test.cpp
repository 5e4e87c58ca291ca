#include "demo/processes.hpp"
#include "protocol/json.hpp"
#include "tests/support/json_file.hpp"
#include "tests/support/postgres_server.hpp"
#include "tests/support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <future>
#include <random>
#include <sstream>

using namespace troupe;

namespace {

/// Where a story is played, and what it leaves.
class playhouse {
public:
  /// `variables`: NAME=value, of the environment that it is played in.
  explicit playhouse(std::vector<std::string> const& more,
                     std::vector<std::string> const& variables = {})
      : command_{"/usr/bin/env"} {
    std::vector<std::string> const demo{
        TROUPE_BINARY, "demo", "--yes", "--json", "--keep", "--folder", folder_.path().string()};
    for (auto const* words : {&variables, &demo, &more})
      command_.insert(command_.end(), words->begin(), words->end());
  }
  [[nodiscard]] demo::ran play() const { return demo::run(command_); }
  /// What was played, with its seed.
  [[nodiscard]] std::string programme() const {
    std::string out;
    for (auto const& word : command_)
      out += word + " ";
    return out;
  }
  /// Mode, content and path of every file of main, as git has them.
  [[nodiscard]] std::vector<std::string> files_of_main() const {
    std::vector<std::string> out;
    for (auto const& kept : std::filesystem::directory_iterator{folder_.path()}) {
      auto const listed = demo::run({"git", "ls-tree", "-r",
                                     "--format=%(objectmode) %(objecttype) %(objectname) "
                                     "%(path)",
                                     "main"},
                                    kept.path() / "origin.git");
      INFO(listed.output);
      CHECK(listed.exit_code == 0);
      std::istringstream lines{listed.output};
      for (std::string line; std::getline(lines, line);)
        out.push_back(line);
    }
    return out;
  }

private:
  test::temporary_folder folder_;
  std::vector<std::string> command_;
};

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

/// Other moments in each run; the programme says which when a test fails.
std::string a_seed() {
  return std::to_string(std::random_device{}() % 1000000);
}

/// How the story ends where nothing is killed: every ticket by its title, and every file of main.
json::object undisturbed() {
  return test::json_file(TROUPE_SOURCE_DIR "/tests/data/demo/outcome.json");
}

/// What must be the same whatever was killed.
void check_story(json::object const& outcome, playhouse const& house) {
  INFO(house.programme());
  CHECK(outcome.at("good").as_bool());
  CHECK(outcome.at("status").as_string() == "COMPLETED");
  CHECK(outcome.at("tests").as_int64() == 0);
  CHECK(outcome.at("verify").as_int64() == 0);
  CHECK(outcome.at("cost_micros").as_int64() == 0);
  CHECK(outcome.at("merges").as_int64() == 6);
  auto const expected = undisturbed();
  // One failed: it was replanned, and its replacement has the same title.
  CHECK(json::canonical(outcome.at("tickets")) == json::canonical(expected.at("tickets")));
  json::array main;
  for (auto const& line : house.files_of_main())
    main.emplace_back(line);
  INFO("If demo/ has changed, tests/data/demo/outcome.json must follow: an undisturbed run says "
       "how");
  CHECK(json::canonical(main) == json::canonical(expected.at("main")));
}

/// The plan is criticised by another than its author, and a person reads that before approving.
void check_critique(demo::ran const& r) {
  std::istringstream lines{r.output};
  std::vector<std::string> told;
  for (std::string line; std::getline(lines, line);) {
    auto const v = json::parse(line);
    if (!v || !v->is_object())
      continue;
    auto const text = [&](std::string_view key) {
      auto const* found = v->get_object().if_contains(key);
      return found != nullptr && found->is_string()
                 ? std::string{std::string_view{found->get_string()}}
                 : std::string{};
    };
    if (text("type") == "plan.proposed" || text("type") == "plan.critiqued")
      told.push_back(text("type") + " by " + text("by"));
    else if (text("happened") == "approved" && text("what") == "plan")
      told.push_back("approved");
  }
  std::vector<std::string> const once{"plan.proposed by agent:duration.lead",
                                      "plan.critiqued by agent:duration.qa", "approved"};
  auto twice = once; // the second version, too
  twice.insert(twice.end(), once.begin(), once.end());
  CHECK(told == twice);
}

json::object check_story_with(std::vector<std::string> const& more) {
  playhouse const house{more};
  INFO(house.programme());
  auto const outcome = outcome_in(house.play());
  check_story(outcome, house);
  return outcome;
}

} // namespace

TEST_CASE("demo: the whole story on SQLite", "[e2e]") {
  playhouse const house{{}};
  auto const told = house.play();
  auto const outcome = outcome_in(told);
  check_story(outcome, house);
  check_critique(told);
  CHECK(outcome.at("seconds").as_int64() < 60); // what a newcomer is promised
  CHECK(outcome.at("kills").as_int64() == 1);   // the laptop of which the story tells
  CHECK(outcome.at("chaos_kills").as_int64() == 0);
}

TEST_CASE("demo: settings of another server do not reach its processes", "[e2e]") {
  // Nobody listens there: whoever asked that server, or wrote to that store, would get no further.
  test::temporary_folder const elsewhere;
  std::filesystem::create_directories(elsewhere.path() / "troupe");
  std::ofstream{elsewhere.path() / "troupe" / "troupe.toml"}
      << "[store]\nurl = \"postgres://127.0.0.1:1/none\"\n[daemon]\nallow_process = false\n";
  playhouse const house{{},
                        {"TROUPE_SERVER=http://127.0.0.1:1", "TROUPE_TOKEN=trp_of-another-server",
                         "TROUPE_TOKEN_FILE=/none/admin.token",
                         "TROUPE_STORE_URL=postgres://127.0.0.1:1/none", "TROUPE_DAEMON_SLOTS=1",
                         "XDG_CONFIG_HOME=" + elsewhere.path().string()}};
  auto const outcome = outcome_in(house.play());
  check_story(outcome, house);
}

TEST_CASE("demo: the server is killed again and again and the story ends the same", "[e2e]") {
  auto const outcome =
      check_story_with({"--kill-server", "20", "--seed", a_seed(), "--time-limit", "240"});
  CHECK(outcome.at("chaos_kills").as_int64() == 20);
  CHECK(outcome.at("kills").as_int64() >= 20);
}

TEST_CASE("demo: daemons are killed again and again and the story ends the same", "[e2e]") {
  auto const outcome =
      check_story_with({"--kill-daemon", "20", "--seed", a_seed(), "--time-limit", "240"});
  CHECK(outcome.at("chaos_kills").as_int64() == 20);
  CHECK(outcome.at("kills").as_int64() >= 20);
}

TEST_CASE("demo: the server is killed on Postgres and the story ends the same", "[e2e]") {
  test::postgres_server server;
  auto const outcome = check_story_with({"--store", server.new_database(), "--kill-server", "20",
                                         "--seed", a_seed(), "--time-limit", "240"});
  CHECK(outcome.at("chaos_kills").as_int64() == 20);
  CHECK(outcome.at("kills").as_int64() >= 20);
}

TEST_CASE("demo: daemons are killed on Postgres and the story ends the same", "[e2e]") {
  test::postgres_server server;
  auto const outcome = check_story_with({"--store", server.new_database(), "--kill-daemon", "20",
                                         "--seed", a_seed(), "--time-limit", "240"});
  CHECK(outcome.at("chaos_kills").as_int64() == 20);
  CHECK(outcome.at("kills").as_int64() >= 20);
}

TEST_CASE("demo: Postgres goes down again and again and the story ends the same", "[e2e]") {
  test::postgres_server server;
  auto const url = server.new_database();
  auto const name = url.substr(url.rfind('/') + 1);
  playhouse const house{{"--store", url, "--time-limit", "240"}};
  auto story = std::async(std::launch::async, [&] { return house.play(); });
  auto const over = [&](std::chrono::milliseconds wait) {
    return story.wait_for(wait) == std::future_status::ready;
  };
  auto const batches = [&] {
    bool const begun = server.sql(name, "select to_regclass('troupe.segment') is not null") == "t";
    return begun ? std::stol(server.sql(
                       name, "select sum(greatest(l.settled, (select coalesce(max(number), 0) from "
                             "troupe.segment s where s.lane = l.lane))) from troupe.lane l"))
                 : 0;
  };
  // Counted in batches of the story, not in seconds; away for other lengths each time.
  constexpr int outages = 6;
  constexpr long first = 40; // the daemons are there, and the talk has begun
  constexpr long between = 14;
  int done = 0;
  for (long seen = first - between; done < outages && !over(std::chrono::milliseconds{20});) {
    auto const now = batches();
    if (now < seen + between)
      continue;
    seen = now;
    server.stop();
    (void)over(std::chrono::milliseconds{done * 300});
    server.start();
    ++done;
  }
  check_story(outcome_in(story.get()), house);
  CHECK(done >= outages / 2); // under load the same story has fewer batches
}
