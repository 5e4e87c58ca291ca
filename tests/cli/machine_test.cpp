#include "cli/exit_codes.hpp"
#include "tests/cli/answers.hpp"
#include "tests/cli/program.hpp"
#include "tests/support/temporary_folder.hpp"

#include <fstream>

/// Commands about the machine itself, which need no server.

using namespace troupe;
using test::contains;
using test::document;
using test::run_troupe;
using test::temporary_folder;

TEST_CASE("config: print shows values with where they come from, and no password", "[cli]") {
  temporary_folder home;
  auto const r = run_troupe({"config", "print", "--json"}, home.path(),
                            {{"TROUPE_STORE", "postgres://a:hunter2@h/d"}});
  REQUIRE(r.exit_code == 0);
  CHECK_FALSE(contains(r.out, "hunter2"));
  auto const d = document(r.out);
  CHECK(d.at("server.port").at("value") == 7777);
  CHECK(d.at("server.address").at("value") == "127.0.0.1");
  CHECK(d.at("server.allow_plain").at("value") == false);
  CHECK(d.at("server.allowed_hosts").at("value") == json::array{});
  CHECK(d.at("server.port").at("from") == "default");
  CHECK(d.at("store.url").at("from") == "environment TROUPE_STORE");
}

TEST_CASE("serve: a store that is no PostgreSQL URL ends with 2, and nothing is made", "[cli]") {
  temporary_folder home;
  auto const data = home.path() / "data";
  auto const refused = [&](std::vector<std::string> words) {
    words.insert(words.end(), {"--set", "store.data=" + data.string()});
    auto const r = run_troupe(words, home.path());
    INFO(r.err);
    CHECK(r.exit_code == exit_code::usage);
    CHECK(contains(r.err, "foo://x is not a postgres:// URL"));
    CHECK_FALSE(std::filesystem::exists(data));
  };
  refused({"serve", "--port", "0", "--store", "foo://x"});
  refused({"verify", "--store", "foo://x"});
  auto const file = home.path() / "url";
  std::ofstream{file} << "foo://x\n";
  refused({"serve", "--port", "0", "--set", "store.url_file=" + file.string()});
  refused({"verify", "--set", "store.url_file=" + file.string()});
  auto const demo = run_troupe({"demo", "--yes", "--store", "foo://x"}, home.path());
  CHECK(demo.exit_code == exit_code::usage);
  CHECK(contains(demo.err, "foo://x is not a postgres:// URL"));
}

TEST_CASE("config: check takes the printed example and refuses a broken file", "[cli]") {
  temporary_folder home;
  auto const example = run_troupe({"config", "print", "--example"}, home.path());
  REQUIRE(example.exit_code == 0);
  std::ofstream{home.path() / "a.toml"} << example.out;
  std::ofstream{home.path() / "b.toml"} << "[server]\nport = -1\n";
  CHECK(run_troupe({"config", "check", (home.path() / "a.toml").string()}, home.path()).exit_code ==
        0);
  auto const r = run_troupe({"config", "check", (home.path() / "b.toml").string()}, home.path());
  CHECK(r.exit_code == exit_code::usage);
  CHECK(contains(r.err, "b.toml:2: server.port = -1"));
}

TEST_CASE("verify: what is no ledger is not found", "[cli]") {
  temporary_folder home;
  auto const r = run_troupe({"verify", "--data", (home.path() / "none").string()}, home.path());
  CHECK(r.exit_code == exit_code::not_found);
  CHECK(contains(r.err, "--data DIR"));
  std::ofstream{home.path() / "x"} << "no export\n";
  CHECK(run_troupe({"verify", "--file", (home.path() / "x").string()}, home.path()).exit_code ==
        exit_code::unsound);
}

