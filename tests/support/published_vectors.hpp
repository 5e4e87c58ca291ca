#pragma once

#include "protocol/json.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <sstream>

namespace troupe::test {

/// tests/data/event-encoding.json: written by another program from docs/event-encoding.md.
inline json::object published_vectors() {
  std::ifstream in{TROUPE_TEST_DATA "/event-encoding.json"};
  std::ostringstream text;
  text << in.rdbuf();
  auto const all = json::parse(text.str());
  REQUIRE(all.has_value());
  return all->as_object();
}

inline std::string text_of(json::value const& v) {
  return std::string{std::string_view{v.as_string()}};
}

} // namespace troupe::test
