#include "cli/text/table.hpp"

#include "cli/text/columns.hpp"

#include <algorithm>
#include <numeric>

namespace troupe {

namespace {

constexpr std::size_t gap = 2;
constexpr std::size_t least_elastic = 12;

} // namespace

void table::add(std::vector<cell> row) {
  row.resize(columns_.size(), cell{""});
  rows_.push_back(std::move(row));
}

std::string table::text(text_style const& style, std::size_t indent) const {
  std::vector<std::size_t> widths;
  for (auto const& c : columns_)
    widths.push_back(columns::width(c.title));
  for (auto const& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], columns::width(row[i].text));
  }
  if (style.width > 0) {
    auto const room = static_cast<std::size_t>(style.width);
    auto const used = [&] {
      return std::accumulate(widths.begin(), widths.end(), indent + gap * (widths.size() - 1));
    };
    while (used() > room) {
      std::size_t* widest = nullptr;
      for (std::size_t i = 0; i < widths.size(); ++i) {
        if (columns_[i].elastic && widths[i] > least_elastic &&
            (widest == nullptr || widths[i] > *widest))
          widest = &widths[i];
      }
      if (widest == nullptr)
        break;
      --*widest;
    }
  }
  std::string out;
  auto const line = [&](auto const& cell_of) {
    std::string plain(indent, ' ');
    std::string shown = plain;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      auto const& [raw, meaning] = cell_of(i);
      auto cut = columns::fit(raw, widths[i]);
      if (style.width > 0) { // what the elastic columns could not give
        auto const begun = columns::width(plain);
        auto const room = static_cast<std::size_t>(style.width);
        cut = columns::fit(cut, room > begun ? room - begun : 0);
      }
      auto const filled =
          columns_[i].right ? columns::pad_left(cut, widths[i]) : columns::pad(cut, widths[i]);
      bool const last = i + 1 == columns_.size();
      auto const fill = filled.size() - cut.size();
      if (columns_[i].right)
        shown += std::string(fill, ' ') + paint(style, meaning, cut);
      else
        shown += paint(style, meaning, cut) + (last ? "" : std::string(fill, ' '));
      plain += filled;
      if (!last) {
        shown += std::string(gap, ' ');
        plain += std::string(gap, ' ');
      }
    }
    while (!shown.empty() && shown.back() == ' ')
      shown.pop_back();
    out += shown + "\n";
  };
  line([&](std::size_t i) { return std::pair{columns_[i].title, ink::faint}; });
  for (auto const& row : rows_)
    line([&](std::size_t i) { return std::pair{row[i].text, row[i].meaning}; });
  return out;
}

} // namespace troupe
