#pragma once

#include "daemon/spawn.hpp"
#include "protocol/daemon_link.hpp"

/// Runner profiles: how to start one coding CLI and how to read what it says. Data, not code; the
/// shipped ones are compiled in, the operator's own files replace or add.
namespace troupe::local {

enum class output_format { text, jsonl, claude_stream_json, codex_jsonl };

struct runner_profile {
  std::string name;
  std::string summary;
  std::string program;                       ///< looked up in PATH; empty: `command` is run
  std::string command;                       ///< shell command line, for profiles without program
  std::vector<std::string> arguments;        ///< with placeholders `{prompt}`, `{session}`, …
  std::vector<std::string> resume;           ///< before the arguments when a session goes on
  std::vector<std::string> resume_arguments; ///< instead of the arguments when a session goes on
  std::vector<std::string> tools;            ///< before the arguments when the agent has tools
  std::vector<std::string> version;          ///< arguments that print the version
  std::vector<std::string> environment;      ///< variables of ours that the program may see
  std::map<std::string, std::string> set;    ///< variables set for it
  output_format format = output_format::text;
  bool answers = false; ///< reads answers to its questions on standard input; else that is empty
  std::map<int, std::string> exit_codes; ///< outcome or reason, by name
};

using profile_map = std::map<std::string, runner_profile>;

/// One profile from TOML. invalid_argument with file, key and allowed values.
[[nodiscard]] result<runner_profile> parse_profile(std::string_view toml, std::string const& file);
/// The shipped profiles, with the files `*.toml` of a folder (may be missing) on top.
[[nodiscard]] result<profile_map> load_profiles(std::filesystem::path const& folder = {});

/// A coding CLI on this machine.
struct detected_cli {
  std::string profile;
  std::string summary;
  std::string path; ///< empty: not installed
  std::string version;
};
/// Looks for the program of every profile that has one; asks those that are there for their
/// version, at most five seconds each.
[[nodiscard]] std::vector<detected_cli> detect_clis(profile_map const& profiles);
/// The same for the shipped profiles.
[[nodiscard]] std::vector<detected_cli> detect_clis();

/// What an exit code means by a profile: an outcome, with a reason when it is a failure.
struct exit_meaning {
  link::outcome how = link::outcome::failed;
  reason why = reason::none;
};
[[nodiscard]] exit_meaning meaning_of(runner_profile const& profile, int exit_code);

/// Replaces `{name}` by its value; unknown names stay as they are.
[[nodiscard]] std::string fill_in(std::string_view text,
                                  std::map<std::string, std::string> const& values);

} // namespace troupe::local
