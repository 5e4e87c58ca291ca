#include "gateway/auth/token.hpp"

#include "protocol/content_hash.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <array>
#include <cstdint>
#include <stdexcept>

namespace troupe {

namespace {

constexpr std::string_view base62 =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::string_view crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::string_view prefix = "trp_";
constexpr std::size_t random_length = 32;
constexpr std::size_t checksum_length = 6;

std::string random_text(std::string_view alphabet, std::size_t length) {
  // Bytes past the last whole multiple are thrown away, else the first characters were likelier.
  auto const limit = 256 / alphabet.size() * alphabet.size();
  std::string out;
  std::array<unsigned char, 64> bytes{};
  while (out.size() < length) {
    if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1)
      throw std::runtime_error("the system has no random numbers");
    for (auto const byte : bytes) {
      if (byte < limit && out.size() < length)
        out += alphabet[byte % alphabet.size()];
    }
  }
  return out;
}

/// CRC-32 (IEEE) in base62: finds typing errors, proves nothing.
std::string checksum(std::string_view text) {
  std::uint32_t crc = 0xffffffffu;
  for (char const c : text) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit)
      crc = (crc >> 1) ^ ((crc & 1u) != 0 ? 0xedb88320u : 0u);
  }
  crc ^= 0xffffffffu;
  std::string out(checksum_length, '0');
  for (auto i = checksum_length; i-- > 0; crc /= 62)
    out[i] = base62[crc % 62];
  return out;
}

} // namespace

std::string new_token() {
  auto const secret = random_text(base62, random_length);
  return std::string{prefix} + secret + checksum(secret);
}

bool well_formed_token(std::string_view text) {
  if (text.size() != prefix.size() + random_length + checksum_length ||
      text.substr(0, prefix.size()) != prefix)
    return false;
  text.remove_prefix(prefix.size());
  return text.find_first_not_of(base62) == std::string_view::npos &&
         constant_time_equal(checksum(text.substr(0, random_length)), text.substr(random_length));
}

std::string hash_token(std::string_view token) {
  return sha256(token);
}

bool constant_time_equal(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string new_enrolment_code() {
  auto code = random_text(crockford, 8);
  code.insert(4, 1, '-');
  return code;
}

std::optional<std::string> normalise_enrolment_code(std::string_view typed) {
  std::string out;
  for (char c : typed) {
    if (c == '-' || c == ' ' || c == '\t' || c == '\r' || c == '\n')
      continue;
    if (c >= 'a' && c <= 'z')
      c = static_cast<char>(c - 'a' + 'A');
    if (c == 'O')
      c = '0';
    if (c == 'I' || c == 'L')
      c = '1';
    if (crockford.find(c) == std::string_view::npos || out.size() == 8)
      return std::nullopt;
    out += c;
  }
  if (out.size() != 8)
    return std::nullopt;
  out.insert(4, 1, '-');
  return out;
}

} // namespace troupe
