#pragma once

#include "daemon/evidence_collector.hpp"

/// A ticket's commit into the target branch, on the operator's machine.
namespace troupe::local {

struct merge_report {
  link::outcome how = link::outcome::done;
  reason why = reason::none;
  std::string merged; ///< commit on the target branch
  std::string summary;
  evidence proof; ///< `files`: in conflict, or changed by the ticket
};

/// Merges `expected_head` (not whatever the branch shows now: the gates were about that commit)
/// with a merge commit, runs the tests on the result, and pushes only if the target branch has not
/// moved meanwhile; else it starts again, a few times. Asked again, it finds the commit that is
/// there already. Errors: unavailable (origin), busy (the target kept moving, or its checkout has
/// local changes), not_found (no such commit or branch).
[[nodiscard]] result<merge_report> merge_ticket(executor_settings const& settings,
                                                link::order const& o, repository& where,
                                                workspaces& rooms, tool_control& control,
                                                reader_events const& events);

/// The commit of `target` that brought `head` in, if it is there: its merge commit, or `head`
/// itself where the branch was moved forward. Empty: not merged.
[[nodiscard]] result<std::string> merged_as(git const& g, std::string const& head,
                                            std::string const& target);

} // namespace troupe::local
