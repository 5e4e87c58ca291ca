#pragma once

#include "actors/engines/rules/units.hpp"

namespace troupe::rules {

/// What one sentence says about order: `later` comes after each of `sooner`. An empty `later` means
/// what was talked about just before.
struct saying {
  std::vector<word> later;
  std::vector<std::vector<word>> sooner;
  bool fronted = false; ///< `Once that is done, …`: a pronoun in it means what was said before
};

/// `After X`, `once X is merged`, `as soon as X lands`, `X needs Y first`, `before we start on X`,
/// `blocked by X`, …; empty for rules of the product (`thirty minutes after the car is full`).
[[nodiscard]] std::vector<saying> sayings_of(unit const& u);

/// Where the main clause begins behind a first one that only says what the work waits for (`once
/// the parser is done the readme should …`); 0 if there is none.
[[nodiscard]] std::size_t behind_order(std::vector<word> const& w);

/// What a sentence asks for, without what its work waits for: `start the import once the schema is
/// merged` -> `start the import`.
[[nodiscard]] std::vector<word> apart_from_order(std::vector<word> const& w);

/// `After the column is there, of course.`: nothing but what the work waits for.
[[nodiscard]] bool only_order(unit const& u);

/// Words from `from` up to `to`, which may be past the end.
[[nodiscard]] std::vector<word> slice(std::vector<word> const& w, std::size_t from, std::size_t to);

} // namespace troupe::rules
