#pragma once

#include "tests/support/json_file.hpp"

#include <string>
#include <string_view>

namespace troupe::test {

/// tests/data/event-encoding.json: written by another program from docs/event-encoding.md.
inline json::object published_vectors() {
  return json_file(TROUPE_TEST_DATA "/event-encoding.json");
}

inline std::string text_of(json::value const& v) {
  return std::string{std::string_view{v.as_string()}};
}

} // namespace troupe::test
