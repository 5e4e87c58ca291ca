#pragma once

#include "actors/engines/rules/units.hpp"

namespace troupe::rules {

/// A question as the statement that a yes to it makes: `Can we make it throw?` -> `make it throw`.
[[nodiscard]] std::string proposition_of(unit const& question);
/// What a question is about: `what about X?`, `X?`, `and X, does it …?`; empty if it says no such
/// thing.
[[nodiscard]] std::string subject_of(unit const& question);
/// How a question stands before its answer: `how long do we keep it`, `if all eight fail`.
[[nodiscard]] std::string lead_of(unit const& question);

/// What a proposition acts on: `drop the callback api` -> `callback api`; empty if that is not
/// plain.
[[nodiscard]] std::string object_of(std::string_view proposition);

/// A demand as one imperative line of at most 120 bytes.
[[nodiscard]] std::string imperative_of(std::string_view statement, std::string_view label);
/// First letter upper case, one full stop at the end.
[[nodiscard]] std::string as_sentence(std::string_view text);
/// Spelled numbers get their digits: `thirty point four (30.4) days`.
[[nodiscard]] std::string with_digits(std::string_view text);
/// `not X, Y` without `not X`; text as it is if it says no such thing.
[[nodiscard]] std::string without_contrast(std::string_view text, std::string& not_this);

} // namespace troupe::rules
