#pragma once

#include "protocol/result.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace troupe::demo {

/// The folder in which the demo happens: a shared repository like a team's, the script, and a place
/// for each process.
class workshop {
public:
  /// Makes the folder below `parent` (empty: the system's temporary folder) with a real Git
  /// repository: a bare `origin.git` whose main branch holds the library with passing tests.
  /// Errors: unavailable (no git, no room).
  [[nodiscard]] static result<workshop> open(std::filesystem::path const& parent);

  [[nodiscard]] std::filesystem::path const& folder() const { return folder_; }
  [[nodiscard]] std::filesystem::path origin() const { return folder_ / "origin.git"; }
  [[nodiscard]] std::filesystem::path script() const { return folder_ / "script.json"; }
  [[nodiscard]] std::filesystem::path meeting() const { return folder_ / "meeting.vtt"; }
  /// What each `troupe` of the demo reads in place of its operator's settings.
  [[nodiscard]] std::filesystem::path settings() const { return folder_ / "troupe.toml"; }

  struct state_of_main {
    std::vector<std::string> log; ///< `<hash> <subject>`, newest first, first parents
    int test_exit_code = -1;      ///< of the test suite in a fresh clone
    std::string test_output;
  };
  /// A fresh clone of the target branch, with its tests run.
  [[nodiscard]] result<state_of_main> inspect() const;
  /// Whether a text stands anywhere in the history of the target branch.
  [[nodiscard]] bool history_has(std::string const& text) const;
  void remove() const;

private:
  std::filesystem::path folder_;
};

} // namespace troupe::demo
