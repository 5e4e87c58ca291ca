#pragma once

#include "gateway/http/message.hpp"

#include <string_view>
#include <vector>

namespace troupe {

/// One file of the dashboard as it was embedded by the build.
struct dashboard_file {
  std::string_view name; ///< `index.html`, or `main-Bx3f.js` with a hash of its content
  std::string_view type; ///< Content-Type
  std::string_view plain, gzip, brotli;
};

/// All of them; none in a build without the dashboard. The definition is made by the build.
[[nodiscard]] std::vector<dashboard_file> const& dashboard_files();

/// The answer with a file: in the best encoding that the client takes; for ever where the name has
/// the content's hash, else with an ETag to ask again with.
[[nodiscard]] response answer_with(dashboard_file const& file, request const& r);

} // namespace troupe
