#pragma once

#include "tests/api/lab.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <sstream>

namespace troupe::test {

inline std::vector<std::string> lines(std::string const& text) {
  std::vector<std::string> out;
  std::istringstream in{text};
  for (std::string line; std::getline(in, line);)
    out.push_back(line);
  return out;
}

/// A server, a real repository with one commit, and a project that works on it with commands;
/// `more`: members of its configuration, on top of those of the template `preset`.
struct shop {
  explicit shop(std::string const& tests, json::object const& more = {},
                std::string const& preset = "standard")
      : lab{{"--heartbeat-ms", "300"}} {
    auto const clone = lab.home() / "clone";
    (void)git({"init", "-q", "--bare", "-b", "main", bare.string()}, lab.home());
    (void)git({"clone", "-q", bare.string(), clone.string()}, lab.home());
    (void)git({"checkout", "-q", "-B", "main"}, clone);
    std::ofstream{clone / "README"} << "Duration\n";
    (void)git({"add", "."}, clone);
    (void)git({"commit", "-q", "-m", "first"}, clone);
    (void)git({"push", "-q", "origin", "HEAD:refs/heads/main"}, clone);
    first = lines(git({"rev-parse", "main"})).at(0);
    json::object config{
        {"repository", bare.string()}, {"test_command", tests}, {"limits", {{"lease", 20000}}}};
    for (auto const& member : more)
      config.insert_or_assign(member.key(), member.value());
    auto const made = lab.post(
        "/api/projects", json::canonical(json::object{
                             {"id", "duration"}, {"template_name", preset}, {"config", config}}));
    INFO(made.body);
    REQUIRE(made.status == 201);
  }

  [[nodiscard]] std::string git(std::vector<std::string> words,
                                std::filesystem::path const& in) const {
    words.insert(words.begin(), "git");
    auto const r = run_program(words,
                               {{"PATH", "/usr/local/bin:/usr/bin:/bin"},
                                {"HOME", lab.home().string()},
                                {"GIT_AUTHOR_NAME", "Olga"},
                                {"GIT_AUTHOR_EMAIL", "olga@example.org"},
                                {"GIT_COMMITTER_NAME", "Olga"},
                                {"GIT_COMMITTER_EMAIL", "olga@example.org"}},
                               {}, in);
    INFO(words.at(1) << ": " << r.err);
    REQUIRE(r.exit_code == 0);
    return r.out;
  }
  [[nodiscard]] std::string git(std::vector<std::string> words) const {
    return git(std::move(words), bare);
  }
  /// Those on the way to a branch, oldest first, without the first of all.
  [[nodiscard]] std::vector<std::string> commits(std::string const& branch) const {
    return lines(git({"rev-list", "--reverse", "--topo-order", first + ".." + branch}));
  }
  [[nodiscard]] std::string merged_ticket() const {
    auto const page = lab.get("/api/tickets?status=DONE");
    auto const& items = page.json.at("items").as_array();
    return items.empty() ? std::string{} : text_at(items.front(), "id");
  }

  api_lab lab;
  std::filesystem::path const bare = lab.home() / "origin.git";
  std::string first;
};

} // namespace troupe::test
