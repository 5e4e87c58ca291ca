#pragma once

#include <string_view>
#include <vector>

namespace troupe::local {

/// A profile file that is compiled in.
struct shipped_profile {
  char const* name;
  std::string_view toml;
};
[[nodiscard]] std::vector<shipped_profile> const& shipped_profiles();

} // namespace troupe::local
