// CAF 0.17 makes a node's id from the MAC addresses, the root disk's uuid and the process id; two
// containers with PID 1 can get the same one, and a restarted container looks like its dead
// predecessor. The library asks for the disk's uuid through this function, so defining it in the
// executable (linked with -rdynamic) makes every start a new node. 1706 only: checked at start by
// `node_id_is_ours`.
#include "actors/node_id.hpp"

#include <openssl/rand.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <string>

namespace {
std::atomic<bool> asked{false};

std::string const& random_uuid() {
  static std::string const text = [] {
    std::array<unsigned char, 16> bytes{};
    RAND_bytes(bytes.data(), static_cast<int>(bytes.size()));
    std::string out;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      if (i == 4 || i == 6 || i == 8 || i == 10)
        out += '-';
      std::array<char, 3> hex{};
      std::snprintf(hex.data(), hex.size(), "%02x", bytes[i]);
      out += hex.data();
    }
    return out;
  }();
  return text;
}
} // namespace

namespace caf::detail {
// Same signature as the library's own.
std::string get_root_uuid();
std::string get_root_uuid() {
  asked = true;
  return random_uuid();
}
} // namespace caf::detail

namespace troupe {
bool node_id_is_ours() {
  return asked;
}
} // namespace troupe
