#include "cli/exit_codes.hpp"
#include "protocol/json.hpp"
#include "tests/cli/program.hpp"
#include "tests/support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <fstream>
#include <sstream>

using namespace troupe;
using test::run_troupe;
using test::temporary_folder;

namespace {

json::value document(std::string const& out) {
  CHECK(std::count(out.begin(), out.end(), '\n') == 1); // one document, one line
  auto v = json::parse(out);
  REQUIRE(v.has_value());
  return *v;
}

bool contains(std::string const& text, std::string const& part) {
  return text.find(part) != std::string::npos;
}

std::vector<std::string> words_of(std::string const& line) {
  std::vector<std::string> out;
  std::istringstream in{line};
  for (std::string word; in >> word;)
    out.push_back(word);
  return out;
}

/// Every command, as the bash completion lists them.
std::vector<std::string> every_command(std::filesystem::path const& home) {
  auto const script = run_troupe({"completion", "bash"}, home).out;
  auto const begin = script.find("case $next in\n") + 14;
  auto line = script.substr(begin, script.find(") path=", begin) - begin);
  std::vector<std::string> out;
  for (std::size_t at = 0; (at = line.find('\'', at)) != std::string::npos;) {
    auto const end = line.find('\'', at + 1);
    out.push_back(line.substr(at + 1, end - at - 1));
    at = end + 1;
  }
  return out;
}

} // namespace

TEST_CASE("command line: every command has help with examples", "[cli]") {
  temporary_folder home;
  auto const all = every_command(home.path());
  CHECK(all.size() > 60);
  for (auto const& command : all) {
    INFO(command);
    auto words = words_of(command);
    words.emplace_back("--help");
    auto const r = run_troupe(words, home.path());
    CHECK(r.exit_code == 0);
    CHECK(r.err.empty());
    CHECK(contains(r.out, "Examples:\n"));
    CHECK(contains(r.out, "troupe " + words.front()));
  }
}

TEST_CASE("command line: without arguments it says what there is", "[cli]") {
  temporary_folder home;
  auto const r = run_troupe({}, home.path());
  CHECK(r.exit_code == 0);
  for (auto const* word : {"serve", "daemon", "demo", "init", "doctor", "brief", "watch", "verify"})
    CHECK(contains(r.out, word));
  CHECK_FALSE(contains(r.out, "scripted-coder"));
}

TEST_CASE("command line: wrong arguments end with 2, what is wrong and the way out", "[cli]") {
  temporary_folder home;
  auto const r = run_troupe({"brief", "submit"}, home.path());
  CHECK(r.exit_code == exit_code::usage);
  CHECK(r.out.empty());
  CHECK(contains(r.err, "troupe: "));
  CHECK(contains(r.err, "See `troupe brief submit --help`.\n"));

  CHECK(run_troupe({"brief", "list", "--limit", "0"}, home.path()).exit_code == exit_code::usage);
  CHECK(run_troupe({"brief", "list", "--nonsense"}, home.path()).exit_code == exit_code::usage);
  CHECK(run_troupe({"--color", "pink", "version"}, home.path()).exit_code == exit_code::usage);
  CHECK(run_troupe({"--set", "nonsense", "version"}, home.path()).exit_code == exit_code::usage);
  CHECK(run_troupe({"ticket", "review", "x"}, home.path()).exit_code == exit_code::usage);
}

TEST_CASE("command line: a mistyped command is answered with the one that was meant", "[cli]") {
  temporary_folder home;
  auto const r = run_troupe({"breif", "list"}, home.path());
  CHECK(r.exit_code == exit_code::usage);
  CHECK(contains(r.err, "there is no command `troupe breif`"));
  CHECK(contains(r.err, "Did you mean `troupe brief`?"));
}

