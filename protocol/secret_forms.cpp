#include "protocol/secret_rules.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

namespace troupe::secret_rules {

namespace {

enum class alphabet { alnum, word, token, dotted, upper_digit, hex, base64 };

constexpr bool in(alphabet a, char c) {
  switch (a) {
  case alphabet::alnum:
    return is_alnum(c);
  case alphabet::word:
    return is_alnum(c) || c == '_';
  case alphabet::token:
    return is_alnum(c) || c == '_' || c == '-';
  case alphabet::dotted:
    return is_alnum(c) || c == '_' || c == '-' || c == '.';
  case alphabet::upper_digit:
    return is_upper(c) || is_digit(c);
  case alphabet::hex:
    return is_hex(c);
  case alphabet::base64:
    return is_alnum(c) || c == '+' || c == '/' || c == '=';
  }
  return false;
}

struct form {
  std::string_view rule;
  std::string_view prefix;
  alphabet letters;
  std::size_t least; ///< characters after the prefix
  std::size_t most;  ///< 0: any
};

// From the issuers' documentation; several of the prefixes were made for scanners like this one.
constexpr form forms[] = {
    {"aws-access-key", "AKIA", alphabet::upper_digit, 16, 16},
    {"aws-access-key", "ASIA", alphabet::upper_digit, 16, 16},
    {"aws-access-key", "AROA", alphabet::upper_digit, 16, 17},
    {"aws-access-key", "AIDA", alphabet::upper_digit, 16, 17},
    {"github-token", "ghp_", alphabet::alnum, 30, 0},
    {"github-token", "gho_", alphabet::alnum, 30, 0},
    {"github-token", "ghu_", alphabet::alnum, 30, 0},
    {"github-token", "ghs_", alphabet::alnum, 30, 0},
    {"github-token", "ghr_", alphabet::alnum, 30, 0},
    {"github-token", "github_pat_", alphabet::word, 40, 0},
    {"gitlab-token", "glpat-", alphabet::dotted, 20, 0},
    {"gitlab-token", "gldt-", alphabet::token, 20, 0},
    {"gitlab-token", "glrt-", alphabet::token, 20, 0},
    {"slack-token", "xoxb-", alphabet::token, 20, 0},
    {"slack-token", "xoxp-", alphabet::token, 20, 0},
    {"slack-token", "xoxa-", alphabet::token, 20, 0},
    {"slack-token", "xoxr-", alphabet::token, 20, 0},
    {"slack-token", "xoxs-", alphabet::token, 20, 0},
    {"slack-token", "xapp-", alphabet::token, 20, 0},
    {"stripe-key", "sk_live_", alphabet::alnum, 16, 0},
    {"stripe-key", "sk_test_", alphabet::alnum, 16, 0},
    {"stripe-key", "rk_live_", alphabet::alnum, 16, 0},
    {"stripe-key", "rk_test_", alphabet::alnum, 16, 0},
    {"stripe-key", "whsec_", alphabet::base64, 24, 0},
    {"anthropic-key", "sk-ant-", alphabet::token, 20, 0},
    {"openai-key", "sk-proj-", alphabet::token, 20, 0},
    {"openai-key", "sk-svcacct-", alphabet::token, 20, 0},
    {"openai-key", "sk-", alphabet::alnum, 32, 0},
    {"google-key", "AIza", alphabet::token, 35, 35},
    {"google-oauth", "ya29.", alphabet::token, 20, 0},
    {"google-oauth", "GOCSPX-", alphabet::token, 20, 0},
    {"npm-token", "npm_", alphabet::alnum, 36, 36},
    {"pypi-token", "pypi-AgE", alphabet::token, 40, 0},
    {"docker-token", "dckr_pat_", alphabet::token, 20, 0},
    {"huggingface-token", "hf_", alphabet::alnum, 30, 0},
    {"sendgrid-key", "SG.", alphabet::dotted, 60, 0},
    {"twilio-key", "SK", alphabet::hex, 32, 32},
    {"shopify-token", "shpat_", alphabet::hex, 32, 0},
    {"shopify-token", "shpss_", alphabet::hex, 32, 0},
    {"digitalocean-token", "dop_v1_", alphabet::hex, 60, 0},
    {"linear-key", "lin_api_", alphabet::alnum, 32, 0},
    {"atlassian-token", "ATATT3", alphabet::token, 60, 0},
    {"databricks-token", "dapi", alphabet::hex, 32, 0},
    {"vault-token", "hvs.", alphabet::token, 24, 0},
    {"doppler-token", "dp.pt.", alphabet::alnum, 40, 0},
    {"postman-key", "PMAK-", alphabet::token, 40, 0},
    {"newrelic-key", "NRAK-", alphabet::alnum, 24, 0},
    {"grafana-token", "glsa_", alphabet::word, 32, 0},
    {"age-key", "AGE-SECRET-KEY-1", alphabet::upper_digit, 50, 0},
    {"azure-key", "AccountKey=", alphabet::base64, 60, 0},
    {"troupe-token", "trp_", alphabet::token, 24, 0},
};

/// For each letter the forms that begin with it, a bit for each.
constexpr auto forms_by_letter = [] {
  static_assert(std::size(forms) <= 64);
  std::array<std::uint64_t, 256> out{};
  for (std::size_t i = 0; i < std::size(forms); ++i)
    out[static_cast<unsigned char>(forms[i].prefix.front())] |= std::uint64_t{1} << i;
  return out;
}();

bool boundary_before(std::string_view text, std::size_t at) {
  return at == 0 || !(is_alnum(text[at - 1]) || text[at - 1] == '_');
}

std::size_t run(std::string_view text, std::size_t at, alphabet a) {
  auto const begin = at;
  while (at < text.size() && in(a, text[at]))
    ++at;
  return at - begin;
}

/// `xxxxxxxx`, `********`, `00000000`: documentation, not a secret.
bool is_filler(std::string_view s) {
  return shannon_entropy(s) < 1.5;
}

void issuer_prefixes(std::string_view text, std::size_t at, std::vector<secret_hit>& out) {
  if (!boundary_before(text, at))
    return;
  auto const rest = text.substr(at);
  for (auto left = forms_by_letter[static_cast<unsigned char>(rest.front())]; left != 0;
       left &= left - 1) {
    auto const& f = forms[std::countr_zero(left)];
    if (!rest.starts_with(f.prefix))
      continue;
    auto const n = run(rest, f.prefix.size(), f.letters);
    if (n < f.least || (f.most != 0 && n > f.most) || is_filler(rest.substr(f.prefix.size(), n)))
      continue;
    out.push_back({f.rule, at, f.prefix.size() + n});
    return;
  }
}

/// RFC 7519: three base64url parts; header and claims begin with `{"`, which encodes to `eyJ`.
void json_web_token(std::string_view text, std::size_t at, std::vector<secret_hit>& out) {
  if (text.substr(at, 3) != "eyJ" || !boundary_before(text, at))
    return;
  auto const header = run(text, at, alphabet::token);
  auto next = at + header;
  if (header < 10 || text.substr(next, 4) != ".eyJ")
    return;
  auto const claims = run(text, next + 1, alphabet::token);
  next += 1 + claims;
  if (next >= text.size() || text[next] != '.')
    return;
  auto const signature = run(text, next + 1, alphabet::token);
  if (claims >= 10 && signature >= 10)
    out.push_back({"json-web-token", at, next + 1 + signature - at});
}

void private_key(std::string_view text, std::size_t at, std::vector<secret_hit>& out) {
  constexpr std::string_view begin = "-----BEGIN ";
  auto const rest = text.substr(at);
  if (!rest.starts_with(begin))
    return;
  auto const head = rest.substr(0, 80);
  auto const dashes = head.find("-----", begin.size());
  if (dashes == std::string_view::npos ||
      head.substr(0, dashes).find("PRIVATE KEY") == std::string_view::npos)
    return;
  auto end = rest.find("-----END ", dashes);
  if (end != std::string_view::npos) {
    auto const close = rest.find("-----", end + 9);
    end = close == std::string_view::npos ? std::string_view::npos : close + 5;
  }
  out.push_back({"private-key", at, end == std::string_view::npos ? rest.size() : end});
}

/// `scheme://user:password@host`.
void url_password(std::string_view text, std::size_t at, std::vector<secret_hit>& out) {
  if (text.substr(at, 3) != "://" || at == 0 || !is_alpha(text[at - 1]))
    return;
  auto const start = at + 3;
  auto const stop = text.find_first_of(" \t\r\n\"'`<>/?#@", start);
  if (stop == std::string_view::npos || text[stop] != '@')
    return;
  auto const login = text.substr(start, stop - start);
  auto const colon = login.find(':');
  if (colon == std::string_view::npos)
    return;
  auto const user = login.substr(0, colon);
  auto const password = login.substr(colon + 1);
  static constexpr std::string_view harmless[] = {
      "password", "pass", "passwd",   "secret", "user", "token", "xxx", "postgres",
      "example",  "test", "changeme", "guest",  "root", "admin", "pw",  "redacted"};
  if (password.size() < 3 || password == user || is_filler(password) ||
      password.find_first_of("${}[]%*") == 0 ||
      std::find(std::begin(harmless), std::end(harmless), password) != std::end(harmless))
    return;
  out.push_back({"url-password", start + colon + 1, password.size()});
}

/// `Authorization: Bearer …` and `Basic …`.
void authorization(std::string_view text, std::size_t at, std::vector<secret_hit>& out) {
  bool const bearer = contains_word(text.substr(at, 7), "bearer ");
  bool const basic = contains_word(text.substr(at, 6), "basic ");
  if ((!bearer && !basic) || !boundary_before(text, at))
    return;
  auto const start = at + (bearer ? 7 : 6);
  std::size_t n = 0;
  while (start + n < text.size() &&
         (in(alphabet::dotted, text[start + n]) || in(alphabet::base64, text[start + n]) ||
          text[start + n] == '~'))
    ++n;
  auto const value = text.substr(start, n);
  auto const digits = std::count_if(value.begin(), value.end(), is_digit);
  // A hyphenated word after "bearer" is prose; a credential is long and has digits in it.
  if (n < (bearer ? 20U : 16U) || digits < 2 || shannon_entropy(value) < 3.0)
    return;
  if (basic &&
      !contains_word(text.substr(at < 24 ? 0 : at - 24, at < 24 ? at : 24), "authorization"))
    return;
  out.push_back({bearer ? "bearer-token" : "basic-credentials", start, n});
}

/// `https://hooks.slack.com/services/T…/B…/…` lets anyone post.
void slack_webhook(std::string_view text, std::size_t at, std::vector<secret_hit>& out) {
  constexpr std::string_view host = "hooks.slack.com/services/";
  if (!text.substr(at).starts_with(host))
    return;
  std::size_t n = host.size();
  while (at + n < text.size() && (is_alnum(text[at + n]) || text[at + n] == '/'))
    ++n;
  if (n >= host.size() + 30)
    out.push_back({"slack-webhook", at, n});
}

/// Bot tokens: 8 to 10 digits, a colon, 35 characters.
void telegram_token(std::string_view text, std::size_t at, std::vector<secret_hit>& out) {
  if (!boundary_before(text, at))
    return;
  std::size_t digits = 0;
  while (at + digits < text.size() && is_digit(text[at + digits]))
    ++digits;
  if (digits < 8 || digits > 10 || text.substr(at + digits, 3) != ":AA")
    return;
  auto const n = run(text, at + digits + 1, alphabet::token);
  if (n == 35)
    out.push_back({"telegram-token", at, digits + 1 + n});
}

} // namespace

bool contains_word(std::string_view text, std::string_view needle) {
  return std::search(text.begin(), text.end(), needle.begin(), needle.end(),
                     [](char a, char b) { return to_lower(a) == b; }) != text.end();
}

void known_forms(std::string_view text, std::vector<secret_hit>& out) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    auto const before = out.size();
    switch (text[at]) {
    case '-':
      private_key(text, at, out);
      break;
    case ':':
      url_password(text, at, out);
      break;
    default:
      if (is_digit(text[at]))
        telegram_token(text, at, out);
      else if (is_alpha(text[at])) {
        json_web_token(text, at, out);
        issuer_prefixes(text, at, out);
        if (text[at] == 'b' || text[at] == 'B')
          authorization(text, at, out);
        else if (text[at] == 'h')
          slack_webhook(text, at, out);
      }
    }
    if (out.size() != before)
      at = std::max(at, out.back().offset + out.back().length - 1);
  }
}

} // namespace troupe::secret_rules
