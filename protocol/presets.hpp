#pragma once

#include <string_view>

/// The texts of `protocol/presets/`, compiled in. Written by the build.
namespace troupe::presets {

struct text {
  std::string_view name; ///< file name without `.json`
  std::string_view json;
};

extern text const processes[3];
extern text const templates[3];

} // namespace troupe::presets
