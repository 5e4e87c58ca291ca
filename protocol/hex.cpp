#include "protocol/hex.hpp"

#include <array>
#include <cstdint>

namespace troupe {

void put_hex(char* to, std::string_view bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  for (char const c : bytes) {
    *to++ = digits[static_cast<unsigned char>(c) >> 4];
    *to++ = digits[static_cast<unsigned char>(c) & 15];
  }
}

std::string hex_of(std::string_view bytes) {
  std::string out(2 * bytes.size(), '0');
  put_hex(out.data(), bytes);
  return out;
}

std::string hex_of(unsigned char const* bytes, std::size_t size) {
  return hex_of(std::string_view{reinterpret_cast<char const*>(bytes), size});
}

std::string unhex(std::string_view digits) {
  static constexpr auto values = [] {
    std::array<std::uint8_t, 256> out{};
    for (std::uint8_t i = 0; i < 10; ++i)
      out[static_cast<std::size_t>('0' + i)] = i;
    for (std::uint8_t i = 10; i < 16; ++i) {
      out[static_cast<std::size_t>('a' + i - 10)] = i;
      out[static_cast<std::size_t>('A' + i - 10)] = i;
    }
    return out;
  }();
  std::string out(digits.size() / 2, '\0');
  auto const value = [&](std::size_t at) {
    return static_cast<unsigned>(values[static_cast<unsigned char>(digits[at])]);
  };
  std::size_t taken = 0;
  // A dash stands between two bytes only.
  for (std::size_t at = 0; at + 1 < digits.size();) {
    if (digits[at] == '-') {
      ++at;
      continue;
    }
    out[taken++] = static_cast<char>(value(at) << 4 | value(at + 1));
    at += 2;
  }
  out.resize(taken);
  return out;
}

bool is_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

} // namespace troupe
