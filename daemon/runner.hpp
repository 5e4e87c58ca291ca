#pragma once

#include "daemon/output_reader.hpp"
#include "daemon/tool_run.hpp"
#include "daemon/workspace.hpp"

/// One tool in one worktree: its command line, its environment, its files.
namespace troupe::local {

/// Settings that every attempt shares.
struct executor_settings {
  std::filesystem::path data; ///< worktrees, attempts and clones lie below
  profile_map profiles;
  guard_program guard{"/proc/self/exe"};
  std::string command; ///< what the profile `command` runs where neither order nor profile says
  std::vector<std::string> environment; ///< further variables of ours that tools may see
  std::string author_name = "Troupe agent {agent}";
  std::string author_email = "{agent}@troupe.invalid";
  bool allow_process = true; ///< command lines of the server are run (engine `process`)
  duration grace{std::chrono::seconds{10}}; ///< between TERM and KILL
  duration setup_timeout{std::chrono::minutes{20}};
  duration test_timeout{std::chrono::minutes{30}};
};

/// What a tool run comes to, before evidence.
struct runner_report {
  tool_verdict said;
  tool_end end;
  std::filesystem::path log;           ///< all of its output
  std::vector<std::string> last_words; ///< the end of its output, without the source's lines
};

/// Files of one attempt, outside of the worktree; they stay on this machine.
[[nodiscard]] std::filesystem::path attempt_folder(executor_settings const& settings,
                                                   link::order const& o);
/// The author of an order's commits.
[[nodiscard]] git_author author_of(executor_settings const& settings, link::order const& o);

/// Environment of every command of an attempt: allow-listed variables of ours, TROUPE_*, the
/// author for git, ports.
[[nodiscard]] environment attempt_environment(executor_settings const& settings,
                                              link::order const& o, workspace const& w);

/// The profile of an order: for engine `process` one that runs its command line. Errors:
/// not_found (no such profile), forbidden (commands of the server are not run here),
/// invalid_argument (nothing to run).
[[nodiscard]] result<runner_profile> profile_of(executor_settings const& settings,
                                                link::order const& o);

/// Writes prompt and order files, runs the tool to its end, reads what it says.
[[nodiscard]] result<runner_report> run_runner(executor_settings const& settings,
                                               link::order const& o, workspace const& w,
                                               tool_control& control, reader_events events);

/// Runs a shell command of the project (setup, tests, lint) in a directory, under a guard.
[[nodiscard]] tool_end run_shell(executor_settings const& settings, std::string const& command,
                                 std::filesystem::path const& directory, environment env,
                                 std::filesystem::path const& log, duration timeout,
                                 tool_control& control);

} // namespace troupe::local
