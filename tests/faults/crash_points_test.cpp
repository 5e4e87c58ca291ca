#include "tests/faults/scenario.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <regex>

using namespace troupe;
using namespace troupe::faults;

namespace troupe::faults {
int crash_points_are_nothing();
}

namespace {

namespace fs = std::filesystem;
fs::path const source{TROUPE_SOURCE_DIR};

/// All TROUPE_CRASH_POINT(n, "name") of the product's sources.
std::multimap<int, std::string> points_in_sources() {
  std::multimap<int, std::string> out;
  std::regex const point{R"~(TROUPE_CRASH_POINT\((\d+),\s*"([^"]*)"\))~"};
  for (auto const* folder : {"protocol", "persistence", "actors", "gateway", "daemon", "cli"})
    for (auto const& f : fs::recursive_directory_iterator{source / folder}) {
      auto const name = f.path().filename().string();
      if (!name.ends_with(".cpp") && !name.ends_with(".hpp"))
        continue;
      auto const text = read_text(f.path());
      for (std::sregex_iterator i{text.begin(), text.end(), point}, end; i != end; ++i)
        out.emplace(std::stoi((*i)[1]), (*i)[2]);
    }
  return out;
}

} // namespace

TEST_CASE("crash points: the table is what stands in the sources", "[faults]") {
  auto const found = points_in_sources();
  std::map<int, std::string> table;
  for (auto const& p : crash_places()) {
    CHECK(table.emplace(p.number, p.name).second);
    INFO(p.number << " " << p.name);
    CHECK(found.contains(p.number));
  }
  CHECK(table.size() >= 20);
  for (auto const& [number, name] : found) {
    INFO(number << " " << name);
    REQUIRE(table.contains(number));
    CHECK(table.at(number) == name);
  }
}

TEST_CASE("crash points: docs/faults.md has each of them", "[faults]") {
  auto const page = read_text(source / "docs" / "faults.md");
  for (auto const& p : crash_places()) {
    INFO(p.number << " " << p.name);
    CHECK(page.find("| " + std::to_string(p.number) + " | " + p.name + " |") != std::string::npos);
  }
}

TEST_CASE("crash points: a release build has none", "[faults]") {
  // Compiles only if the macros are nothing without the definition.
  CHECK(crash_points_are_nothing() == 0);
  // The release preset is one of CMake's types with NDEBUG; the others set no type at all.
  auto const presets = json::parse(read_text(source / "CMakePresets.json"));
  REQUIRE(presets.has_value());
  std::map<std::string, std::string> types;
  for (auto const& p : presets->at("configurePresets").as_array()) {
    auto const* set = p.as_object().if_contains("cacheVariables");
    auto const* type = set == nullptr ? nullptr : set->as_object().if_contains("CMAKE_BUILD_TYPE");
    if (type != nullptr)
      types[std::string{std::string_view{p.at("name").as_string()}}] =
          std::string{std::string_view{type->as_string()}};
  }
  CHECK(types.at("release") == "RelWithDebInfo");
  CHECK(types.at("dev").empty());
  CHECK(types.at("asan").empty());
  // What is in a binary: the names in one that has them, and no trace in a release if there is one.
  auto const trace = std::string{"store: after the commit"};
#ifndef NDEBUG
  CHECK(read_text(TROUPE_BINARY).find(trace) != std::string::npos);
#else
  CHECK(read_text(TROUPE_BINARY).find(trace) == std::string::npos);
#endif
  if (auto const release = source / "build" / "release" / "cli" / "troupe"; fs::exists(release)) {
    auto const bytes = read_text(release);
    CHECK(bytes.find(trace) == std::string::npos);
    CHECK(bytes.find("TROUPE_CRASH_AT") == std::string::npos);
    CHECK(bytes.find("TROUPE_POISON") == std::string::npos);
  }
}
