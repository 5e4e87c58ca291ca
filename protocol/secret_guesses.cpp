#include "protocol/secret_rules.hpp"

#include <algorithm>

namespace troupe::secret_rules {

namespace {

struct counts {
  std::size_t lower = 0, upper = 0, digit = 0, other = 0;
  std::size_t turns = 0; ///< neighbours of different kinds
};

counts count(std::string_view s) {
  counts out;
  int last = -1;
  for (char const c : s) {
    int const kind = is_lower(c) ? 0 : is_upper(c) ? 1 : is_digit(c) ? 2 : 3;
    ++(kind == 0 ? out.lower : kind == 1 ? out.upper : kind == 2 ? out.digit : out.other);
    if (last != -1 && kind != last)
      ++out.turns;
    last = kind;
  }
  return out;
}

bool all_hex(std::string_view s) {
  return std::all_of(s.begin(), s.end(), is_hex);
}

/// 8-4-4-4-12 hex digits.
bool is_uuid(std::string_view s) {
  if (s.size() != 36)
    return false;
  for (std::size_t i = 0; i < s.size(); ++i) {
    bool const dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? s[i] != '-' : !is_hex(s[i]))
      return false;
  }
  return true;
}

bool is_placeholder(std::string_view value) {
  static constexpr std::string_view signs[] = {
      "example", "changeme", "change_me", "change-me", "placeholder", "your", "dummy",
      "sample",  "fake",     "redacted",  "xxxx",      "****",        "....", "1234567",
      "${",      "{{",       "<",         "%(",        "$(",          "todo", "undefined",
      "test",    "mock",     "insert",    "replace",   "not-a-",      "none", "null"};
  return std::any_of(std::begin(signs), std::end(signs),
                     [&](std::string_view s) { return contains_word(value, s); });
}

/// A name under which people write down what they chose, and programs what they were given:
/// `password`, `DB_PASS`, `smtpPass`, `client_secret`, `PGPASSWORD`. `bypass` and `compass` are
/// others; no other word ends as the long ones do.
bool names_a_password(std::string_view name) {
  for (std::string_view const word :
       {"password", "passwd", "passphrase", "pwd", "secret", "pass"}) {
    if (name.size() < word.size())
      continue;
    auto const begin = name.size() - word.size();
    if (!std::equal(word.begin(), word.end(), name.begin() + static_cast<std::ptrdiff_t>(begin),
                    [](char a, char b) { return a == to_lower(b); }))
      continue;
    bool const camel = begin > 0 && is_upper(name[begin]) && is_lower(name[begin - 1]);
    bool const is_long = word.starts_with("pass") && word.size() > 4;
    if (begin == 0 || !is_alpha(name[begin - 1]) || camel || is_long)
      return true;
  }
  return false;
}

enum class name_kind { other, password, key, pass };

/// What a value under this name would be. `password_hash`, `max_tokens` or `secret_name` name
/// something else than a secret.
name_kind kind_of_name(std::string_view name) {
  static constexpr std::string_view harmless[] = {
      "hash",   "digest",   "checksum", "count",  "limit",  "length",   "size",       "path",
      "file",   "label",    "field",    "header", "regex",  "pattern",  "expir",      "ttl",
      "public", "url",      "uri",      "kind",   "type",   "tokeniz",  "max",        "min_",
      "usage",  "template", "prompt",   "hint",   "policy", "strength", "fingerprint"};
  static constexpr std::string_view passwords[] = {"password", "passwd", "passphrase", "pwd"};
  static constexpr std::string_view keys[] = {
      "secret",     "token",       "api_key",    "apikey",        "api-key",     "access_key",
      "accesskey",  "access-key",  "auth_key",   "authkey",       "private_key", "privatekey",
      "credential", "signing_key", "master_key", "encryption_key"};
  // What one of the names below has in it; most names have nothing, and are done with at once.
  static constexpr std::string_view stems[] = {"pass",  "pwd", "secret",
                                               "token", "key", "credential"};
  auto const has = [&](std::string_view word) { return contains_word(name, word); };
  if (std::none_of(std::begin(stems), std::end(stems), has))
    return name_kind::other;
  if (std::any_of(std::begin(harmless), std::end(harmless), has))
    return name_kind::other;
  if (std::any_of(std::begin(passwords), std::end(passwords), has))
    return name_kind::password;
  if (std::any_of(std::begin(keys), std::end(keys), has))
    return name_kind::key;
  return names_a_password(name) ? name_kind::pass : name_kind::other;
}

bool is_secret_value(std::string_view value, name_kind kind, bool quoted) {
  if (value.size() > 512 || is_placeholder(value) || is_uuid(value) ||
      value.find("[redacted") != std::string_view::npos)
    return false;
  auto const c = count(value);
  auto const letters = c.lower + c.upper;
  if (letters == 0)
    return false;
  if (!quoted) {
    // `PWD=/srv/app2` is the folder of a shell.
    if (kind == name_kind::password && (value.front() == '/' || value.front() == '~'))
      return false;
    // Without quotes it may be code: an identifier, a call, a member. Secrets of .env files and
    // YAML are told apart by their digits.
    return value.size() >= 12 && c.digit >= 3 && shannon_entropy(value) >= 3.2 &&
           value.find("::") == std::string_view::npos && value.find("->") == std::string_view::npos;
  }
  if (kind == name_kind::password) {
    auto const marks = std::count_if(value.begin(), value.end(), [](char x) {
      return !is_alnum(x) && std::string_view{"-_.:/"}.find(x) == std::string_view::npos;
    });
    return value.size() >= 8 && (c.digit > 0 || marks > 0) && shannon_entropy(value) >= 2.5;
  }
  return value.size() >= 12 && c.digit >= 2 && shannon_entropy(value) >= 3.0;
}

/// `PASS: t/parse2Units` is the word of a test program.
bool is_outcome(std::string_view name, std::string_view sign) {
  return name.size() == 4 && sign.starts_with(':');
}

constexpr bool in_name(char c) {
  return is_alnum(c) || c == '_' || c == '-' || c == '.';
}

std::size_t skip_spaces(std::string_view text, std::size_t at) {
  while (at < text.size() && (text[at] == ' ' || text[at] == '\t'))
    ++at;
  return at;
}

/// Past `=`, `:`, `:=`, `=>`, `==`, `: type =` or `(` before a quote; npos if there is none.
std::size_t past_assignment(std::string_view text, std::size_t at) {
  if (at < text.size() && (text[at] == '"' || text[at] == '\'' || text[at] == ']'))
    ++at;
  if (at < text.size() && text[at] == ']')
    ++at;
  at = skip_spaces(text, at);
  if (at >= text.size())
    return std::string_view::npos;
  if (text[at] == '(') {
    auto const next = at + 1;
    bool const quote = next < text.size() && (text[next] == '"' || text[next] == '\'');
    return quote ? next : std::string_view::npos;
  }
  if (text[at] == '!' && text.substr(at, 2) == "!=")
    return skip_spaces(text, at + (text.substr(at, 3) == "!==" ? 3 : 2));
  if (text[at] != '=' && text[at] != ':')
    return std::string_view::npos;
  bool const colon = text[at] == ':';
  while (at < text.size() && (text[at] == '=' || text[at] == ':' || text[at] == '>'))
    ++at;
  at = skip_spaces(text, at);
  if (colon) {
    // `password: str = "…"`: a type stands between.
    auto type = at;
    while (type < text.size() && type - at < 40 &&
           (is_alnum(text[type]) ||
            std::string_view{"_:<>[]?&| "}.find(text[type]) != std::string_view::npos))
      ++type;
    if (type > at && type < text.size() && text[type] == '=')
      return skip_spaces(text, type + 1);
  }
  return at;
}

/// Where a value without quotes ends: also before the next variable of a query (`&next=1`).
std::size_t end_of_bare(std::string_view text, std::size_t start) {
  auto const stop = std::min(text.find_first_of(" \t\r\n\"'`,;)}](", start), text.size());
  auto const next = text.substr(start, stop - start).find('&');
  if (next == std::string_view::npos)
    return stop;
  auto name = start + next + 1;
  while (name < stop && (is_alnum(text[name]) || text[name] == '_'))
    ++name;
  return name > start + next + 1 && name < stop && text[name] == '=' ? start + next : stop;
}

/// Where the value of a password begins that is told, not assigned: past `"`, `is` or `was` and a
/// space; npos if there is none.
std::size_t past_telling(std::string_view text, std::size_t at) {
  if (at >= text.size() || text[at] != ' ')
    return std::string_view::npos;
  auto const next = skip_spaces(text, at);
  if (next >= text.size() || std::string_view{"\"'`iw"}.find(text[next]) == std::string_view::npos)
    return std::string_view::npos; // most words
  for (std::string_view const verb : {"is ", "was ", "is: ", "was: "})
    if (text.substr(next, verb.size()) == verb)
      return skip_spaces(text, next + verb.size());
  return is_alpha(text[next]) ? std::string_view::npos : next;
}

/// What stands where a value is expected. Not `fits`: a call, a quote that is not closed, or words.
struct written_value {
  std::string_view text;
  bool quoted = false;
  bool fits = false;
  bool ends_statement = false;
};

written_value value_at(std::string_view text, std::size_t start) {
  char const quote = text[start];
  if (quote == '"' || quote == '\'' || quote == '`') {
    auto const stop = text.find_first_of(std::string{quote, '\n'}, start + 1);
    if (stop == std::string_view::npos || text[stop] != quote)
      return {};
    auto const value = text.substr(start + 1, stop - start - 1);
    return {value, true, value.find_first_of(" \t") == std::string_view::npos, false};
  }
  auto const stop = end_of_bare(text, start);
  char const after = stop < text.size() ? text[stop] : '\n';
  return {text.substr(start, stop - start), false, after != '(', after == ';'};
}

/// Whether it is a password that was told there, or is assigned in a way which also code has.
bool is_told_password(written_value const& v, std::string_view name, std::string_view sign) {
  bool const spaced = sign.find('=') != std::string_view::npos && sign != "=";
  auto const where = v.quoted                                               ? password_place::quoted
                     : spaced || v.ends_statement || is_outcome(name, sign) ? password_place::code
                     : sign == "=" ? password_place::assigned
                                   : password_place::said;
  return !is_placeholder(v.text) && is_chosen_password(v.text, where);
}

bool has_image_magic(std::string_view s) {
  static constexpr std::string_view magic[] = {"iVBORw0KGgo", "R0lGOD", "/9j/", "UklGR",
                                               "PHN2Zy",      "AAAA",   "MII"};
  return std::any_of(std::begin(magic), std::end(magic),
                     [&](std::string_view m) { return s.starts_with(m); });
}

bool names_a_digest(std::string_view s) {
  return s.starts_with("sha1-") || s.starts_with("sha256-") || s.starts_with("sha384-") ||
         s.starts_with("sha512-");
}

/// Whether the run is a whole line of base64 as PEM and MIME write it.
bool is_armour_line(std::string_view text, std::size_t at, std::size_t n) {
  return (n == 64 || n == 76) && (at == 0 || text[at - 1] == '\n') &&
         (at + n == text.size() || text[at + n] == '\n' || text[at + n] == '\r');
}

bool is_random(std::string_view s) {
  auto const c = count(s);
  if (c.digit < 3 || c.lower < 3 || c.upper < 3 || all_hex(s))
    return false;
  // Words joined by slashes, dashes or underscores: paths, slugs, constant names.
  std::size_t longest = 0, part = 0, parts = 1;
  for (char const x : s) {
    part = is_alnum(x) ? part + 1 : 0;
    parts += is_alnum(x) ? 0 : 1;
    longest = std::max(longest, part);
  }
  if (parts > 2 && longest < 16)
    return false;
  // Drawn from 62 letters, neighbours differ in kind about 62 times in 100; in camelCase names
  // about 35 times.
  if (static_cast<double>(c.turns) < 0.45 * static_cast<double>(s.size() - 1))
    return false;
  return shannon_entropy(s) >= (s.size() >= 40 ? 4.4 : 4.2);
}

} // namespace

