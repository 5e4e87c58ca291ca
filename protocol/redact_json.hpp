#pragma once

#include "protocol/json.hpp"

namespace troupe {

/// Replaces every secret-shaped piece in the strings of a JSON value, and in the names of members,
/// by `[redacted:<rule>]`. A string is looked at as it is and as JSON spells it, together with the
/// name of its member (`"password": "…"`): nothing is left that `find_secrets` would find in the
/// canonical text, which is what `troupe verify` reads. Returns how many strings were changed.
/// Redacting twice changes nothing. Digests, commits, UUIDs and ids are no secrets.
std::size_t redact_json(json::value& v);

/// The same for one string, as the member `name` (empty: of a list).
std::size_t redact_string(std::string& text, std::string_view name = {});

/// Whether it leaves the string as it is.
[[nodiscard]] bool is_clean(std::string_view text, std::string_view name);

} // namespace troupe
