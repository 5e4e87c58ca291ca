#pragma once

#include "actors/engines/rules/units.hpp"

#include <optional>
#include <string>

namespace troupe::rules {

/// What goes wrong in the product, as a bug report says it.
struct fault_report {
  std::string what;    ///< the report without `there is a bug:`
  std::string subject; ///< what goes wrong: `the login page`; empty if that is
                       ///< not plain
  std::string demand;  ///< what is wanted: `the login page must work in Safari`
  bool named = false;  ///< called a bug, an error or a defect by who reports it
};

/// `There is a bug: X crashes on …`, `X is too slow`, `X does not work`, `X
/// returns the wrong …`.
[[nodiscard]] std::optional<fault_report> fault_in(unit const& u);

/// What a polite request asks for, as an order: `can you add X?`, `would you
/// mind adding X?` -> `add X`. Empty for errands between people (`can you
/// review it?`) and for other questions.
[[nodiscard]] std::string request_in(unit const& u);

/// True if a demand is for a thing that a product can have: `we need caching
/// support`; not for what people need (`we need more time`).
[[nodiscard]] bool needs_thing(unit const& u);

/// True if a unit puts another thing in place of what was just said: `I'd
/// rather …`, `let's … instead`, `better …`.
[[nodiscard]] bool prefers_other(unit const& u);

/// The demand without `I'd rather`, `better`, `instead`: `raise an error`.
[[nodiscard]] std::string preferred(unit const& u);

/// The demand `now` with the subject and the modal of `before`: `total should
/// skip it` and `raise an error` -> `total should raise an error`.
[[nodiscard]] std::string in_place_of(std::string const& before, std::string const& now);

/// The text without a complaint that is only hung on: `…, people always ask
/// me`.
[[nodiscard]] std::string without_complaint(std::string const& text);

} // namespace troupe::rules
