#pragma once

#include "actors/engines/rules/units.hpp"
#include "protocol/brief_content.hpp"

namespace troupe::rules {

/// Finds who does what: `I'll take the parser`, `Farid reviews`, `Mei, could you …?`, `let Tomás
/// review`, and `Bashir code, Celine review?` where roles are given out.
class duty_finder {
public:
  explicit duty_finder(name_list const& names) : names_(names) {}
  /// Duties that a unit hands out; `asks_for_change` is set if it also says what the product shall
  /// do (`I'll add --store`).
  [[nodiscard]] std::vector<duty> take(unit const& u, unit const* before, bool& asks_for_change,
                                       bool& puts_question);

private:
  name_list const& names_;
  std::string last_demand_;   ///< for `could you do that one?`
  std::string last_question_; ///< for `I'll check that`
  std::size_t question_turn_ = 0;
  std::string last_named_;        ///< for `he can update it`
  std::size_t sharing_until_ = 0; ///< turn up to which `Name thing` hands out a part
  std::string asked_;             ///< who was asked `the page?`
  std::string asked_what_;
  std::size_t asked_turn_ = 0;
};

} // namespace troupe::rules
