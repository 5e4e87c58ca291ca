#pragma once

#include "cli/text/style.hpp"

#include <vector>

namespace troupe {

/// Rows in aligned columns. Where the whole is wider than the style allows, the columns marked
/// elastic give way first, down to 12 columns each, then every line is cut.
class table {
public:
  struct column {
    std::string title;
    bool elastic = false;
    bool right = false; ///< numbers
  };
  struct cell {
    std::string text;
    ink meaning = ink::plain;
    cell(std::string t, ink m = ink::plain) : text(std::move(t)), meaning(m) {} // NOLINT
    cell(char const* t) : text(t) {}                                            // NOLINT
  };

  explicit table(std::vector<column> columns) : columns_(std::move(columns)) {}
  void add(std::vector<cell> row);
  [[nodiscard]] bool empty() const { return rows_.empty(); }
  /// Header and rows, a line end after each, `indent` spaces before each.
  [[nodiscard]] std::string text(text_style const& style, std::size_t indent = 0) const;

private:
  std::vector<column> columns_;
  std::vector<std::vector<cell>> rows_;
};

} // namespace troupe
