#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// The word of a list that a mistyped one means, for "did you mean"; empty where none is near.
[[nodiscard]] std::string nearest(std::vector<std::string> const& known, std::string_view word);

} // namespace troupe
