#pragma once

#include <filesystem>

namespace troupe {

/// Stands in for a coding CLI: replays the scene of a script that fits the order in
/// `TROUPE_ORDER_FILE`, in the current directory, and says in every line that it is scripted.
/// Answers the exit code of a coder: 0 done, 2 changes requested, other values failed.
[[nodiscard]] int run_scripted_coder(std::filesystem::path const& script);

} // namespace troupe
