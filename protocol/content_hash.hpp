#pragma once

#include "protocol/json.hpp"

#include <string>
#include <string_view>

namespace troupe {

/// SHA-256 of the bytes, 64 lower case hex digits.
[[nodiscard]] std::string sha256(std::string_view bytes);

/// SHA-256 of the canonical JSON of a value: what an approval is bound to.
template <class T>
[[nodiscard]] std::string content_hash(T const& content) {
  return sha256(json::canonical(json::to(content)));
}

} // namespace troupe
