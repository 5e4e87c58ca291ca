#pragma once

#include "cli/command.hpp"
#include "cli/console.hpp"

namespace troupe {

/// The tree of commands. Each file of this folder adds its own with `add`; parsing chooses one.
class command_line {
public:
  using action = std::function<int(console&)>;

  command_line();

  [[nodiscard]] command root() const { return tree_.root(); }
  [[nodiscard]] common_flags& common() { return common_; }

  /// Adds a command; `examples` stand at the end of its help, one a line.
  command add(command below, std::string const& name, std::string const& what,
              std::string const& examples, action run);
  /// Adds a command that only holds others.
  command add_group(std::string const& name, std::string const& what, std::string const& examples);
  /// The command runs although the settings are wrong, or has no need of them.
  void without_settings(command of) { bare_.push_back(of); }

  /// Parses and runs. Answers the exit code.
  [[nodiscard]] int run(int argc, char const* const* argv);

private:
  int refuse(std::string const& what) const;

  command_tree tree_;
  common_flags common_;
  action chosen_;
  std::optional<command> chosen_command_;
  std::vector<command> bare_;
};

/// The command below `of` that a mistyped word means; empty where none is near.
[[nodiscard]] std::string nearest_command(command of, std::string const& word);

/// A flag whose text is a setting: `--port 8080` is `server.port`.
option add_setting(command_line& line, command to, std::string const& flag, std::string const& key,
                   std::string const& what);

/// The version of this program, as text or JSON. Answers the exit code.
int show_version(console const& out);

/// Builds the whole tree and runs what the arguments say.
[[nodiscard]] int run_command_line(int argc, char const* const* argv);
/// Adds every command of this folder.
void add_commands(command_line& line);

} // namespace troupe
