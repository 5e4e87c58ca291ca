#pragma once

#include <string>
#include <string_view>

namespace troupe {

/// How text is shown: decided once from terminal, environment and flags, then passed by value.
struct text_style {
  bool colour = false;
  int width = 100;         ///< columns; 0: as wide as it comes (no terminal)
  bool local_time = false; ///< times in the machine's zone; else UTC
};

/// What a piece of text means; the colour follows from it.
enum class ink { plain, strong, faint, good, bad, attention, active, name };

/// The text in the colour of its meaning; unchanged where the style has no colour.
[[nodiscard]] std::string paint(text_style const& style, ink meaning, std::string_view text);
/// What a status word means: `DONE` is good, `FAILED` bad, `waiting` wants attention, …
[[nodiscard]] ink ink_of_status(std::string_view status);
/// A status in its colour.
[[nodiscard]] std::string paint_status(text_style const& style, std::string_view status);

} // namespace troupe
