#pragma once

#include "protocol/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace troupe::rules {

/// UTF-8 of bytes in UTF-8, UTF-16 (by byte order mark, or by its zero bytes) or Windows-1252.
///
/// Bytes that are mostly good UTF-8 keep it, and each bad byte becomes U+FFFD; bytes that are not
/// UTF-8 at all are read as Windows-1252. Line ends become `\n`; control characters are dropped,
/// terminal escape sequences whole. Errors: invalid_argument where the bytes are no text.
[[nodiscard]] result<std::string> decode_text(std::string_view bytes);

/// Lower case of ASCII, Latin-1 and Latin Extended-A letters in UTF-8; other bytes as they are.
[[nodiscard]] std::string lower(std::string_view text);
/// Upper-cases the first letter, if it is ASCII.
[[nodiscard]] std::string capitalized(std::string text);
[[nodiscard]] std::string_view trim(std::string_view text);
[[nodiscard]] std::vector<std::string_view> split_lines(std::string_view text);
/// Runs of white space become one space; ends are trimmed.
[[nodiscard]] std::string squeeze(std::string_view text);
/// At most `bytes` long, cut between words, `…` where something was cut.
[[nodiscard]] std::string shorten(std::string_view text, std::size_t bytes);

[[nodiscard]] inline bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
[[nodiscard]] inline bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
[[nodiscard]] inline bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
[[nodiscard]] inline bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}
/// ASCII letter or any byte of a multi-byte character.
[[nodiscard]] inline bool is_letter(char c) {
  return is_upper(c) || is_lower(c) || (static_cast<unsigned char>(c) & 0x80u) != 0;
}

} // namespace troupe::rules
