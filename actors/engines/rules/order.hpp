#pragma once

#include "actors/engines/rules/discussion.hpp"

namespace troupe::rules {

/// Fills `after` of the requirements from what was said: `once the flags are in`, `after the
/// audit`, `chapters first, and then the feed`, `it hangs off the same record`, `X has to come
/// first`. `from[i]` is the thread of `out[i]`.
void find_order(std::vector<requirement>& out, std::vector<thread const*> const& from,
                std::vector<unit> const& units, term_weights const& weights);

} // namespace troupe::rules
