#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
} // namespace CLI

namespace troupe {

// What the commands see of the library that reads arguments. It is all in headers, so that each
// file which includes it compiles it anew: only command.cpp does.

/// An option or a positional argument. A handle, valid as long as its `command_tree`.
class option {
public:
  explicit option(CLI::Option& of) : of_(&of) {}

  /// How help calls its value: `FILE`.
  option type_name(std::string const& name) const;
  /// A positional that must be there must not be empty either: it is an id or a text, and `""` is a
  /// variable that was not set.
  option required(bool is = true) const;
  option not_empty() const;
  /// The headline that it stands under in help.
  option group(std::string const& name) const;
  /// Not in help nor completions.
  option hide() const;
  /// Its value must be one of these words, which the help lists.
  option one_of(std::vector<std::string> const& words) const;
  /// Its value must be a number from `least` to `most`.
  option between(std::int64_t least, std::int64_t most) const;
  /// May not stand beside the other.
  option excludes(option other) const;

  /// The arguments had it.
  [[nodiscard]] bool given() const;

  [[nodiscard]] std::vector<std::string> const& long_names() const; ///< without `--`
  [[nodiscard]] std::string const& what() const;
  [[nodiscard]] std::string type() const; ///< as in help
  [[nodiscard]] bool hidden() const;
  [[nodiscard]] bool positional() const;
  [[nodiscard]] int most_values() const; ///< 0: a flag

private:
  CLI::Option* of_;
};

/// A command, which may hold others. A handle, valid as long as its `command_tree`.
class command {
public:
  explicit command(CLI::App& of) : of_(&of) {}
  friend bool operator==(command const&, command const&) = default;

  /// Adds a command below; options of those above may stand after its name.
  [[nodiscard]] command add(std::string const& name, std::string const& what) const;
  /// At most one of those below is chosen, and none is as well.
  void may_choose_below() const;
  void footer(std::string const& text) const;
  /// Not in help nor completions.
  void hide() const;
  /// Called by the parser where this is the innermost command of the arguments.
  void on_chosen(std::function<void()> call) const;

  // Each of these adds an option (`--name`) or a positional argument (`name`), whose value stands
  // in the variable afterwards, or is handed to the function.
  option add_option(std::string const& name, std::string& value, std::string const& what) const;
  option add_option(std::string const& name, std::vector<std::string>& values,
                    std::string const& what) const;
  option add_option(std::string const& name, std::int64_t& value, std::string const& what) const;
  option add_option(std::string const& name, int& value, std::string const& what) const;
  option add_option(std::string const& name, std::uint32_t& value, std::string const& what) const;
  option add_option_function(std::string const& name,
                             std::function<void(std::string const&)> const& take,
                             std::string const& what) const;
  option add_option_function(std::string const& name,
                             std::function<void(std::vector<std::string> const&)> const& take,
                             std::string const& what) const;
  option add_flag(std::string const& name, bool& value, std::string const& what) const;
  option add_flag_callback(std::string const& name, std::function<void()> const& call,
                           std::string const& what) const;
  /// A flag that prints `text` and ends it.
  void add_version_flag(std::string const& name, std::string const& text,
                        std::string const& what) const;

  [[nodiscard]] std::string const& name() const;
  [[nodiscard]] std::string what() const;
  [[nodiscard]] bool hidden() const;
  [[nodiscard]] std::optional<command> parent() const;
  [[nodiscard]] std::vector<command> commands() const; ///< those right below, hidden ones too
  [[nodiscard]] std::vector<option> options() const;   ///< its own, positional ones too
  /// `--name` or `-n` among its own.
  [[nodiscard]] std::optional<option> find_option(std::string const& name) const;
  /// The deepest command below that the arguments named; itself where they named none.
  [[nodiscard]] command innermost() const;
  /// Its help, with `full_name` as its name.
  [[nodiscard]] std::string help(std::string const& full_name) const;

private:
  CLI::App* of_;
};

/// How arguments were understood.
struct parsed {
  enum class as { commands, help, version, wrong };
  as how;
  std::string text; ///< the version, or what is wrong
};

/// Owns a program's commands and reads its arguments.
class command_tree {
public:
  command_tree(std::string const& name, std::string const& what);
  ~command_tree();

  [[nodiscard]] command root() const;
  /// Fills the variables of the options and calls what was chosen.
  [[nodiscard]] parsed parse(int argc, char const* const* argv) const;
  /// Of the command that the parsed arguments named.
  [[nodiscard]] std::string help() const;

private:
  std::unique_ptr<CLI::App> root_;
};

/// For the function of an option: its value is wrong, which ends the parsing.
[[noreturn]] void refuse_value(std::string const& option, std::string const& why);

} // namespace troupe
