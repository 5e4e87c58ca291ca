#pragma once

#include "actors/domain/budget.hpp"

/// What deciding and folding share. Not for others.
namespace troupe::budget {

/// Whether a reservation was over so long ago that it is not kept any more. Ids of a series rise,
/// so that its highest will do.
[[nodiscard]] bool is_forgotten(state const& s, std::string const& id);
/// The obligation to say this.
[[nodiscard]] std::string key_of(notice const& n);

} // namespace troupe::budget
