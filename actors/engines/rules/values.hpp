#pragma once

#include "actors/engines/rules/words.hpp"

namespace troupe::rules {

/// True if one value can take the place of the other: the same measure, or one without any.
[[nodiscard]] bool same_measure(quantity const& a, quantity const& b);
/// `text`, whose words are `w`, with the value `now` of the sentence `by` (words `bw`) in place of
/// `old`; the unit comes along where the new value has one.
[[nodiscard]] std::string substituted(std::string const& text, quantity const& old,
                                      std::vector<word> const& w, std::string const& by,
                                      std::vector<word> const& bw, quantity const& now);

} // namespace troupe::rules
