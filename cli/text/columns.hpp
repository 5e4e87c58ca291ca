#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

/// Text in terminal columns: UTF-8 safe, never a control character of somebody else's text.
namespace troupe::columns {

/// The text without control and direction-changing characters, so that what an agent or a
/// transcript says cannot drive the terminal. Tabs and line ends become spaces; with `keep_lines`
/// line ends stay.
[[nodiscard]] std::string printable(std::string_view text, bool keep_lines = false);

/// Columns that the text takes: wide characters two, combining ones none.
[[nodiscard]] std::size_t width(std::string_view text);

/// The text cut to at most `most` columns, the last one being `…` if something is left out.
[[nodiscard]] std::string fit(std::string_view text, std::size_t most);

/// The same with what is left out in the middle: names of things differ at their ends.
[[nodiscard]] std::string fit_middle(std::string_view text, std::size_t most);

/// The text filled with spaces up to `least` columns.
[[nodiscard]] std::string pad(std::string_view text, std::size_t least);
/// The same with the spaces in front.
[[nodiscard]] std::string pad_left(std::string_view text, std::size_t least);

/// Lines of at most `most` columns (0: no limit), broken at spaces, inside a word only where it is
/// longer than a line. Line ends in the text are kept.
[[nodiscard]] std::vector<std::string> wrap(std::string_view text, std::size_t most);

/// The wrapped text with `indent` spaces before each line and a line end after each. `total` is the
/// width with the indentation.
[[nodiscard]] std::string paragraph(std::string_view text, std::size_t indent, int total);

} // namespace troupe::columns
