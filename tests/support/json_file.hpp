#pragma once

#include "protocol/json.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <sstream>
#include <string>

namespace troupe::test {

/// The object that a file of the tests holds; a test without it fails.
inline json::object json_file(std::string const& file) {
  std::ifstream in{file};
  std::ostringstream text;
  text << in.rdbuf();
  INFO(file);
  auto const all = json::parse(text.str());
  REQUIRE(all.has_value());
  return all->as_object();
}

} // namespace troupe::test
