#include "daemon/profile.hpp"
#include "tests/daemon/lab.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>

using namespace troupe;
using namespace troupe::local;
using namespace troupe::test;

TEST_CASE("profile: the shipped ones are there", "[daemon]") {
  auto const all = load_profiles();
  REQUIRE(all.has_value());
  for (auto const* name : {"command", "claude", "codex", "cursor", "gemini"})
    CHECK(all->count(name) == 1);
  CHECK(all->at("claude").format == output_format::claude_stream_json);
  CHECK(meaning_of(all->at("command"), 2).how == link::outcome::changes_requested);
  CHECK(meaning_of(all->at("command"), 0).how == link::outcome::done);
  CHECK(meaning_of(all->at("gemini"), 41).why == reason::auth);
  CHECK(meaning_of(all->at("command"), 99).how == link::outcome::failed);
}

TEST_CASE("profile: the operator's files replace and add", "[daemon]") {
  scratch const s;
  write(s / "p/mine.toml", "name = 'mine'\nprogram = 'my-cli'\narguments = ['{prompt_file}']\n");
  write(s / "p/command.toml", "name = 'command'\ncommand = './coder'\nformat = 'jsonl'\n");
  auto const all = load_profiles(s / "p");
  REQUIRE(all.has_value());
  CHECK(all->at("mine").program == "my-cli");
  CHECK(all->at("command").command == "./coder");
  CHECK(all->at("command").answers); // its own file says nothing else
  CHECK_FALSE(all->at("mine").answers);
  CHECK_FALSE(load_profiles()->at("command").answers);
  CHECK(all->count("claude") == 1);
}

TEST_CASE("profile: mistakes are named with file and key", "[daemon]") {
  auto const wrong = [](std::string_view toml) {
    auto const p = parse_profile(toml, "mine.toml");
    return p ? std::string{} : p.error().message;
  };
  CHECK(wrong("name = 'x'\ncolour = 'red'").find("unknown key colour") != std::string::npos);
  CHECK(wrong("name = 'x'\nformat = 'xml'").find("format must be text, jsonl") !=
        std::string::npos);
  CHECK(wrong("name = 'x'\narguments = 'one'").find("arguments must be a list") !=
        std::string::npos);
  CHECK(wrong("name = 'x'\n[exit_codes]\n0 = 'fine'").find("exit_codes must be") !=
        std::string::npos);
  CHECK(wrong("name = 'x'\n[exit_codes]\n999 = 'done'").find("exit codes from 0") !=
        std::string::npos);
  CHECK(wrong("name = 'x'\nanswers = 'yes'").find("answers must be true or false") !=
        std::string::npos);
  CHECK(wrong("program = 'x'").find("name must be") != std::string::npos);
  CHECK(wrong("name = ").find("mine.toml:1") != std::string::npos);
}

TEST_CASE("profile: installed programs are found with their version", "[daemon]") {
  scratch const s;
  write(s / "bin/my-cli", "#!/bin/sh\necho 'my-cli 3.2.1 (canary)'\n");
  fs::permissions(s / "bin/my-cli", fs::perms::owner_all);
  profile_map profiles;
  profiles["mine"].program = (s / "bin/my-cli").string();
  profiles["mine"].version = {"--version"};
  profiles["none"].program = "no-such-cli-anywhere";
  profiles["command"].command = "x";
  auto const found = detect_clis(profiles);
  REQUIRE(found.size() == 2);
  CHECK(found[0].version == "my-cli 3.2.1 (canary)");
  CHECK(found[1].path.empty());
  CHECK(detect_clis().size() == 4);
}

TEST_CASE("profile: placeholders are filled in, once, and unknown ones stay", "[daemon]") {
  CHECK(fill_in("{a}-{b}-{c", {{"a", "{b}"}, {"b", "2"}}) == "{b}-2-{c");
  CHECK(fill_in("x{}", {}) == "x{}");
}

TEST_CASE("profile: a CLI is started with its arguments, its variables and its session",
          "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  bench b{s / "d1"};
  write(s / "bin/cli", "#!/bin/sh\nprintf '%s\\n' \"$@\" > args.txt; env > env.txt\n");
  fs::permissions(s / "bin/cli", fs::perms::owner_all);
  ::setenv("MY_CLI_KEY", "key-for-the-cli", 1);
  runner_profile p;
  p.name = "mine";
  p.program = (s / "bin/cli").string();
  p.arguments = {"-p", "{prompt}"};
  p.resume = {"--resume", "{session}"};
  p.environment = {"MY_CLI_KEY"};
  p.set = {{"QUIET", "1"}};
  p.exit_codes = {{0, "done"}};
  b.settings.profiles["mine"] = p;
  auto order = work_order(o, {});
  order.engine = engine_kind::daemon;
  order.profile = "mine";
  order.session = "s-7";
  auto const done = b.run(order);
  ::unsetenv("MY_CLI_KEY");
  INFO(done.end.summary);
  REQUIRE(done.end.how == link::outcome::done);
  auto const args = o.file("args.txt", "agent/b1-1");
  CHECK(args.find("--resume\ns-7\n-p\n# Count to two\n") == 0);
  auto const env = o.file("env.txt", "agent/b1-1");
  CHECK(env.find("MY_CLI_KEY=key-for-the-cli") != std::string::npos);
  CHECK(env.find("QUIET=1") != std::string::npos);
  CHECK(done.end.session == "s-7");
}

TEST_CASE("profile: the tools of an agent reach its CLI as the profile says", "[daemon]") {
  CHECK(load_profiles()->at("claude").tools ==
        std::vector<std::string>{"--allowedTools", "{tools}"});
  scratch const s;
  origin const o{s.path()};
  bench b{s / "d1"};
  write(s / "bin/cli", "#!/bin/sh\nprintf '%s\\n' \"$@\" > args.txt; env > env.txt\n"
                       "cp \"$TROUPE_PROMPT_FILE\" prompt.txt\n");
  fs::permissions(s / "bin/cli", fs::perms::owner_all);
  auto p = load_profiles()->at("claude");
  p.program = (s / "bin/cli").string();
  p.format = output_format::text;
  b.settings.profiles["claude"] = p;
  auto order = work_order(o, {});
  order.engine = engine_kind::daemon;
  order.profile = "claude";
  order.session = "s-7";
  bool const named = GENERATE(true, false);
  if (named)
    order.tools = {"Bash(npm test:*)", "WebFetch"};
  auto const done = b.run(order);
  INFO(done.end.summary);
  REQUIRE(done.end.how == link::outcome::done);
  auto const args = o.file("args.txt", "agent/b1-1");
  auto const env = o.file("env.txt", "agent/b1-1");
  auto const prompt = o.file("prompt.txt", "agent/b1-1");
  if (named) {
    CHECK(args.find("--allowedTools\nBash(npm test:*),WebFetch\n--resume\ns-7\n-p\n") == 0);
    CHECK(env.find("TROUPE_TOOLS=Bash(npm test:*),WebFetch\n") != std::string::npos);
    CHECK(prompt.find("## Your tools\n\n- Bash(npm test:*)\n- WebFetch\n") != std::string::npos);
  } else {
    CHECK(args.find("--resume\ns-7\n-p\n") == 0);
    CHECK(env.find("TROUPE_TOOLS=\n") != std::string::npos);
    CHECK(prompt.find("Your tools") == std::string::npos);
  }
}
