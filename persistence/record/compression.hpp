#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

/// The one place that knows zstd (docs/decisions/0012-zstd.md).
namespace troupe::records {

/// Words that rows have in common, so that they need not stand in each of them. Rows name theirs by
/// its number, so one that was ever written with stays in the program as it is.
struct dictionary {
  std::uint8_t number = 0; ///< from 1
  std::span<unsigned char const> bytes;
};

/// All that there are, in the order of their numbers; the last is what is written with.
[[nodiscard]] std::span<dictionary const> dictionaries();

/// `quick`: for what is read seldom and gone soon.
enum class effort { quick, small };

/// What `text` becomes with a dictionary: a zstd frame without its first four bytes, which are the
/// same in each. Empty if that is not less than the text.
[[nodiscard]] std::string compressed(std::string_view text, dictionary const& with, effort how);

/// The text of such a frame. Throws malformed if it is none of ours: another dictionary, more than
/// `most` bytes of text, damaged, cut off, something behind its end.
[[nodiscard]] std::string decompressed(std::string_view frame, std::uint8_t dictionary_number,
                                       std::size_t most);

} // namespace troupe::records
