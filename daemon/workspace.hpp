#pragma once

#include "daemon/repository.hpp"
#include "daemon/tool_run.hpp"
#include "protocol/daemon_link.hpp"

#include <optional>

/// Worktrees of attempts: made ready by the project's recipe, removed only when nothing in them can
/// be lost.
namespace troupe::local {

/// A worktree that is ready to work in.
struct workspace {
  std::filesystem::path directory;
  std::string start;     ///< commit it stands on
  std::string base;      ///< where the ticket's branch left the target branch
  environment variables; ///< TROUPE_PORT_n, and git's settings for this worktree
  bool fresh = false;    ///< made now, so the setup command has to run
};

/// What has been made safe before a removal.
struct removal {
  std::filesystem::path directory;
  std::string snapshot; ///< ref that holds what was unsaved; empty: nothing was
  std::string tree;     ///< of the files as they were
};

class workspaces {
public:
  workspaces(std::shared_ptr<repository> where, std::filesystem::path root);

  /// The worktree of a ticket's work on branch `agent/<ticket>`. The same folder serves all
  /// attempts of a ticket on this machine, because CLI sessions belong to a folder. It starts from
  /// what is furthest: commits made here and not yet published (of an attempt that was killed,
  /// say; they count as the ticket's work), the published branch, `expected_head`, or the target
  /// branch as it is now. What an earlier attempt left uncommitted goes into a
  /// snapshot first. Errors: unavailable (origin), not_found (no target branch, no such commit).
  [[nodiscard]] result<workspace> prepare_work(link::order const& o);
  /// A worktree of its own on one commit, without a branch.
  [[nodiscard]] result<workspace> prepare_detached(link::order const& o, std::string const& commit);

  /// Copies the recipe's files from the operator's checkout and takes ports. Errors:
  /// invalid_argument (a path that leaves the checkout), not_found (a file is not there).
  [[nodiscard]] result<void> equip(workspace& w, workspace_recipe const& recipe) const;
  /// Files that are there now and not in git are no work of an agent: never committed, never
  /// cleaned away. Called after the setup command.
  [[nodiscard]] result<void> set_apart_untracked(workspace& w) const;

  /// Writes what is uncommitted (untracked files too) to
  /// `refs/troupe/snapshots/<ticket>/<name>`; the ref, or empty if there is nothing.
  [[nodiscard]] result<std::string> snapshot(std::filesystem::path const& directory,
                                             std::string const& ticket, std::string const& name);

  /// First phase: everything that only this worktree has gets a ref.
  [[nodiscard]] result<removal> plan_removal(std::filesystem::path const& directory,
                                             std::string const& ticket, std::string const& name);
  /// Second phase: removes the worktree if it is still as it was planned. conflict: it changed
  /// meanwhile, so somebody works in it.
  [[nodiscard]] result<void> carry_out(removal const& planned);
  /// Both phases; plans again once if the worktree changed in between.
  [[nodiscard]] result<std::string> remove(std::filesystem::path const& directory,
                                           std::string const& ticket, std::string const& name);

  /// Removes the locks that a killed git left there. Only where no program is at work.
  void unlock(std::filesystem::path const& directory, std::string const& ticket);
  /// Whether a folder is a whole worktree of this repository: not somebody's folder of that name,
  /// nor one that a killed daemon left half made.
  [[nodiscard]] bool is_worktree(std::filesystem::path const& directory) const;

  [[nodiscard]] std::filesystem::path work_directory(ticket_id const& ticket) const;
  /// Folders here that belong to a ticket.
  [[nodiscard]] std::vector<std::filesystem::path> of_ticket(ticket_id const& ticket) const;

private:
  [[nodiscard]] result<std::string> furthest(link::order const& o);
  [[nodiscard]] result<void> move_aside(std::filesystem::path const& directory, std::int64_t token);
  [[nodiscard]] result<void> clean_up(std::filesystem::path const& directory, link::order const& o);
  [[nodiscard]] result<std::string> tree_of(std::filesystem::path const& directory) const;
  [[nodiscard]] environment settings_of(std::filesystem::path const& directory) const;

  std::shared_ptr<repository> where_;
  std::filesystem::path root_;
};

/// Where a commit's history left the target branch; empty if they share none. Errors: unavailable.
[[nodiscard]] result<std::string> fork_point(git const& g, std::string const& target,
                                             std::string const& commit);

/// `n` ports on the loopback interface that are free now; not given out twice by this process.
[[nodiscard]] result<std::vector<int>> free_ports(int n);

} // namespace troupe::local
