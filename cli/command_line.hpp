#pragma once

#include "cli/console.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <functional>

namespace troupe {

/// The tree of commands. Each file of this folder adds its own with `add`; parsing chooses one.
class command_line {
public:
  using action = std::function<int(console&)>;

  command_line();

  [[nodiscard]] CLI::App& root() { return root_; }
  [[nodiscard]] common_flags& common() { return common_; }

  /// Adds a command; `examples` stand at the end of its help, one a line.
  CLI::App& add(CLI::App& below, std::string const& name, std::string const& what,
                std::string const& examples, action run);
  /// Adds a command that only holds others.
  CLI::App& add_group(std::string const& name, std::string const& what,
                      std::string const& examples);
  /// The command runs although the settings are wrong, or has no need of them.
  void without_settings(CLI::App const& command) { bare_.insert(&command); }

  /// Parses and runs. Answers the exit code.
  [[nodiscard]] int run(int argc, char const* const* argv);

private:
  int refuse(std::string const& what) const;

  CLI::App root_;
  common_flags common_;
  action chosen_;
  CLI::App const* chosen_command_ = nullptr;
  std::set<CLI::App const*> bare_;
};

/// The command below `app` that a mistyped word means; empty where none is near.
[[nodiscard]] std::string nearest_command(CLI::App const& app, std::string const& word);

/// A flag whose text is a setting: `--port 8080` is `server.port`.
CLI::Option* add_setting(command_line& line, CLI::App& command, std::string const& flag,
                         std::string const& key, std::string const& what);

/// Builds the whole tree and runs what the arguments say.
[[nodiscard]] int run_command_line(int argc, char const* const* argv);
/// Adds every command of this folder.
void add_commands(command_line& line);

} // namespace troupe
