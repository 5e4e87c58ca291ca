#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace troupe {

/// A new bearer token: `trp_`, 32 random base62 characters (about 190 bits) and a checksum of six,
/// so that scanners find leaked tokens and a mistyped one is refused without a look-up.
[[nodiscard]] std::string new_token();

/// Whether text has the shape and the checksum of a token. Says nothing about its validity.
[[nodiscard]] bool well_formed_token(std::string_view text);

/// What is stored in place of a token: its SHA-256 in lower case hex. A plain hash is enough where
/// a password needs a slow salted one: 190 random bits cannot be guessed or tabulated.
[[nodiscard]] std::string hash_token(std::string_view token);

/// Compares in a time that depends on the lengths only.
[[nodiscard]] bool constant_time_equal(std::string_view a, std::string_view b);

/// A new enrolment code for a person to type: `XXXX-XXXX` in Crockford's base32. 40 bits suffice
/// only because a code is single use, lives for minutes, and attempts are limited.
[[nodiscard]] std::string new_enrolment_code();

/// The canonical form of a typed code: upper case, O as 0, I and L as 1, hyphen in its place,
/// spaces dropped. Empty if it is not a code.
[[nodiscard]] std::optional<std::string> normalise_enrolment_code(std::string_view typed);

} // namespace troupe
