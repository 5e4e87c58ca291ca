#pragma once

#include "gateway/http/message.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// The target of a request line, taken apart.
struct request_target {
  std::string path; ///< `/a/b`, decoded, without `.`, `..`, empty segments or a slash at its end
  std::vector<std::string> segments; ///< decoded one by one, so an escaped slash stays inside one
  query_map query;
};

/// Reads origin form (`/a?b=c`), absolute form (`http://host/a`) and `*`.
/// Errors, all invalid_argument: broken escapes, NUL and other control characters, bytes that are
/// not UTF-8, `..` above the root, more than 100 query parameters, more than 8 KiB.
[[nodiscard]] result<request_target> parse_target(std::string_view target);

} // namespace troupe
