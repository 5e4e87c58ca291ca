#include "persistence/memory/memory_store.hpp"
#include "tests/api/inner_node.hpp"
#include "tests/cli/program.hpp"

#include <algorithm>
#include <sstream>

using namespace troupe;
using namespace troupe::test;

namespace {

/// The cells of a line of a table, without the spaces and backquotes around them.
std::vector<std::string> cells(std::string const& line) {
  std::vector<std::string> out;
  std::istringstream in{line};
  std::string cell;
  std::getline(in, cell, '|');
  while (std::getline(in, cell, '|')) {
    auto const begin = cell.find_first_not_of(" `");
    auto const end = cell.find_last_not_of(" `");
    out.push_back(begin == std::string::npos ? "" : cell.substr(begin, end - begin + 1));
  }
  return out;
}

} // namespace

TEST_CASE("api: the page of the routes has each of them, and no other", "[api]") {
  std::vector<std::string> told;
  std::istringstream page{text_of(TROUPE_SOURCE_DIR "/docs/api.md")};
  for (std::string line; std::getline(page, line);) {
    auto const row = cells(line);
    if (row.size() < 2 || !row[1].starts_with('/'))
      continue;
    INFO(line);
    REQUIRE(row.size() == 5);
    CHECK_FALSE(row[3].empty());
    CHECK_FALSE(row[4].empty());
    told.push_back(row[0] + " " + row[1] + " " + row[2] +
                   (row[3] == "–" ? " without a body" : " with a body"));
  }
  std::vector<std::string> there;
  inner_node inner{open_memory_store()};
  for (auto const& r : all_routes(*inner.edge))
    there.push_back(r.method + " " + r.pattern + " " +
                    (r.needs == role::none ? "anybody" : std::string{to_string(r.needs)}) +
                    (r.body_limit == 0 ? " without a body" : " with a body"));
  std::sort(told.begin(), told.end());
  std::sort(there.begin(), there.end());
  CHECK(told == there);
}
