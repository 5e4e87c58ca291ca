#pragma once

#include <array>
#include <string>
#include <string_view>

/// Bytes as hexadecimal digits, two a byte, in lower case.
namespace troupe {

/// Into a place that has room for two characters a byte.
void put_hex(char* to, std::string_view bytes);

[[nodiscard]] std::string hex_of(std::string_view bytes);
/// The same of bytes as OpenSSL has them.
[[nodiscard]] std::string hex_of(unsigned char const* bytes, std::size_t size);

/// The bytes of digits in either case. What is no digit counts as 0.
[[nodiscard]] std::string unhex(std::string_view digits);

using uuid_bytes = std::array<char, 16>;
/// A UUID's bytes; zeros for a text of another length.
[[nodiscard]] uuid_bytes bytes_of_uuid(std::string_view uuid);
/// The UUID of 16 bytes.
[[nodiscard]] std::string uuid_of(std::string_view bytes);

/// Whether nothing but lower case hexadecimal digits is in it.
[[nodiscard]] bool is_hex(std::string_view text);

} // namespace troupe
