#include "cli/console.hpp"
#include "cli/exit_codes.hpp"
#include "tests/cli/office.hpp"

#include <catch2/catch.hpp>

#include <fstream>

using namespace troupe;
using test::contains;
using test::eventually;
using test::office;
using test::text_at;

TEST_CASE("hints: what was not found is answered with the command that lists it", "[cli]") {
  office at;
  struct sample {
    std::vector<std::string> words;
    std::string hint;
  };
  auto const s = GENERATE(sample{{"brief", "show", "nope"}, "`troupe brief list`"},
                          sample{{"plan", "show", "nope"}, "`troupe plan list`"},
                          sample{{"ticket", "show", "nope"}, "`troupe ticket list`"},
                          sample{{"project", "show", "nope"}, "`troupe project list`"},
                          sample{{"budget", "show", "nope"}, "`troupe budget list`"},
                          sample{{"token", "revoke", "nope"}, "`troupe token list`"});
  auto const r = at.run(s.words);
  CHECK(r.exit_code == exit_code::not_found);
  CHECK(contains(r.err, s.hint));
}

TEST_CASE("hints: empty arguments are refused before anything is sent", "[cli]") {
  office at;
  for (auto const* ref : {"", " "}) {
    auto const why = at.run({"why", ref});
    CHECK(why.exit_code == exit_code::usage);
    CHECK(contains(why.err, "ref: must not be empty"));
    CHECK(contains(why.err, "troupe why --help"));
  }
  auto const revise = at.run({"approve", "k3f9q2mx.a1", "--revise"});
  CHECK(revise.exit_code == exit_code::usage);
  CHECK(contains(revise.err, "--notes"));
  auto const wait = at.run({"approve", "k3f9q2mx.a1", "--wait", "5"});
  CHECK(wait.exit_code == exit_code::usage);
  CHECK(contains(wait.err, "--wait goes with --all or --replans"));
  CHECK(contains(wait.err, "`troupe approve --all --wait 5`"));
  CHECK(at.run({"approve", "--wait", "5"}).exit_code == exit_code::usage);
  CHECK(at.run({"approve", "--all", "--yes", "--wait", "0"}).exit_code == 0);
  (void)at.json_of({"project", "create", "tally"});
  auto const empty = at.run({"brief", "submit", "-"}, " \n");
  CHECK(empty.exit_code == exit_code::failed);
  CHECK(contains(empty.err, "standard input is empty"));
  CHECK(contains(empty.err, "Name: text"));
}

TEST_CASE("hints: a budget that is not there is answered with what opens it", "[cli]") {
  office at;
  (void)at.json_of({"project", "create", "tally"});
  auto const list = at.run({"budget", "list"});
  CHECK(list.exit_code == 0);
  CHECK(contains(list.err, "troupe project change PROJECT --patch -"));
  auto const grant = at.run({"budget", "grant", "project:tally", "--amount", "5"});
  CHECK(grant.exit_code == exit_code::not_found);
  CHECK(contains(grant.err, "PATCH /api/projects/tally"));
  CHECK(contains(grant.err, "'{\"limits\":{\"budget_micros\":5000000}}' | troupe project change "
                            "tally --patch -"));
  // It does what it says.
  CHECK(at.run({"project", "change", "tally", "--patch", "-"},
               R"({"limits":{"budget_micros":5000000}})")
            .exit_code == 0);
  CHECK(eventually([&] {
    return at.run({"budget", "grant", "project:tally", "--amount", "1"}).exit_code == 0;
  }));
}

TEST_CASE("hints: a comment is answered with where it is, not with how the ticket stands",
          "[cli]") {
  office at;
  (void)at.json_of({"project", "create", "tally"});
  auto const id = text_at(
      at.json_of({"ticket", "add", "--project", "tally", "--title", "Tidy the index"}), "id");
  REQUIRE(eventually([&] { return at.run({"ticket", "show", id}).exit_code == 0; }));
  auto const kept = at.run({"ticket", "comment", id, "see the mail of Monday"});
  CHECK(kept.exit_code == 0);
  CHECK(kept.out == "Kept on ticket " + id + "; `troupe ticket show " + id + "` shows it.\n");
  CHECK(contains(at.run({"ticket", "show", id}).out, "see the mail of Monday"));
}

TEST_CASE("hints: an export writes over nothing unasked", "[cli]") {
  office at;
  auto const file = (at.home() / "ledger.jsonl").string();
  std::ofstream{file} << "mine\n";
  auto const refused = at.run({"export", "--data", at.data().string(), "--out", file});
  CHECK(refused.exit_code == exit_code::usage);
  CHECK(contains(refused.err, "--force"));
  CHECK(test::text_of(file) == "mine\n");
  CHECK(at.run({"export", "--data", at.data().string(), "--out", file, "--force"}).exit_code == 0);
  CHECK(contains(test::text_of(file), "troupe-export"));
}

TEST_CASE("hints: what cannot work is refused at the start", "[cli]") {
  office at;
  auto const missing = at.run({"daemon", "run", "--command", "/nonexistent/coder.sh --fast"});
  CHECK(missing.exit_code == exit_code::usage);
  CHECK(contains(missing.err, "/nonexistent/coder.sh"));
  auto const over = at.run({"serve", "--data", (at.home() / "other").string(), "--take-over"});
  CHECK(over.exit_code == exit_code::usage);
  CHECK(contains(over.err, "PostgreSQL only"));
}

