#pragma once

#include "daemon/link_client.hpp"
#include "daemon/runner.hpp"

#include <stop_token>

/// `troupe daemon run`: everything of the operator's side put together.
namespace troupe::local {

struct daemon_settings {
  std::filesystem::path data; ///< identity, spool, clones, worktrees, logs
  std::string server;         ///< URL; empty: the one that the daemon enrolled with
  std::string name;           ///< of the machine; empty: the one it enrolled with
  std::int32_t slots = 2;     ///< attempts at once
  std::map<std::string, repository_source> repositories; ///< by the name that projects use
  bool any_repository = true;       ///< orders may name paths and URLs that are not in the list
  std::filesystem::path profiles;   ///< folder of the operator's runner profiles; may be missing
  std::vector<std::string> runners; ///< profiles to offer; empty: all that are installed
  std::string command;              ///< what the profile `command` runs
  bool allow_process = true;        ///< run command lines that the server sends
  std::vector<std::string> environment; ///< further variables that tools may see
  std::string author_name = "Troupe agent {agent}";
  std::string author_email = "{agent}@troupe.invalid";
  std::filesystem::path ca_file;            ///< further trusted certificates (PEM)
  duration drain{std::chrono::seconds{30}}; ///< how long attempts may go on after SIGTERM
  duration grace{std::chrono::seconds{10}}; ///< between TERM and KILL of a tool
  duration first_backoff{200};
  duration last_backoff{std::chrono::seconds{10}};
  guard_program guard{"/proc/self/exe"}; ///< a program that calls guard_main
  bool require_runner = false;           ///< refuse to run where nothing could be offered
  bool handle_signals = true;            ///< SIGTERM, SIGINT: drain; a second one: at once
};

/// Exit codes of run_daemon.
constexpr int daemon_ok = 0;
constexpr int daemon_failed = 1;       ///< disk, spool
constexpr int daemon_bad_settings = 2; ///< a profile, an address; said on standard error
constexpr int daemon_busy = 4;         ///< another daemon uses the folder
constexpr int daemon_unauthorized = 3; ///< not enrolled, or the token was revoked

/// Runs until it is told to stop. Errors are logged and said on standard error.
[[nodiscard]] int run_daemon(daemon_settings const& settings, std::stop_token stop = {});

/// Trades a code for an identity and stores it, before anything is said to the user. conflict: the
/// folder has an identity already and `replace` is false.
[[nodiscard]] result<identity> enroll_daemon(daemon_settings const& settings,
                                             std::string const& code, bool replace = false);

/// What this machine offers by its settings. invalid_argument for a broken profile, or one that is
/// asked for and not there.
[[nodiscard]] result<std::vector<link::runner_info>>
offered_runners(daemon_settings const& settings);

} // namespace troupe::local
