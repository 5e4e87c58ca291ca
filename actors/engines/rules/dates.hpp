#pragma once

#include "actors/engines/rules/units.hpp"

namespace troupe::rules {

/// A day or time of day that a sentence names.
struct day_mention {
  std::string text; ///< as it was said, without `the` and `on`
  std::size_t first = 0;
  std::size_t last = 0;   ///< words [first, last) of the unit
  bool bare = false;      ///< an ordinal without a month: a day only where days are talked about
  bool wanted = false;    ///< behind `by`, `until`, `make it`, `say`, `have it on`
  bool ruled_out = false; ///< `the twentieth is a holiday`
};

[[nodiscard]] std::vector<day_mention> days_in(unit const& u);

/// Follows when the whole is wanted through the talk; the last one said counts.
class due_tracker {
public:
  /// Looks at the next unit. True if the unit talks about nothing but the deadline.
  bool take(unit const& u, name_list const& names);
  [[nodiscard]] std::string const& due() const { return due_; }
  /// The unit that said it last; unset while there is none.
  [[nodiscard]] std::size_t said_in_turn() const { return turn_; }

private:
  std::string due_;
  std::size_t turn_ = 0;
  std::size_t last_talk_ = 0; ///< turn of the last talk about days, plus one; 0: none
};

} // namespace troupe::rules
