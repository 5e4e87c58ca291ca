#pragma once

#include <string>
#include <string_view>

namespace CLI {
class App;
}

namespace troupe {

/// A completion script of the tree of commands for `bash`, `zsh` or `fish`.
[[nodiscard]] std::string completion_script(CLI::App const& root, std::string_view shell);

} // namespace troupe
