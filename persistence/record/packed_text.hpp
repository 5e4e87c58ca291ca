#pragma once

#include "persistence/record/compression.hpp"

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

/// What the bodies of records and segments are made of.
namespace troupe::records {

/// More than any write can hold, whatever escapes its texts need.
constexpr std::size_t max_lines_bytes = 16 * 1024 * 1024;

/// Appends a number, from its lowest seven bits on.
void put_number(std::string& out, std::uint64_t n);

/// Takes bytes from the left. Throws malformed where there are none.
class byte_reader {
public:
  explicit byte_reader(std::string_view bytes) : rest_(bytes) {}
  std::string_view take(std::size_t n);
  std::uint8_t byte() { return static_cast<std::uint8_t>(take(1).front()); }
  std::uint64_t number();
  [[nodiscard]] std::string_view rest() const { return rest_; }

private:
  std::string_view rest_;
};

/// FNV-1a, 32 bits, of all texts one after the other; `front`: the sum of what is before them.
[[nodiscard]] std::uint32_t sum_of(std::initializer_list<std::string_view> texts,
                                   std::uint32_t front = 2166136261u);

/// Which ids of the list can be told again in one byte: its first 256, or the last 256 so far.
enum class id_window { first, last };

/// Appends lines without their UUIDs, which stand before them in binary form, and compressed where
/// that is shorter. `before`: a UUID that the first one may have most bytes in common with. Answers
/// the number of the dictionary, 0 for none. Lines that hold none of the bytes 0x01 and 0x02 come
/// back as they were; canonical JSON has none.
[[nodiscard]] std::uint8_t put_text(std::string& out, std::string_view lines,
                                    std::string_view before, id_window window, effort how);

/// The same backwards, up to the end. Throws malformed.
[[nodiscard]] std::string take_text(byte_reader& in, std::uint8_t dictionary,
                                    std::string_view before, id_window window);

} // namespace troupe::records
