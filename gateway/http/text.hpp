#pragma once

#include "protocol/result.hpp"

#include <string>
#include <string_view>

namespace troupe {

/// Whether two words are the same without regard to ASCII case.
[[nodiscard]] bool same_word(std::string_view a, std::string_view b);
/// Without spaces and tabs at both ends.
[[nodiscard]] std::string_view trim(std::string_view text);
/// Whether text is UTF-8 (RFC 3629: no overlong forms, no surrogates).
[[nodiscard]] bool valid_utf8(std::string_view text);
/// Undoes %XX. Errors: invalid_argument for a broken escape, a NUL, or bytes that are not UTF-8.
[[nodiscard]] result<std::string> percent_decode(std::string_view text, bool plus_is_space);

} // namespace troupe
