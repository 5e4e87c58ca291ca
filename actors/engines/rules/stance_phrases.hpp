#pragma once

#include "actors/engines/rules/words.hpp"

#include <string_view>
#include <vector>

/// Set phrases at the beginning of a sentence; each function gives the number of words from `b` on
/// that are such a phrase, 0 for none.
namespace troupe::rules {

using phrases = std::vector<std::string_view>;

[[nodiscard]] phrases const& agreeing(); ///< `sounds good`, `let's do that`
[[nodiscard]] phrases const& refusing(); ///< `not now`, `please don't`
[[nodiscard]] phrases const& openings(); ///< `hang on`: only open a sentence, agree to nothing
/// The words of one phrase, whatever stands between or behind them.
[[nodiscard]] std::size_t match_phrase(std::vector<word> const& w, std::size_t b,
                                       std::string_view phrase);
/// The longest phrase of the list that ends before punctuation, the end, or `then` and the like.
[[nodiscard]] std::size_t match(std::vector<word> const& w, std::size_t b, phrases const& list);
/// `we could`, `it should`, `they don't`; `sense` is 1 for yes, -1 for no.
[[nodiscard]] std::size_t elliptical(std::vector<word> const& w, std::size_t b, int& sense);
/// `that's sensible`, `that would be really good`, `I love it`.
[[nodiscard]] std::size_t praise(std::vector<word> const& w, std::size_t b);

} // namespace troupe::rules
