#include "protocol/secret_rules.hpp"

#include <algorithm>

namespace troupe::secret_rules {

namespace {

constexpr std::size_t least_password = 8;
constexpr std::size_t most_password = 128;

constexpr bool is_mark(char c) {
  return std::string_view{"!#$%^&*@?~+="}.find(c) != std::string_view::npos;
}

/// What names and code have and passwords hardly ever: calls, members, paths, templates, addresses.
bool is_code_or_place(std::string_view v) {
  if (v.find_first_of("()[]{}<>|/\\\"'`,;") != std::string_view::npos || v.front() == '$' ||
      v.front() == '%' || v.front() == '@' || v.front() == '-' || v.front() == '&')
    return true;
  if (std::all_of(v.begin(), v.end(), [](char c) { return is_hex(c) || c == '-' || c == ':'; }))
    return true; // digests, ids, addresses of devices
  // `user.password1`, `db2.example.org`, `ada@example.org`, `a::b`, `v1.2.3`
  for (std::size_t i = 1; i + 1 < v.size(); ++i)
    if ((v[i] == '.' || v[i] == ':') && is_alnum(v[i - 1]) &&
        (is_alnum(v[i + 1]) || v[i + 1] == ':'))
      return true;
  return false;
}

/// Words that variables and documentation have in them.
bool names_a_variable(std::string_view v) {
  static constexpr std::string_view words[] = {
      "pass",  "pwd",    "secret",  "token", "key",    "user",   "login",   "auth",  "cred",
      "value", "field",  "input",   "param", "config", "env",    "setting", "reset", "valid",
      "check", "string", "encoded", "hash",  "salt",   "prompt", "redacted"};
  return std::any_of(std::begin(words), std::end(words),
                     [&](std::string_view w) { return contains_word(v, w); });
}

/// The length of a word of the trade with digits in it that begins here: `sha256`, `utf8`; 0: none.
std::size_t trade_word(std::string_view v) {
  static constexpr std::string_view words[] = {
      "base64",  "base32",  "base58", "utf8",  "utf16",   "utf32",  "sha1",  "sha224", "sha256",
      "sha384",  "sha512",  "md5",    "crc32", "oauth2",  "oauth1", "http2", "http3",  "argon2",
      "pbkdf2",  "pkcs12",  "pkcs8",  "x509",  "ed25519", "x25519", "p256",  "aes128", "aes256",
      "rsa2048", "rsa4096", "ipv4",   "ipv6",  "int8",    "int16",  "int32", "int64",  "float32",
      "float64", "h264",    "i18n",   "l10n",  "e2e",     "k8s",    "ec2",   "db2",    "log4j",
      "web3",    "mp3",     "mp4",    "win32", "x86_64",  "amd64",  "arm64", "python3"};
  for (auto const w : words)
    if (v.size() >= w.size() &&
        std::equal(w.begin(), w.end(), v.begin(), [](char a, char b) { return a == to_lower(b); }))
      return w.size();
  return 0;
}

/// Digits among letters as in no name: `hunter2hunter2`, `Xr7kQ92pLm`; a number at the end
/// (`summer2024`) only where `tail`.
bool mixes_digits(std::string_view v, bool tail) {
  std::size_t digits = 0; // in runs between two letters
  std::size_t last = 0;   // in the run at the end
  bool letter = false;    // stands before the run
  std::size_t run = 0;
  for (std::size_t i = 0; i <= v.size();) {
    char const c = i < v.size() ? v[i] : '\0';
    if (is_digit(c)) {
      ++run;
      ++i;
      continue;
    }
    bool const inside = letter && run > 0;
    if (inside && is_alpha(c))
      digits += run;
    else if (inside && i == v.size())
      last = run;
    run = 0;
    letter = is_alpha(c);
    auto const known = i < v.size() ? trade_word(v.substr(i)) : 0;
    i += std::max<std::size_t>(known, 1);
    letter = letter && known == 0;
  }
  return digits >= 2 || (digits == 1 && last == 1) || (tail && last >= 3);
}

} // namespace

bool is_chosen_password(std::string_view value, password_place where) {
  // The end of a sentence is not the end of the password; but `password=Hunter2xyz!` is no
  // sentence.
  auto const ends = std::string_view{where == password_place::assigned ? ".:?" : ".:!?"};
  while (!value.empty() && where != password_place::quoted &&
         ends.find(value.back()) != std::string_view::npos)
    value.remove_suffix(1);
  if (value.size() < least_password || value.size() > most_password || is_code_or_place(value))
    return false;
  bool const digit = std::any_of(value.begin(), value.end(), is_digit);
  bool const letter = std::any_of(value.begin(), value.end(), is_alpha);
  if (!digit || !letter || shannon_entropy(value) < 2.5)
    return false;
  if (std::any_of(value.begin(), value.end(), is_mark))
    return true;
  return where != password_place::code && !names_a_variable(value) &&
         mixes_digits(value, where == password_place::assigned);
}

} // namespace troupe::secret_rules
