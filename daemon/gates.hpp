#pragma once

#include "daemon/evidence_collector.hpp"

/// Automatic conditions on one commit.
namespace troupe::local {

/// Judges every gate of the order on the workspace's commit, in order; all of them, also after one
/// failed, so that an agent hears everything at once. Empty: stopped meanwhile. Errors: unavailable
/// (git failed, or a command could not be run to its end).
[[nodiscard]] result<std::vector<gate_result>> run_gates(executor_settings const& settings,
                                                         link::order const& o, workspace const& w,
                                                         tool_control& control,
                                                         reader_events const& events);

/// Names of the `tests` and `lint` gates that the project gives no command for; a sentence that
/// says so and what to do. Empty: there is none. `none` as a command says that nothing is to be
/// run.
[[nodiscard]] std::string missing_commands(link::order const& o);

/// Whether a changed path falls under a shell glob. `*` also matches slashes; a pattern without a
/// slash matches the name in any folder; one that ends in a slash matches everything below.
[[nodiscard]] bool matches_path(std::string const& pattern, std::string const& path);

} // namespace troupe::local
