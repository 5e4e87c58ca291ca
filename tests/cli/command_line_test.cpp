#include "cli/exit_codes.hpp"
#include "tests/cli/answers.hpp"
#include "tests/cli/program.hpp"
#include "tests/support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <fstream>
#include <sstream>

using namespace troupe;
using test::contains;
using test::document;
using test::run_troupe;
using test::temporary_folder;

namespace {

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

TEST_CASE("command line: an option that may come again takes one value each time", "[cli]") {
  temporary_folder home;
  auto const r = run_troupe({"--set", "server.port=1", "version"}, home.path());
  CHECK(r.exit_code == exit_code::ok);
  CHECK(contains(r.out, "troupe "));
  CHECK(run_troupe({"--set", "server.port=1", "--set", "log.level=debug", "version"}, home.path())
            .exit_code == exit_code::ok);
  auto const more =
      run_troupe({"version", "--set", "server.port=1", "log.level=debug"}, home.path());
  CHECK(more.exit_code == exit_code::usage);
  CHECK(contains(more.err, "log.level=debug"));
}

TEST_CASE("command line: whole numbers are written in digits", "[cli]") {
  temporary_folder home;
  for (auto const* text : {"0x10", "1e2", "5.0", "", "-"}) {
    INFO(text);
    auto const r = run_troupe({"ticket", "list", "--limit", text}, home.path());
    CHECK(r.exit_code == exit_code::usage);
    CHECK(contains(r.err, "--limit"));
  }
}

TEST_CASE("command line: a command behind -- is refused", "[cli]") {
  temporary_folder home;
  auto const r = run_troupe({"--", "serve"}, home.path());
  CHECK(r.exit_code == exit_code::usage);
  CHECK(contains(r.err, "`--`"));
  CHECK(r.out.empty());
}

TEST_CASE("command line: the version is a document where JSON is asked for", "[cli]") {
  temporary_folder home;
  for (auto const& words : {std::vector<std::string>{"--version", "--json"},
                            std::vector<std::string>{"--json", "--version"}}) {
    auto const r = run_troupe(words, home.path());
    CHECK(r.exit_code == exit_code::ok);
    CHECK(document(r.out).at("version").is_string());
  }
}

TEST_CASE("command line: a mistyped command is answered with the one that was meant", "[cli]") {
  temporary_folder home;
  auto const r = run_troupe({"breif", "list"}, home.path());
  CHECK(r.exit_code == exit_code::usage);
  CHECK(contains(r.err, "there is no command `troupe breif`"));
  CHECK(contains(r.err, "Did you mean `troupe brief`?"));
  // There is no help for it either.
  auto const help = run_troupe({"breif", "--help"}, home.path());
  CHECK(help.exit_code == exit_code::usage);
  CHECK(contains(help.err, "Did you mean `troupe brief`?"));
}

TEST_CASE("command line: an option that is given twice is said to be", "[cli]") {
  temporary_folder home;
  auto const r = run_troupe({"serve", "--data", "a", "--data", "b"}, home.path());
  CHECK(r.exit_code == exit_code::usage);
  CHECK(contains(r.err, "`--data` is given more than once"));
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

TEST_CASE("command line: a token file that cannot be read ends with 2 before anything is sent",
          "[cli]") {
  temporary_folder home;
  // Nobody listens there: had anything been sent, it would end with 5.
  auto const server = "http://127.0.0.1:" + std::to_string(test::free_port());
  for (auto const& words : std::vector<std::vector<std::string>>{
           {"brief", "list"}, {"watch"}, {"why", "k3f9q2mx"}, {"token", "revoke", "x"}}) {
    auto all = words;
    all.insert(all.end(), {"--token-file", "/nonexistent", "--server", server});
    auto const r = run_troupe(all, home.path());
    INFO(r.err);
    CHECK(r.exit_code == exit_code::usage);
    CHECK(r.err.starts_with("troupe: the token file /nonexistent cannot be read, or is empty\n"));
    CHECK_FALSE(contains(r.err, server));
    all.emplace_back("--json");
    CHECK(document(run_troupe(all, home.path()).out).at("error").at("exit_code") ==
          exit_code::usage);
  }
  // A token at hand needs no file.
  CHECK(run_troupe({"brief", "list", "--server", server}, home.path(), {{"TROUPE_TOKEN", "trp_x"}})
            .exit_code == exit_code::unreachable);
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

TEST_CASE("colours: never in a pipe, unless they are asked for", "[cli]") {
  temporary_folder home;
  CHECK_FALSE(contains(run_troupe({"help", "exit-codes"}, home.path()).out, "\x1b["));
  CHECK(
      contains(run_troupe({"help", "exit-codes", "--color", "always"}, home.path()).out, "\x1b["));
}
