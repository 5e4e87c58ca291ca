#pragma once

#include "daemon/runner.hpp"

/// Proof from git and from our own runs; nothing in it is a model's word.
namespace troupe::local {

/// At most so many file names travel; the gates look at all of them here.
constexpr std::size_t evidence_files_limit = 2000;
constexpr std::size_t evidence_diff_limit = 256 * 1024;

/// A command that says that there is none, on purpose: nothing is run, and that is fine.
constexpr std::string_view no_command = "none";
/// Whether a command is there to be run: neither missing nor `none`.
[[nodiscard]] bool to_be_run(std::string const& command);
/// Whether the end of a run says something about what was run. It does not where the run could not
/// begin, or was killed from outside (no memory left, its guard killed): worth another try.
[[nodiscard]] bool conclusive(tool_end const& end);

/// What changed from `base` to `head`, and the commits between them. The diff only where the order
/// opts in.
[[nodiscard]] result<evidence> collect_evidence(git const& g, link::order const& o,
                                                std::string const& base, std::string const& head);

/// For a report about somebody else's work: the author's own names the commits.
void without_commits(evidence& proof);

/// Runs the order's test command on what the worktree stands on, and adds command, exit code and
/// log digest. False: stopped before it ended. What the tests wrote into the worktree is removed.
/// Errors: unavailable (the run was not conclusive).
[[nodiscard]] result<bool> add_test_run(evidence& proof, executor_settings const& settings,
                                        link::order const& o, workspace const& w,
                                        tool_control& control);

/// Commits what the agent left uncommitted, with the ticket's title and trailers. Hooks run. False:
/// there was nothing. Errors: unavailable (a hook refused; what it printed stays here).
[[nodiscard]] result<bool> commit_leftovers(executor_settings const& settings, link::order const& o,
                                            workspace const& w);

/// Where a secret is gone from the files but still in a commit on the way there, the commits since
/// `base` become one: otherwise the merge would publish it. The old commits stay under a snapshot
/// ref on this machine. False: there was no need, or the secret is still in the files.
[[nodiscard]] result<bool> fold_secret_history(executor_settings const& settings,
                                               link::order const& o, workspace const& w,
                                               std::string const& base);

/// `Troupe-Ticket`, `Troupe-Brief`, `Troupe-Attempt`: the way from a commit back to its causes.
[[nodiscard]] std::string trailers_of(link::order const& o);

} // namespace troupe::local