TEST_CASE("command line: a mistyped word is found among its own arguments", "[cli]") {
  temporary_folder home;
  struct mistake {
    std::vector<std::string> words;
    std::string said, hint;
  };
  for (auto const& m : std::vector<mistake>{
           {{"brief", "aprove", "x"},
            "no command `troupe brief aprove`",
            "`troupe brief approve`?"},
           {{"brief", "aprove", "x", "--notes", "y"},
            "no command `troupe brief aprove`",
            "`troupe brief approve`?"},
           {{"breif", "aprove", "x"}, "no command `troupe breif`", "`troupe brief`?"},
           {{"agents", "shw", "x"}, "no command `troupe agents shw`", "`troupe agents show`?"},
           {{"brief", "x"}, "no command `troupe brief x`", "See `troupe brief --help`."},
           {{"brief", "list", "--jsn"}, "no option `--jsn`", "`--json`?"},
           {{"--jsn", "brief", "list"}, "`troupe` has no option `--jsn`", "`--json`?"},
           {{"brief", "list", "--limt", "3"}, "no option `--limt`", "`--limit`?"},
           {{"brief", "list", "--limt=3"}, "no option `--limt`", "`--limit`?"},
           {{"--server", "http://x", "brief", "lst"}, "no command", "`troupe brief list`?"},
           {{"brief", "submit", "f", "--projekt", "x"}, "no option `--projekt`", "`--project`?"},
           {{"brief", "list", "extra"},
            "`troupe brief list` takes no argument `extra`",
            "See `troupe brief list --help`."},
           {{"help", "brif"}, "no command `troupe brif`", "`troupe brief`?"},
           {{"help", "brief", "aprove"}, "no command", "`troupe brief approve`?"}}) {
    auto const r = run_troupe(m.words, home.path());
    INFO(r.err);
    CHECK(r.exit_code == exit_code::usage);
    CHECK(contains(r.err, m.said));
    CHECK(contains(r.err, m.hint));
    auto words = m.words;
    words.emplace_back("--json");
    auto const d = document(run_troupe(words, home.path()).out);
    CHECK(contains(std::string{d.at("error").at("message").as_string()}, m.said));
    CHECK(contains(std::string{d.at("error").at("hint").as_string()}, m.hint));
  }
}

TEST_CASE("command line: with --json help is a document as well", "[cli]") {
  temporary_folder home;
  for (std::vector<std::string> words :
       {std::vector<std::string>{}, {"--help"}, {"brief", "submit", "--help"}}) {
    words.emplace_back("--json");
    auto const r = run_troupe(words, home.path());
    CHECK(r.exit_code == 0);
    CHECK(document(r.out).at("help").is_string());
  }
  auto const group = run_troupe({"brief", "--json"}, home.path());
  CHECK(group.exit_code == exit_code::usage);
  CHECK(
      contains(std::string{document(group.out).at("error").at("message").as_string()}, "approve"));
}

TEST_CASE("watch: an unknown kind is answered with those there are", "[cli]") {
  temporary_folder home;
  auto const r = run_troupe({"watch", "--kind", "nope"}, home.path());
  CHECK(r.exit_code == exit_code::usage);
  CHECK(contains(r.err, "ticket"));
  CHECK(contains(r.err, "approval"));
  CHECK_FALSE(contains(r.err, "principal"));
}

TEST_CASE("command line: bad settings are all said, and end with 2", "[cli]") {
  temporary_folder home;
  auto const r = run_troupe({"brief", "list"}, home.path(),
                            {{"TROUPE_SERVER_PORT", "x"}, {"TROUPE_LOG_LEVEL", "loud"}});
  CHECK(r.exit_code == exit_code::usage);
  CHECK(contains(r.err, "TROUPE_SERVER_PORT (server.port) is \"x\""));
  CHECK(contains(r.err, "TROUPE_LOG_LEVEL (log.level) is \"loud\""));
  CHECK(run_troupe({"brief", "list", "--server", "ftp://x"}, home.path()).exit_code ==
        exit_code::usage);
}