TEST_CASE("hints: init tells of a project that exists, and of a repository without a commit",
          "[cli]") {
  office at;
  auto const shop = at.home() / "shop";
  std::filesystem::create_directories(shop);
  std::map<std::string, std::string> const git{{"PATH", "/usr/bin:/bin"},
                                               {"HOME", at.home().string()}};
  REQUIRE(test::run_program({"git", "init", "-q", "-b", "main"}, git, "", shop).exit_code == 0);
  auto const init = [&](std::string const& tests) {
    return test::run_troupe(
        {"init", "--yes", "--test", tests}, at.home(),
        {{"TROUPE_SERVER", at.url()}, {"TROUPE_TOKEN_FILE", (at.data() / "admin.token").string()}},
        "", shop);
  };
  auto const first = init("none");
  INFO(first.err);
  CHECK(first.exit_code == 0);
  CHECK(contains(first.err, "has no commit yet"));
  auto const same = init("none");
  CHECK(same.exit_code == 0);
  CHECK(contains(same.out, "Project shop exists already"));
  auto const other = init("make check");
  CHECK(other.exit_code == exit_code::conflict);
  CHECK(contains(other.err, "project shop exists already"));
}

TEST_CASE("hints: init tries the tests once where agents begin, and knows the profiles", "[cli]") {
  office at;
  auto const shop = at.home() / "shop";
  std::filesystem::create_directories(shop);
  std::map<std::string, std::string> const git{
      {"PATH", "/usr/bin:/bin"},      {"HOME", at.home().string()},
      {"GIT_AUTHOR_NAME", "Nina"},    {"GIT_AUTHOR_EMAIL", "nina@example.org"},
      {"GIT_COMMITTER_NAME", "Nina"}, {"GIT_COMMITTER_EMAIL", "nina@example.org"}};
  std::ofstream{shop / "README"} << "A shop.\n";
  std::ofstream{shop / "check.sh"} << "echo \"two of three failed\"; exit 3\n";
  for (std::vector<std::string> words : {std::vector<std::string>{"init", "-q", "-b", "main"},
                                         {"add", "-A"},
                                         {"commit", "-q", "-m", "A shop"}}) {
    words.insert(words.begin(), "git");
    REQUIRE(test::run_program(words, git, "", shop).exit_code == 0);
  }
  // What is not committed is not what agents begin from.
  std::ofstream{shop / "check.sh"} << "exit 0\n";
  auto const init = [&](std::string const& project, std::vector<std::string> more) {
    std::vector<std::string> words{"init", "--yes", "--project", project};
    words.insert(words.end(), more.begin(), more.end());
    return test::run_troupe(
        words, at.home(),
        {{"TROUPE_SERVER", at.url()}, {"TROUPE_TOKEN_FILE", (at.data() / "admin.token").string()}},
        "", shop);
  };
  auto const failing = init("one", {"--test", "sh check.sh"});
  INFO(failing.err);
  CHECK(failing.exit_code == 0); // it is made, and what is wrong is said
  CHECK(contains(failing.err, "`sh check.sh` ends with exit code 3"));
  CHECK(contains(failing.err, "two of three failed"));
  CHECK(contains(failing.err, "troupe project change one --test COMMAND"));
  CHECK_FALSE(contains(init("two", {"--test", "sh check.sh", "--no-check"}).err, "exit code 3"));
  auto const passing = init("three", {"--test", "test -f README"});
  CHECK(contains(passing.err, "The tests pass on main."));

  auto const nope = init("four", {"--test", "none", "--profile", "nope"});
  CHECK(nope.exit_code == 0);
  CHECK(contains(nope.err, "No daemon offers the profile nope"));
  CHECK(contains(nope.err, "claude"));
  CHECK_FALSE(
      contains(init("five", {"--test", "none", "--profile", "command"}).err, "No daemon offers"));
}

TEST_CASE("hints: a daemon that is online needs no runner where the doctor looks", "[cli]") {
  office at;
  auto const code = text_at(at.json_of({"daemon", "code"}), "code");
  auto const folder = (at.home() / "d1").string();
  auto const bin = at.home() / "bin"; // no coding CLI can be found
  std::filesystem::create_directories(bin);
  for (auto const* name : {"git", "sh"})
    std::filesystem::create_symlink(std::filesystem::path{"/usr/bin"} / name, bin / name);
  std::map<std::string, std::string> const env{{"PATH", bin.string()}};
  REQUIRE(at.run({"daemon", "enroll", "--code", code, "--data", folder}, {}, env).exit_code == 0);
  auto const doctor = [&] { return at.run({"doctor", "--daemon-data", folder}, {}, env); };
  CHECK(doctor().exit_code == exit_code::failed);
  test::background const daemon{{"daemon", "run", "--data", folder, "--command", "true"},
                                at.home(),
                                at.home() / "daemon.log"};
  CHECK(eventually([&] { return doctor().exit_code == exit_code::ok; }));
  CHECK(contains(doctor().out, "a daemon is online"));
}

TEST_CASE("hints: a full disk is answered with what frees it, not with another server", "[cli]") {
  auto const hint = way_out_of({errc::unavailable, "the disk of the store is full"});
  CHECK(contains(hint, "Free some space"));
  CHECK(contains(hint, "df -h"));
  CHECK_FALSE(contains(hint, "troupe serve"));
  CHECK(contains(way_out_of({errc::unavailable, "no server there"}), "troupe serve"));
}