TEST_CASE("init: proposes a project for the repository of the folder", "[cli]") {
  temporary_folder home;
  auto const shop = home.path() / "Tally Shop";
  std::filesystem::create_directories(shop / "t");
  std::ofstream{shop / "t" / "a.t"} << "print \"1..0\\n\";\n";
  std::ofstream{shop / ".gitignore"} << ".env\n";
  std::ofstream{shop / ".env"} << "A=b\n";
  auto const in_shop = [&](std::vector<std::string> a) {
    return run_troupe(std::move(a), home.path(), {}, "", shop);
  };
  auto const outside = in_shop({"init", "--print"});
  CHECK(outside.exit_code != 0);
  CHECK(contains(outside.err, "in no git repository"));

  std::map<std::string, std::string> const env{{"PATH", "/usr/bin:/bin"},
                                               {"HOME", home.path().string()}};
  REQUIRE(test::run_program({"git", "init", "-q", "-b", "trunk"}, env, "", shop).exit_code == 0);
  auto const unasked = in_shop({"init"});
  CHECK(unasked.exit_code == exit_code::usage);
  CHECK(contains(unasked.err, "--yes"));
  auto const r = in_shop({"init", "--print", "--json", "--profile", "command"});
  REQUIRE(r.exit_code == 0);
  auto const d = document(r.out);
  CHECK(d.at("id") == "tally-shop");
  CHECK(d.at("config").at("test_command") == "prove -lr t");
  CHECK(d.at("config").at("target_branch") == "trunk");
  CHECK(d.at("config").at("recipe").at("copy").at(0) == ".env");

  // Without a command for the tests nothing is made; that there is none has to be said.
  std::filesystem::remove_all(shop / "t");
  auto const untested = in_shop({"init", "--yes"});
  CHECK(untested.exit_code == exit_code::usage);
  CHECK(contains(untested.err, "--test none"));
  auto const none = in_shop({"init", "--print", "--json", "--test", "none"});
  CHECK(document(none.out).at("config").at("test_command") == "none");
}

TEST_CASE("init: the end of the input is a no, and an id is no letter", "[cli]") {
  temporary_folder home;
  auto const shop = home.path() / "shop";
  std::filesystem::create_directories(shop / "t");
  std::ofstream{shop / "t" / "a.t"} << "print \"1..0\\n\";\n";
  auto const* path = std::getenv("PATH");
  std::map<std::string, std::string> const env{{"PATH", path != nullptr ? path : "/usr/bin:/bin"},
                                               {"HOME", home.path().string()}};
  REQUIRE(test::run_program({"git", "init", "-q"}, env, "", shop).exit_code == 0);
  auto const on_terminal = [&](std::string const& typed) {
    return test::run_program({"script", "-qec",
                              std::string{TROUPE_PROGRAM} + " init --server http://127.0.0.1:1",
                              "/dev/null"},
                             env, typed, shop);
  };
  auto const left = on_terminal("\x04");
  CHECK(contains(left.out, "Nothing was created"));
  CHECK(left.exit_code == exit_code::failed);
  auto const letter = on_terminal("n\n\x04");
  CHECK(contains(letter.out, "here an id is meant"));
  CHECK(contains(letter.out, "Nothing was created"));
  auto const late = on_terminal("\n\n\n\x04"); // at the last question
  CHECK(contains(late.out, "Create project shop on"));
  CHECK(contains(late.out, "Nothing was created"));
}

TEST_CASE("daemon: its help says what a command of one's own gets and answers", "[cli]") {
  temporary_folder home;
  auto help = run_troupe({"daemon", "run", "--help"}, home.path()).out;
  std::replace(help.begin(), help.end(), '\n', ' '); // wherever its lines end
  for (auto const* word : {"--command", "TROUPE_PROMPT_FILE", "TROUPE_KIND", "approves everything",
                           "docs/runners.md"}) {
    INFO(word);
    CHECK(contains(help, word));
  }
  CHECK(contains(run_troupe({"daemon", "--help"}, home.path()).out, "--command"));
}

