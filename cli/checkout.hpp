#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace troupe {

/// Something that was found in a repository, and because of what.
struct detected {
  std::string value;
  std::string because; ///< the file that says so
};

/// The command that runs the tests of a repository: from its build files, the most specific first.
[[nodiscard]] std::optional<detected> detect_test_command(std::filesystem::path const& root);
/// The command that makes a fresh checkout ready: from its lock files.
[[nodiscard]] std::optional<detected> detect_setup_command(std::filesystem::path const& root);
/// Of the files that git ignores, those that a fresh checkout needs to run: `.env`, local settings.
[[nodiscard]] std::vector<std::string>
pick_env_files(std::vector<std::string> const& ignored_files);
/// An id for a project out of a folder's name: a-z, 0-9 and -, at most 40.
[[nodiscard]] std::string project_id_of(std::string const& folder);
/// A repository's URL without user and password.
[[nodiscard]] std::string without_credentials(std::string const& url);

} // namespace troupe
