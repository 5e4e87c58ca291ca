#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

/// Strings in JSON text. Almost all that is stored and read is plain, so eight bytes are looked at
/// at once.
namespace troupe::json {

/// Where the first character from `at` on stands that JSON text needs an escape for (a quotation
/// mark, a backslash, below 0x20); the text's size if there is none.
[[nodiscard]] inline std::size_t end_of_plain(std::string_view text, std::size_t at = 0) {
  static_assert(std::endian::native == std::endian::little);
  constexpr std::uint64_t each = 0x0101010101010101u;
  constexpr std::uint64_t tops = 0x80 * each;
  // The top bit of every byte that is below n; above the first such byte, others may be set too.
  auto const below = [](std::uint64_t word, std::uint64_t n) {
    return (word - n * each) & ~word & tops;
  };
  for (; text.size() - at >= 8; at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, 8);
    auto const found =
        below(word, 0x20) | below(word ^ '"' * each, 1) | below(word ^ '\\' * each, 1);
    if (found != 0)
      return at + static_cast<std::size_t>(std::countr_zero(found)) / 8;
  }
  for (; at < text.size(); ++at)
    if (static_cast<unsigned char>(text[at]) < 0x20 || text[at] == '"' || text[at] == '\\')
      break;
  return at;
}

/// Appends a string in the canonical spelling.
void put_string(std::string& out, std::string_view text);

} // namespace troupe::json