TEST_CASE("command line: no server there ends with 5", "[cli]") {
  temporary_folder home;
  auto const url = "http://127.0.0.1:" + std::to_string(test::free_port());
  for (std::vector<std::string> command : {std::vector<std::string>{"brief", "list"},
                                           {"watch"},
                                           {"why", "abcdef0"},
                                           {"approve"},
                                           {"project", "show", "x"},
                                           {"token", "list"},
                                           {"daemon", "code"}}) {
    INFO(command.front());
    auto asked = command;
    asked.insert(asked.end(), {"--server", url});
    auto const r = run_troupe(asked, home.path());
    CHECK(r.exit_code == exit_code::unreachable);
    CHECK(contains(r.err, url));
    CHECK(contains(r.err, "troupe serve"));
    asked.emplace_back("--json");
    auto const j = run_troupe(asked, home.path());
    CHECK(j.exit_code == exit_code::unreachable);
    auto const d = document(j.out);
    CHECK(d.at("error").at("code") == "unavailable");
    CHECK(d.at("error").at("exit_code") == exit_code::unreachable);
  }
}

TEST_CASE("command line: completion scripts are accepted by their shells", "[cli]") {
  temporary_folder home;
  for (auto const* shell : {"bash", "zsh", "fish"}) {
    auto const script = run_troupe({"completion", shell}, home.path());
    REQUIRE(script.exit_code == 0);
    CHECK(contains(script.out, "submit"));
    CHECK_FALSE(contains(script.out, "scripted-coder"));
    auto const file = home.path() / shell;
    std::ofstream{file} << script.out;
    // zsh and fish are looked at where they are installed.
    auto const r = test::run_program({shell, "-n", file.string()}, {{"PATH", "/usr/bin:/bin"}}, "",
                                     home.path());
    if (r.exit_code != 127 || std::string_view{shell} == "bash") {
      INFO(r.err);
      CHECK(r.exit_code == 0);
    }
  }
}

TEST_CASE("command line: bash completes commands and flags", "[cli]") {
  temporary_folder home;
  std::ofstream{home.path() / "c"} << run_troupe({"completion", "bash"}, home.path()).out;
  auto const complete = [&](std::string const& words, int at) {
    return test::run_program({"bash", "-c",
                              "source c; COMP_WORDS=(" + words + "); COMP_CWORD=" +
                                  std::to_string(at) + "; _troupe; echo \"${COMPREPLY[*]}\""},
                             {{"PATH", "/usr/bin:/bin"}}, "", home.path())
        .out;
  };
  CHECK(complete("troupe bri", 1) == "brief\n");
  CHECK(complete("troupe brief app", 2) == "approve\n");
  CHECK(complete("troupe --json brief rev", 3) == "revise\n");
  CHECK(contains(complete("troupe brief submit --p", 3), "--project"));
}

TEST_CASE("command line: the exit codes are documented as they are", "[cli]") {
  temporary_folder home;
  auto const r = run_troupe({"help", "exit-codes"}, home.path());
  auto const page = test::text_of(TROUPE_SOURCE_DIR "/docs/cli.md");
  for (auto const& row : exit_code_table()) {
    CHECK(contains(r.out, std::string{row.meaning}));
    CHECK(contains(page, "| " + std::to_string(row.code) + " | " + std::string{row.name} + " | " +
                             std::string{row.meaning} + " |"));
  }
}

TEST_CASE("command line: the page about it names every command", "[cli]") {
  temporary_folder home;
  auto const page = test::text_of(TROUPE_SOURCE_DIR "/docs/cli.md");
  for (auto const& command : every_command(home.path())) {
    INFO(command);
    CHECK(contains(page, "`troupe " + command));
  }
}

TEST_CASE("config: print shows values with where they come from, and no password", "[cli]") {
  temporary_folder home;
  auto const r = run_troupe({"config", "print", "--json"}, home.path(),
                            {{"TROUPE_STORE", "postgres://a:hunter2@h/d"}});
  REQUIRE(r.exit_code == 0);
  CHECK_FALSE(contains(r.out, "hunter2"));
  auto const d = document(r.out);
  CHECK(d.at("server.port").at("value") == "7777");
  CHECK(d.at("server.port").at("from") == "default");
  CHECK(d.at("store.url").at("from") == "environment TROUPE_STORE");
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

TEST_CASE("colours: never in a pipe, unless they are asked for", "[cli]") {
  temporary_folder home;
  CHECK_FALSE(contains(run_troupe({"help", "exit-codes"}, home.path()).out, "\x1b["));
  CHECK(
      contains(run_troupe({"help", "exit-codes", "--color", "always"}, home.path()).out, "\x1b["));
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
