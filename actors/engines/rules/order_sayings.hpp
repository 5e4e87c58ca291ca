#pragma once

#include "actors/engines/rules/units.hpp"

namespace troupe::rules {

/// What one sentence says about order: `later` comes after each of `sooner`. An empty `later` means
/// what was talked about just before.
struct saying {
  std::vector<word> later;
  std::vector<std::vector<word>> sooner;
};

/// `After X`, `once X is merged`, `as soon as X lands`, `X needs Y first`, `before we start on X`,
/// `blocked by X`, …; empty for rules of the product (`thirty minutes after the car is full`).
[[nodiscard]] std::vector<saying> sayings_of(unit const& u);

/// Words from `from` up to `to`, which may be past the end.
[[nodiscard]] std::vector<word> slice(std::vector<word> const& w, std::size_t from, std::size_t to);

} // namespace troupe::rules
