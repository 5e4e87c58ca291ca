#pragma once

#include "cli/command.hpp"

#include <string>
#include <string_view>

namespace troupe {

/// A completion script of the tree of commands for `bash`, `zsh` or `fish`.
[[nodiscard]] std::string completion_script(command root, std::string_view shell);

} // namespace troupe
