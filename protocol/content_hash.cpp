#include "protocol/content_hash.hpp"

#include <openssl/evp.h>

#include <array>
#include <stdexcept>

namespace troupe {

std::string sha256(std::string_view bytes) {
  static constexpr char hex[] = "0123456789abcdef";
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  // Fails only where the library itself is broken: no caller could do anything about it.
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1)
    throw std::runtime_error("SHA-256 is not available in this OpenSSL");
  std::string out;
  out.reserve(std::size_t{size} * 2);
  for (std::size_t i = 0; i < size; ++i) {
    out += hex[digest[i] >> 4];
    out += hex[digest[i] & 15];
  }
  return out;
}

} // namespace troupe
