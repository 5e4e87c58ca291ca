#pragma once

#include "cli/text/style.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace troupe {

/// The picture of a sequence diagram in a terminal: a lane for each who takes part, from its name
/// downwards, and beside the lanes the words. A lane keeps its owner as long as there is room; then
/// that of whoever was silent longest, and for long enough, is handed over.
class lanes {
public:
  explicit lanes(text_style style);

  using place = std::optional<std::size_t>;
  /// The lane of somebody, given to it now if need be; none where there is none to give. `beside`:
  /// keeps its own.
  [[nodiscard]] place of(std::string const& who, place beside = {});
  /// Who got a lane since the last call: to be shown before what follows.
  [[nodiscard]] std::string newcomers();
  /// The names of all.
  [[nodiscard]] std::string heads() const;

  /// How one line is drawn.
  struct stroke {
    place from;
    place to;               ///< as `from`, or none: a sign on one lane
    std::string sign = "●"; ///< one column
    bool dashed = false;
    ink meaning = ink::plain;
  };
  /// A line of the picture with words beside it, which go on below where they are too long, up to
  /// so many lines.
  [[nodiscard]] std::string line(std::string const& time, stroke const& what,
                                 std::string const& words, ink meaning, std::size_t most_lines);

private:
  struct lane {
    std::string who;
    std::size_t used = 0; ///< the line that last needed it
    std::string before;   ///< whose it was, until that is shown
    bool fresh = true;
  };
  /// One column of the terminal.
  struct cell {
    std::string glyph = " ";
    ink meaning = ink::faint;
  };
  [[nodiscard]] std::vector<cell> bars() const;
  void draw(stroke const& what, std::vector<cell>& to) const;
  void write(std::string const& name, std::size_t at, ink meaning, std::vector<cell>& to) const;
  [[nodiscard]] std::string shown(std::string const& time, std::vector<cell> const& cells,
                                  std::string const& words, ink meaning,
                                  std::size_t most_lines) const;

  text_style style_;
  std::size_t most_; ///< lanes
  std::vector<lane> all_;
  std::size_t lines_ = 0;
};

} // namespace troupe
