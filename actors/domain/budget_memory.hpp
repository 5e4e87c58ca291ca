#pragma once

#include "actors/domain/budget.hpp"

/// What deciding and folding share. Not for others.
namespace troupe::budget {

/// Whether a charge was applied so long ago that it is not kept any more. Ids of a series rise, so
/// that its highest will do.
[[nodiscard]] bool is_forgotten(state const& s, std::string const& id);
/// The same of a reservation: what was only ever charged does not speak for those before it.
[[nodiscard]] bool is_forgotten_hold(state const& s, std::string const& id);
/// The obligation to say this.
[[nodiscard]] std::string key_of(notice const& n);

} // namespace troupe::budget
