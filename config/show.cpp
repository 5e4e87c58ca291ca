#include "config/keys.hpp"
#include "config/load.hpp"

#include <cstdio>

namespace troupe {

namespace {

using std::chrono::milliseconds;

std::string full_name(setting_key const& k) {
  return std::string{k.section} + "." + std::string{k.name};
}

std::string choices_of(setting_key const& k) {
  std::string out = "one of";
  for (auto const c : k.choices)
    out += " " + std::string{c};
  return out;
}

std::string quoted(std::string const& text) {
  std::string out = "\"";
  for (char const c : text) {
    if (c == '"' || c == '\\')
      out += '\\';
    if (static_cast<unsigned char>(c) < 0x20) {
      char code[8];
      std::snprintf(code, sizeof code, "\\u%04X", static_cast<unsigned>(c));
      out += code;
    } else {
      out += c;
    }
  }
  return out + "\"";
}
std::string written(std::int32_t x) {
  return std::to_string(x);
}
std::string written(milliseconds x) {
  return std::to_string(x.count());
}
std::string written(bool x) {
  return x ? "true" : "false";
}
std::string written(std::string const& x) {
  return quoted(x);
}
std::string written(std::vector<std::string> const& xs) {
  std::string out = "[";
  for (auto const& x : xs)
    out += (out.size() > 1 ? ", " : "") + quoted(x);
  return out + "]";
}

} // namespace

std::string masked(std::string const& url) {
  auto const scheme = url.find("://");
  if (scheme == std::string::npos) { // libpq key words
    auto const at = url.find("password=");
    return at == std::string::npos ? url : url.substr(0, at) + "password=***";
  }
  auto const begin = scheme + 3;
  auto const end = url.find_first_of("/?#", begin);
  auto const host = url.substr(begin, end == std::string::npos ? end : end - begin).rfind('@');
  auto out = url;
  if (host != std::string::npos) {
    auto const colon = url.find(':', begin);
    if (colon != std::string::npos && colon < begin + host)
      out = url.substr(0, colon) + ":***" + url.substr(begin + host);
  }
  if (auto const p = out.find("password="); p != std::string::npos) {
    auto const stop = out.find('&', p);
    out = out.substr(0, p) + "password=***" + (stop == std::string::npos ? "" : out.substr(stop));
  }
  return out;
}

std::vector<std::pair<std::string, setting_value>> describe(settings const& s) {
  std::vector<std::pair<std::string, setting_value>> out;
  visit_settings(s, [&](setting_key const& k, auto const& member) {
    using member_type = std::remove_cvref_t<decltype(member)>;
    setting_value shown;
    if constexpr (std::is_same_v<member_type, std::string>)
      shown = {written(k.secret ? masked(member) : member), k.secret ? masked(member) : member};
    else if constexpr (std::is_same_v<member_type, std::int32_t>)
      shown = {written(member), std::int64_t{member}};
    else if constexpr (std::is_same_v<member_type, milliseconds>)
      shown = {written(member), std::int64_t{member.count()}};
    else
      shown = {written(member), member};
    out.emplace_back(full_name(k), std::move(shown));
  });
  return out;
}

std::string example_toml() {
  std::string out = "# Settings of Troupe, every key with its default. Read from --config, else\n"
                    "# TROUPE_CONFIG, else ~/.config/troupe/troupe.toml; then come variables\n"
                    "# TROUPE_<SECTION>_<KEY>, then flags.\n";
  std::string section;
  settings const defaults;
  visit_settings(defaults, [&](setting_key const& k, auto const& member) {
    using member_type = std::remove_cvref_t<decltype(member)>;
    if (section != k.section) {
      section = std::string{k.section};
      out += "\n[" + section + "]\n";
    }
    out += "# " + std::string{k.meaning};
    if constexpr (std::is_same_v<member_type, std::int32_t> ||
                  std::is_same_v<member_type, milliseconds>)
      out += " " + std::to_string(k.least) + " to " + std::to_string(k.most) + ".";
    if (!k.choices.empty())
      out += " O" + choices_of(k).substr(1) + ".";
    out += "\n" + std::string{k.name} + " = " + written(member) + "\n";
  });
  return out;
}

} // namespace troupe
