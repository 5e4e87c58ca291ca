#pragma once

#include "daemon/git.hpp"
#include "protocol/ids.hpp"

#include <memory>
#include <mutex>

/// The daemon's own bare clone of each project repository. Attempts work in worktrees of it; the
/// operator's checkout is never touched.
///
/// Refs: `refs/remotes/origin/*` follow the origin's branches; `refs/heads/agent/*` are the
/// branches of attempts made here; `refs/troupe/attempts/<ticket>/<token>` (on the origin too) hold
/// what each attempt ended with, so that no daemon can overwrite another's work unseen;
/// `refs/troupe/snapshots/*` hold what was unsaved when a worktree went away.
namespace troupe::local {

/// Where a repository comes from.
struct repository_source {
  std::string url;                ///< path or URL
  std::filesystem::path checkout; ///< the operator's own checkout, for files outside of git
};

class repository {
public:
  repository(std::filesystem::path directory, repository_source source);

  /// Makes the clone if it is not there yet, and gets what is new. Errors: unavailable (origin
  /// cannot be reached), invalid_argument (not a repository).
  [[nodiscard]] result<void> fetch();

  /// Pushes refspecs. conflict: the origin has something else there than expected (not
  /// fast-forward, stale lease); forbidden: it will not take it before a person does something
  /// there (local changes in a checkout, a hook, a protected branch),
  /// and the message says what; unavailable otherwise.
  [[nodiscard]] result<void> push(std::vector<std::string> const& refspecs,
                                  std::vector<std::string> const& options = {});

  /// What the ticket's attempt `token` ended with goes to the origin: always under its own attempt
  /// ref; on the branch `agent/<ticket>` too, unless an attempt with a higher token has been
  /// there (fenced). The branch is replaced, not merged: an attempt may have rewritten its commits.
  [[nodiscard]] result<void> publish(ticket_id const& ticket, std::int64_t token,
                                     std::string const& head);
  /// Only under the attempt ref: for an attempt that lost its lease.
  [[nodiscard]] result<void> publish_apart(ticket_id const& ticket, std::int64_t token,
                                           std::string const& head);
  /// Drops the attempt refs of a ticket here and on the origin.
  [[nodiscard]] result<void> forget_attempts(ticket_id const& ticket);

  [[nodiscard]] git at(std::filesystem::path const& worktree, git_author author = {}) const;
  [[nodiscard]] git bare() const { return git{directory_}; }
  [[nodiscard]] std::string origin_branch(std::string const& branch) const {
    return "refs/remotes/origin/" + branch;
  }
  [[nodiscard]] std::filesystem::path const& directory() const { return directory_; }
  /// The operator's checkout; empty if none is known.
  [[nodiscard]] std::filesystem::path checkout() const;

  /// Held while refs and the list of worktrees change; fetch, push and publish take it themselves.
  [[nodiscard]] std::recursive_mutex& lock() { return lock_; }
  /// Held over a whole merge: two merges into one branch would only make each other try again.
  [[nodiscard]] std::mutex& merging() { return merging_; }

  /// Removes the locks that a killed git left at a worktree (its folder in the clone) and at its
  /// branch. Only when no program can be at work there.
  void unlock(std::filesystem::path const& worktree_git_folder, std::string const& branch);

private:
  [[nodiscard]] result<void> create();
  void unlock_all() const;
  [[nodiscard]] bool is_local_checkout() const;
  [[nodiscard]] error refusal(std::string_view line) const;

  std::filesystem::path directory_;
  repository_source source_;
  bool unlocked_ = false; ///< locks of an earlier process are gone
  std::recursive_mutex lock_;
  std::mutex merging_;
};

/// The clones under one directory, by the name that orders use.
class repository_pool {
public:
  /// `any`: an order may also give a path or URL that is not among the names.
  repository_pool(std::filesystem::path root, std::map<std::string, repository_source> names,
                  bool any);

  /// forbidden: neither a known name, nor are other addresses allowed.
  [[nodiscard]] result<std::shared_ptr<repository>> find(std::string const& name);
  /// Names, and `*` where any address is allowed.
  [[nodiscard]] std::vector<std::string> names() const;
  /// Every clone made so far by this process.
  [[nodiscard]] std::vector<std::shared_ptr<repository>> open() const;

private:
  std::filesystem::path root_;
  std::map<std::string, repository_source> names_;
  bool any_;
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<repository>> open_; ///< by URL
};

} // namespace troupe::local
