#pragma once

#include "tests/cli/office.hpp"

#include <fstream>

/// A project with a repository, made like a newcomer's, and how far its first brief can be brought.
namespace troupe::test {

inline std::string const talk = "Ada: parse_duration should accept weeks.\n"
                                "Ben: And format_duration must print 0s for zero.\n";

/// A project with a repository that is there, made like a newcomer's.
inline void project_with_repository(office const& at, std::string const& more = {}) {
  auto const shop = at.home() / "shop";
  std::filesystem::create_directories(shop);
  std::ofstream{shop / "README"} << "A shop.\n";
  std::map<std::string, std::string> const env{
      {"PATH", "/usr/bin:/bin"},      {"HOME", at.home().string()},
      {"GIT_AUTHOR_NAME", "Nina"},    {"GIT_AUTHOR_EMAIL", "nina@example.org"},
      {"GIT_COMMITTER_NAME", "Nina"}, {"GIT_COMMITTER_EMAIL", "nina@example.org"}};
  for (std::vector<std::string> words : {std::vector<std::string>{"init", "-q", "-b", "main"},
                                         {"add", "-A"},
                                         {"commit", "-q", "-m", "A shop"}}) {
    words.insert(words.begin(), "git");
    REQUIRE(run_program(words, env, "", shop).exit_code == 0);
  }
  auto const patch =
      R"({"repository":")" + shop.string() + R"(","test_command":"none","mode":"ask")" + more + "}";
  (void)at.json_of({"project", "create", "shop", "--template", "solo", "--patch", "-"}, patch);
}

inline std::string pending_brief(office const& at) {
  auto const brief = at.json_of({"brief", "submit", "-", "--project", "shop", "--wait"}, talk);
  REQUIRE(text_at(brief, "status") == "pending_approval");
  return text_at(brief, "id");
}

/// Approves the brief; the plan that waits then.
inline std::string pending_plan(office const& at, std::string const& brief) {
  REQUIRE(at.run({"brief", "approve", brief}).exit_code == 0);
  REQUIRE(eventually([&] {
    auto const page =
        at.json_of({"plan", "list", "--brief", brief, "--status", "pending_approval"});
    return !page.at("items").get_array().empty();
  }));
  return brief + ".p1";
}

inline std::string ready_ticket(office const& at) {
  std::string out;
  REQUIRE(eventually([&] {
    auto const page = at.json_of({"ticket", "list", "--status", "ready"});
    auto const& items = page.at("items").get_array();
    if (!items.empty())
      out = text_at(items.front(), "id");
    return !items.empty();
  }));
  return out;
}

/// Waits until the run is running: its tickets are open before.
inline void await_running(office const& at, std::string const& run) {
  REQUIRE(eventually([&] {
    return text_at(at.json_of({"run", "show", run}), "status") == "running";
  }));
}

/// An enrolled daemon whose every attempt does what this command does.
inline std::unique_ptr<background> daemon_with(office const& at, std::string const& command) {
  auto const code = text_at(at.json_of({"daemon", "code"}), "code");
  auto const data = (at.home() / "laptop").string();
  REQUIRE(at.run({"daemon", "enroll", "--code", code, "--data", data}).exit_code == 0);
  return std::make_unique<background>(
      std::vector<std::string>{"daemon", "run", "--data", data, "--command", command}, at.home(),
      at.home() / "laptop.log");
}

} // namespace troupe::test
