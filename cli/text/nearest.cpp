#include "cli/text/nearest.hpp"

#include <algorithm>

namespace troupe {

namespace {

/// Edits between two words.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j < row.size(); ++j)
    row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      auto const above = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

} // namespace

std::string nearest(std::vector<std::string> const& known, std::string_view word) {
  std::string best;
  std::size_t least = 3;
  for (auto const& k : known) {
    auto const d = distance(word, k);
    if (d < least && d < word.size()) {
      least = d;
      best = k;
    }
  }
  return best;
}

} // namespace troupe
