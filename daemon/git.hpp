#pragma once

#include "daemon/spawn.hpp"

/// Git, run as a program. Its environment is allow-listed, it never asks on a terminal, and its
/// messages are in English, because some are read.
namespace troupe::local {

/// Who commits.
struct git_author {
  std::string name = "Troupe agent";
  std::string email = "agent@troupe.invalid";
};

/// What a command of git said.
struct git_answer {
  int exit_code = 0;
  std::string out; ///< without the last line end
  std::string err;
  [[nodiscard]] bool ok() const { return exit_code == 0; }
};

/// One directory to run git in: a bare repository or a worktree.
class git {
public:
  explicit git(std::filesystem::path directory, git_author author = {});

  /// Runs `git args…`. Errors: not_found (no git, no directory), timeout.
  [[nodiscard]] result<git_answer> run(std::vector<std::string> args, environment extra = {},
                                       std::string_view input = {}) const;
  /// The output of a command that must succeed. Errors also: unavailable with git's last line,
  /// redacted.
  [[nodiscard]] result<std::string> out(std::vector<std::string> args,
                                        environment extra = {}) const;
  /// The same without its output.
  [[nodiscard]] result<void> must(std::vector<std::string> args, environment extra = {}) const;
  /// Whether a command ends with 0; errors count as no.
  [[nodiscard]] bool succeeds(std::vector<std::string> args) const;
  /// The commit that a name stands for; empty if there is none.
  [[nodiscard]] std::string commit(std::string const& name) const;

  [[nodiscard]] std::filesystem::path const& directory() const { return directory_; }
  [[nodiscard]] git_author const& author() const { return author_; }
  /// The variables that make git commit as the author, for tools too.
  [[nodiscard]] environment author_environment() const;

  /// Longer than this and git is killed: a remote that does not answer.
  std::chrono::milliseconds timeout{std::chrono::minutes{10}};

private:
  std::filesystem::path directory_;
  git_author author_;
};

/// Splits at line ends; no empty last line.
[[nodiscard]] std::vector<std::string> lines_of(std::string_view text);
/// Splits `-z` output.
[[nodiscard]] std::vector<std::string> fields_of(std::string_view text);
/// One line of printable text of at most `limit` bytes, cut at a UTF-8 boundary.
[[nodiscard]] std::string one_line(std::string_view text, std::size_t limit);
/// A name as a part of a ref or a file name: letters, digits, `-`, `_`, `.`; others become `-`.
[[nodiscard]] std::string safe_name(std::string_view text);

} // namespace troupe::local