void assigned_values(std::string_view text, std::vector<secret_hit>& out) {
  for (std::size_t at = 0; at < text.size();) {
    if (!is_alpha(text[at]) && text[at] != '_') {
      ++at;
      continue;
    }
    auto const begin = at;
    while (at < text.size() && in_name(text[at]))
      ++at;
    auto const name = text.substr(begin, at - begin);
    auto start = past_assignment(text, at);
    bool const told = start == std::string_view::npos;
    if (told)
      start = past_telling(text, at);
    if (start == std::string_view::npos || start >= text.size() || name.size() > 80)
      continue;
    auto const kind = kind_of_name(name);
    if (kind == name_kind::other)
      continue;
    auto const value = value_at(text, start);
    if (!value.fits)
      continue;
    bool const assigned = !told && kind != name_kind::pass;
    auto const sign = told ? std::string_view{} : text.substr(at, start - at);
    if (!(assigned && is_secret_value(value.text, kind, value.quoted)) &&
        !(names_a_password(name) && is_told_password(value, name, sign)))
      continue;
    auto const offset = start + (value.quoted ? 1 : 0);
    out.push_back({"assigned-secret", offset, value.text.size()});
    at = offset + value.text.size();
  }
}

void random_strings(std::string_view text, std::vector<secret_hit>& out) {
  constexpr auto inside = [](char c) {
    return is_alnum(c) || c == '+' || c == '/' || c == '_' || c == '-';
  };
  for (std::size_t at = 0; at < text.size();) {
    if (!inside(text[at])) {
      ++at;
      continue;
    }
    auto const begin = at;
    while (at < text.size() && inside(text[at]))
      ++at;
    auto end = at;
    while (end < text.size() && text[end] == '=' && end - at < 2)
      ++end;
    auto const n = end - begin;
    if (n < 32 || n > 120)
      continue;
    auto const s = text.substr(begin, at - begin);
    auto const before = text.substr(begin < 8 ? 0 : begin - 8, begin < 8 ? begin : 8);
    // Module digests (`h1:`), data addresses, file names and versions are random, but no secrets.
    bool const harmless = before.ends_with("base64,") || before.ends_with("h1:") ||
                          before.ends_with("sha256:") || before.ends_with("sha512:") ||
                          before.ends_with(".") || before.ends_with("#") || has_image_magic(s) ||
                          names_a_digest(s) || is_armour_line(text, begin, n) || is_uuid(s);
    if (!harmless && is_random(s))
      out.push_back({"high-entropy", begin, n});
  }
}

} // namespace troupe::secret_rules
