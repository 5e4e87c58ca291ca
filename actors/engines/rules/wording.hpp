#pragma once

#include "actors/engines/rules/units.hpp"

#include <unordered_set>

namespace troupe::rules {

/// Names that keep their spelling at the start of a sentence.
using name_set = std::unordered_set<std::string>;

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
[[nodiscard]] std::string imperative_of(std::string_view statement, std::string_view label,
                                        name_set const& names = {});
/// True for `slugify should …`, `f should …` and `--flag is …`: the first word is a name in code.
[[nodiscard]] bool opens_with_name(std::string_view text);
/// First letter upper case, unless it begins with a name in code; one full stop at the end.
[[nodiscard]] std::string as_sentence(std::string_view text, name_set const& names = {});
/// Spelled numbers above twelve get their digits behind: `thirty point four days (30.4 days)`.
[[nodiscard]] std::string with_digits(std::string_view text);
/// `not X, Y` without `not X`; text as it is if it says no such thing.
[[nodiscard]] std::string without_contrast(std::string_view text, std::string& not_this);

} // namespace troupe::rules
