#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

/// Strings in JSON text. Almost all that is stored and read is plain, so eight bytes are looked at
/// at once.
namespace troupe::json {

/// Of eight characters those below n: the top bit of each is set. Above the first one, others may
/// be set, too.
[[nodiscard]] inline std::uint64_t below(std::uint64_t eight, std::uint64_t n) {
  static_assert(std::endian::native == std::endian::little);
  constexpr std::uint64_t each = 0x0101010101010101u;
  return (eight - n * each) & ~eight & (0x80 * each);
}

/// Of eight characters those that JSON text needs an escape for (a quotation mark, a backslash,
/// below 0x20), in the same way.
[[nodiscard]] inline std::uint64_t to_escape(std::uint64_t eight) {
  constexpr std::uint64_t each = 0x0101010101010101u;
  return below(eight, 0x20) | below(eight ^ '"' * each, 1) | below(eight ^ '\\' * each, 1);
}

/// Where the first character from `at` on stands that needs an escape; the text's size if there is
/// none.
[[nodiscard]] inline std::size_t end_of_plain(std::string_view text, std::size_t at = 0) {
  for (; text.size() - at >= 8; at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, 8);
    if (auto const found = to_escape(word); found != 0)
      return at + static_cast<std::size_t>(std::countr_zero(found)) / 8;
  }
  for (; at < text.size(); ++at)
    if (static_cast<unsigned char>(text[at]) < 0x20 || text[at] == '"' || text[at] == '\\')
      break;
  return at;
}

/// The room that `spell` wants for so many characters.
[[nodiscard]] constexpr std::size_t most_spelled(std::size_t characters) {
  return 6 * characters + 8; // it copies by eight
}

/// Writes the characters of a string as they are spelled between its quotation marks, to a place
/// with room for `most_spelled`, and tells where they end.
char* spell(char* to, std::string_view text);

/// Appends a whole number in decimal.
void put_number(std::string& out, std::int64_t n);
void put_number(std::string& out, std::uint64_t n);

/// Appends a string in the canonical spelling.
void put_string(std::string& out, std::string_view text);

} // namespace troupe::json
