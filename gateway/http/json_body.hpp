#pragma once

#include "protocol/result.hpp"

#include <boost/json/value.hpp>

#include <string_view>

namespace troupe {

/// Parses the body of a request. Stricter than the stored form's reader, because a body comes from
/// a stranger: a member given twice is refused, since two readers could each believe another one.
/// Errors: invalid_argument with the byte (bad JSON, bad UTF-8, deeper than 64) or the field.
[[nodiscard]] result<boost::json::value> parse_json_body(std::string_view body);

} // namespace troupe
