#pragma once

#include "daemon/daemon_app.hpp"

#include <set>

/// What attempts leave behind: logs, which are for looking into what went wrong lately, and
/// worktrees whose ticket the server never said was over (a server that was set up anew, say).
namespace troupe::local {

/// What is old: attempts that ended and were not touched for so long, or of which there are newer
/// ones enough.
struct clean_rule {
  std::chrono::hours age{24 * 14};
  std::size_t most = 1000; ///< logs of attempts that are kept
};

struct old_folder {
  std::filesystem::path folder;
  bool worktree = false; ///< else logs of an attempt
  std::chrono::seconds age{0};
  std::uintmax_t bytes = 0;
  std::string snapshot; ///< ref that holds what only the worktree had; empty: nothing
  std::string kept;     ///< why it was not removed; empty: it was
};

/// The folders below `data` that the rule means, oldest first; none of an attempt in `in_use`
/// (`<ticket>-<token>`). Only looks.
[[nodiscard]] std::vector<old_folder>
find_old_logs(std::filesystem::path const& data, clean_rule const& rule,
              std::set<std::string> const& in_use,
              std::filesystem::file_time_type now = std::filesystem::file_time_type::clock::now());
/// Removes old logs; how many.
std::size_t forget_old_logs(std::filesystem::path const& data, clean_rule const& rule,
                            std::vector<link::held> const& in_use);

/// Removes old logs, and worktrees that are as old: what only they have gets a ref first. Nothing
/// of an order that is open. `dry_run` only looks, also while the daemon runs. Errors: conflict
/// (the folder's daemon runs), those of its spool.
[[nodiscard]] result<std::vector<old_folder>> clean(daemon_settings const& settings,
                                                    clean_rule const& rule, bool dry_run);

} // namespace troupe::local
