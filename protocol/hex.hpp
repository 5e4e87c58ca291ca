#pragma once

#include <string>
#include <string_view>

/// Bytes as hexadecimal digits, two a byte, in lower case.
namespace troupe {

/// Into a place that has room for two characters a byte.
inline void put_hex(char* to, std::string_view bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  for (char const c : bytes) {
    *to++ = digits[static_cast<unsigned char>(c) >> 4];
    *to++ = digits[static_cast<unsigned char>(c) & 15];
  }
}

[[nodiscard]] inline std::string hex_of(std::string_view bytes) {
  std::string out(2 * bytes.size(), '0');
  put_hex(out.data(), bytes);
  return out;
}

/// The same of bytes as OpenSSL has them.
[[nodiscard]] inline std::string hex_of(unsigned char const* bytes, std::size_t size) {
  return hex_of(std::string_view{reinterpret_cast<char const*>(bytes), size});
}

/// Whether nothing but lower case hexadecimal digits is in it.
[[nodiscard]] inline bool is_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

} // namespace troupe
