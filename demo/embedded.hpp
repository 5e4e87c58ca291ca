#pragma once

#include <string_view>
#include <vector>

namespace troupe::demo {

struct embedded_file {
  std::string_view name; ///< path below demo/
  std::string_view text;
};

/// The demo's files, as they are in the source tree.
[[nodiscard]] std::vector<embedded_file> const& embedded_files();

} // namespace troupe::demo