TEST_CASE("daemon: cleans up after old attempts, and only looks with --dry-run", "[cli]") {
  temporary_folder home;
  auto const data = home.path() / "d1";
  auto const attempt = [&](std::string const& name, int days) {
    auto const folder = data / "attempts" / name;
    std::filesystem::create_directories(folder);
    std::ofstream{folder / "output.log"} << std::string(4096, 'x');
    auto const at = std::filesystem::file_time_type::clock::now() - std::chrono::hours{24 * days};
    std::filesystem::last_write_time(folder / "output.log", at);
    std::filesystem::last_write_time(folder, at);
    return folder;
  };
  auto const old = attempt("k3-1-1", 20);
  auto const recent = attempt("k3-1-2", 3);
  auto const clean = [&](std::vector<std::string> more) {
    std::vector<std::string> words{"daemon", "clean", "--data", data.string()};
    words.insert(words.end(), more.begin(), more.end());
    return run_troupe(words, home.path());
  };
  auto const looked = clean({"--dry-run"});
  CHECK(looked.exit_code == 0);
  CHECK(contains(looked.out, old.string()));
  CHECK_FALSE(contains(looked.out, recent.string()));
  CHECK(contains(looked.out, "Would be removed: 1 folder, 4 KiB."));
  CHECK(std::filesystem::exists(old));
  // A log that grows leaves its folder's own time as it is.
  std::ofstream{old / "output.log", std::ios::app} << "more";
  CHECK(contains(clean({"--dry-run"}).out, "Would be removed: 0 folders"));
  (void)attempt("k3-1-1", 20);
  auto const done = document(clean({"--json"}).out);
  CHECK(done.at("folders").at(0).at("folder").as_string() == old.string());
  CHECK(done.at("folders").at(0).at("kept") == "");
  CHECK_FALSE(std::filesystem::exists(old));
  CHECK(std::filesystem::exists(recent));
  CHECK(contains(clean({"--keep", "0"}).out, "Removed: 1 folder"));
  CHECK_FALSE(std::filesystem::exists(recent));
  CHECK(clean({"--days", "0"}).exit_code == exit_code::usage);
}

TEST_CASE("runners: every variable that a command gets is documented", "[cli]") {
  auto const code = test::text_of(TROUPE_SOURCE_DIR "/daemon/runner.cpp");
  auto const page = test::text_of(TROUPE_SOURCE_DIR "/docs/runners.md");
  std::size_t found = 0;
  for (std::size_t at = 0; (at = code.find("{\"TROUPE_", at)) != std::string::npos; ++at) {
    auto const name = code.substr(at + 2, code.find('"', at + 2) - at - 2);
    INFO(name);
    CHECK(contains(page, "`" + name + "`"));
    ++found;
  }
  CHECK(found > 10);
}

TEST_CASE("doctor: looks at the machine without a server", "[cli]") {
  temporary_folder home;
  auto const r = run_troupe(
      {"doctor", "--json", "--server", "http://127.0.0.1:" + std::to_string(test::free_port())},
      home.path());
  CHECK(r.exit_code == 0); // a server is good to have, not needed
  auto const d = document(r.out);
  CHECK(d.at("checks").get_array().size() >= 4);
  CHECK(d.at("clis").get_array().size() >= 4);

  // That a machine is no daemon is no success, and no failure either.
  auto const plain = run_troupe(
      {"doctor", "--server", "http://127.0.0.1:" + std::to_string(test::free_port())}, home.path());
  CHECK(contains(plain.out, "· this machine: not enrolled"));
  CHECK(contains(plain.out, "--command"));
  auto const folder = home.path() / "d1";
  auto const elsewhere = run_troupe({"doctor", "--daemon-data", folder.string()}, home.path());
  CHECK(contains(elsewhere.out, folder.string()));
  std::filesystem::create_directories(folder / "profiles");
  std::ofstream{folder / "profiles" / "x.toml"} << "nonsense\n";
  auto const broken = run_troupe({"doctor", "--daemon-data", folder.string()}, home.path());
  CHECK(broken.exit_code == exit_code::failed);
  CHECK(contains(broken.out, "✗ profiles: "));
}
