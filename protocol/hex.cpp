#include "protocol/hex.hpp"

#include <array>
#include <cstdint>
#include <cstring>

namespace troupe {

void put_hex(char* to, std::string_view bytes) {
  static constexpr auto pairs = [] {
    constexpr char digits[] = "0123456789abcdef";
    std::array<std::array<char, 2>, 256> out{};
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i] = {digits[i >> 4], digits[i & 15]};
    return out;
  }();
  for (char const c : bytes) {
    std::memcpy(to, pairs[static_cast<unsigned char>(c)].data(), 2);
    to += 2;
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

namespace {

constexpr std::size_t uuid_length = 36;
constexpr std::array<std::size_t, 5> uuid_parts{4, 2, 2, 2, 6}; ///< bytes between two dashes

constexpr auto values = [] {
  std::array<std::uint8_t, 256> out{};
  for (std::uint8_t i = 0; i < 10; ++i)
    out[static_cast<std::size_t>('0' + i)] = i;
  for (std::uint8_t i = 10; i < 16; ++i) {
    out[static_cast<std::size_t>('a' + i - 10)] = i;
    out[static_cast<std::size_t>('A' + i - 10)] = i;
  }
  return out;
}();

char byte_of(char const* two) {
  return static_cast<char>(values[static_cast<unsigned char>(two[0])] << 4 |
                           values[static_cast<unsigned char>(two[1])]);
}

} // namespace

std::string unhex(std::string_view digits) {
  std::string out(digits.size() / 2, '\0');
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = byte_of(&digits[2 * i]);
  return out;
}

uuid_bytes bytes_of_uuid(std::string_view uuid) {
  uuid_bytes out{};
  if (uuid.size() != uuid_length)
    return out;
  auto* to = out.data();
  std::size_t at = 0;
  for (auto const n : uuid_parts) {
    for (std::size_t i = 0; i < n; ++i, at += 2)
      *to++ = byte_of(&uuid[at]);
    ++at; // a dash, or the end
  }
  return out;
}

std::string uuid_of(std::string_view bytes) {
  std::string out(uuid_length, '-');
  std::size_t at = 0;
  for (auto const n : uuid_parts) {
    put_hex(&out[at], bytes.substr(0, n));
    bytes.remove_prefix(n);
    at += 2 * n + 1;
  }
  return out;
}

bool is_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

} // namespace troupe
