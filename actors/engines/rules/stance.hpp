#pragma once

#include "actors/engines/rules/units.hpp"

namespace troupe::rules {

/// Takes stance and fillers off the front; returns the index of the first word that is left.
[[nodiscard]] std::size_t strip_front(unit& u, std::vector<word> const& w, name_list const& names);

/// Takes tails like `, please` and `, right?` off; returns the index behind the last word that is
/// left. `asks`: the clause ends in a question mark.
[[nodiscard]] std::size_t strip_back(unit& u, std::vector<word> const& w, std::size_t b, bool asks);

/// The sentence as it was meant: without `uh`, `, like,` and words that were started twice.
[[nodiscard]] std::string without_disfluencies(std::string_view sentence);

} // namespace troupe::rules
