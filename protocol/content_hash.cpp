#include "protocol/content_hash.hpp"

#include "protocol/hex.hpp"

#include <openssl/evp.h>

#include <array>
#include <stdexcept>

namespace troupe {

std::string sha256(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  // Fails only where the library itself is broken: no caller could do anything about it.
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1)
    throw std::runtime_error("SHA-256 is not available in this OpenSSL");
  return hex_of(digest.data(), size);
}

} // namespace troupe
