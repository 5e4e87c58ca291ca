#pragma once

#include "protocol/json.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

/// Looking at what a command has printed.
namespace troupe::test {

inline json::value document(std::string const& out) {
  CHECK(std::count(out.begin(), out.end(), '\n') == 1); // one document, one line
  auto v = json::parse(out);
  REQUIRE(v.has_value());
  return *v;
}

inline bool contains(std::string const& text, std::string const& part) {
  return text.find(part) != std::string::npos;
}

} // namespace troupe::test
