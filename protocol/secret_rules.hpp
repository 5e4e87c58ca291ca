#pragma once

#include "protocol/redact.hpp"

/// The rules behind redact.hpp. Each adds what it finds; overlaps are settled by the caller.
namespace troupe::secret_rules {

/// Tokens with a form that their issuer published: prefix, alphabet, length.
void known_forms(std::string_view text, std::vector<secret_hit>& out);
/// `password = "…"`, `API_KEY=…`, `"client_secret": "…"`, `db pass "…"`, `the password is …`.
void assigned_values(std::string_view text, std::vector<secret_hit>& out);
/// Long strings that look drawn at random: mixed letters and digits, high entropy.
void random_strings(std::string_view text, std::vector<secret_hit>& out);

/// How a value stands beside a name such as `password`.
enum class password_place {
  assigned, ///< `password=…` without a space: shells, settings, people
  said,     ///< `password: …`, `the password is …`, `db pass "…"`
  code,     ///< `password = …`, where most values are names
  quoted,   ///< as `said`, between quotes
};
/// Whether a value in this place is a password as people choose them: eight characters or more,
/// letters and digits, and either a mark that names do not have or digits in the midst of letters.
/// Names, paths, digests, ids, addresses and templates are none.
[[nodiscard]] bool is_chosen_password(std::string_view value, password_place where);

[[nodiscard]] constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
[[nodiscard]] constexpr bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
[[nodiscard]] constexpr bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
[[nodiscard]] constexpr bool is_alpha(char c) {
  return is_lower(c) || is_upper(c);
}
[[nodiscard]] constexpr bool is_alnum(char c) {
  return is_alpha(c) || is_digit(c);
}
[[nodiscard]] constexpr bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
[[nodiscard]] constexpr char to_lower(char c) {
  return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
}
/// Case-insensitive; `needle` is in lower case.
[[nodiscard]] bool contains_word(std::string_view text, std::string_view needle);

} // namespace troupe::secret_rules
