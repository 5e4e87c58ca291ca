#include "config/load.hpp"

#include "config/keys.hpp"

#include <toml++/toml.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <set>

namespace troupe {

namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

std::string full_name(setting_key const& k) {
  return std::string{k.section} + "." + std::string{k.name};
}

std::string variable_of(setting_key const& k) {
  auto out = "TROUPE_" + std::string{k.section} + "_" + std::string{k.name};
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return out;
}

std::string range_of(setting_key const& k) {
  return "a whole number from " + std::to_string(k.least) + " to " + std::to_string(k.most);
}

std::string choices_of(setting_key const& k) {
  std::string out = "one of";
  for (auto const c : k.choices)
    out += " " + std::string{c};
  return out;
}

// ---- from text (environment, flags) -------------------------------------------------------------
// Each answers what the value must be; empty: it is taken.

std::string read_number(std::string_view text, setting_key const& k, std::int64_t& out) {
  auto const [end, ec] = std::from_chars(text.data(), text.data() + text.size(), out);
  bool const fits =
      ec == std::errc{} && end == text.data() + text.size() && out >= k.least && out <= k.most;
  return fits ? "" : range_of(k);
}
std::string read_text(std::string_view text, setting_key const& k, std::int32_t& out) {
  std::int64_t n = 0;
  auto wrong = read_number(text, k, n);
  if (wrong.empty())
    out = static_cast<std::int32_t>(n);
  return wrong;
}
std::string read_text(std::string_view text, setting_key const& k, milliseconds& out) {
  std::int64_t n = 0;
  auto wrong = read_number(text, k, n);
  if (wrong.empty())
    out = milliseconds{n};
  return wrong;
}
std::string read_text(std::string_view text, setting_key const&, bool& out) {
  if (text != "true" && text != "false" && text != "1" && text != "0")
    return "true or false";
  out = text == "true" || text == "1";
  return {};
}
std::string read_text(std::string_view text, setting_key const& k, std::string& out) {
  if (!k.choices.empty() && std::find(k.choices.begin(), k.choices.end(), text) == k.choices.end())
    return choices_of(k);
  out = std::string{text};
  return {};
}
std::string read_text(std::string_view text, setting_key const&, std::vector<std::string>& out) {
  out.clear();
  while (!text.empty()) {
    auto const comma = text.find(',');
    if (auto const item = text.substr(0, comma); !item.empty())
      out.emplace_back(item);
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
  }
  return {};
}

// ---- from TOML ----------------------------------------------------------------------------------

std::string read_node(toml::node const& n, setting_key const& k, std::int32_t& out) {
  if (!n.is_integer())
    return range_of(k);
  return read_text(std::to_string(n.as_integer()->get()), k, out);
}
std::string read_node(toml::node const& n, setting_key const& k, milliseconds& out) {
  if (!n.is_integer())
    return range_of(k);
  return read_text(std::to_string(n.as_integer()->get()), k, out);
}
std::string read_node(toml::node const& n, setting_key const&, bool& out) {
  if (!n.is_boolean())
    return "true or false";
  out = n.as_boolean()->get();
  return {};
}
std::string read_node(toml::node const& n, setting_key const& k, std::string& out) {
  if (!n.is_string())
    return k.choices.empty() ? "a text in quotes" : choices_of(k);
  return read_text(n.as_string()->get(), k, out);
}
std::string read_node(toml::node const& n, setting_key const&, std::vector<std::string>& out) {
  if (!n.is_array())
    return "a list of texts, [\"a\", \"b\"]";
  std::vector<std::string> items;
  for (auto const& item : *n.as_array()) {
    if (!item.is_string())
      return "a list of texts, [\"a\", \"b\"]";
    items.push_back(item.as_string()->get());
  }
  out = std::move(items);
  return {};
}

std::string shown_value(toml::node const& n) {
  std::ostringstream out;
  if (n.is_table())
    return "a table";
  n.visit([&](auto const& x) { out << x; });
  return out.str();
}

void read_file(fs::path const& file, loaded_settings& out) {
  toml::table table;
  try {
    table = toml::parse_file(file.string());
  } catch (toml::parse_error const& e) {
    out.problems.push_back(file.string() + ":" + std::to_string(e.source().begin.line) + ": " +
                           std::string{e.description()});
    return;
  }
  std::set<std::string> known;
  std::set<std::string> sections;
  visit_settings(out.values, [&](setting_key const& k, auto& member) {
    known.insert(full_name(k));
    sections.insert(std::string{k.section});
    auto const* section = table[k.section].as_table();
    auto const* node = section == nullptr ? nullptr : section->get(k.name);
    if (node == nullptr)
      return;
    auto const place = file.string() + ":" + std::to_string(node->source().begin.line);
    if (auto const want = read_node(*node, k, member); !want.empty())
      out.problems.push_back(place + ": " + full_name(k) + " = " +
                             (k.secret ? "***" : shown_value(*node)) + ", but it must be " + want);
    else
      out.origins[full_name(k)] = "file " + place;
  });
  for (auto const& [section, node] : table) {
    auto const line = file.string() + ":" + std::to_string(node.source().begin.line) + ": ";
    if (!sections.contains(std::string{section.str()})) {
      std::string names;
      for (auto const& s : sections)
        names += (names.empty() ? "" : ", ") + s;
      out.problems.push_back(line + "unknown section " + std::string{section.str()} +
                             "; there are " + names);
      continue;
    }
    if (!node.is_table()) {
      out.problems.push_back(line + std::string{section.str()} + " is a section: write [" +
                             std::string{section.str()} + "] and its keys below");
      continue;
    }
    for (auto const& [key, value] : *node.as_table()) {
      auto const name = std::string{section.str()} + "." + std::string{key.str()};
      if (!known.contains(name))
        out.problems.push_back(file.string() + ":" + std::to_string(value.source().begin.line) +
                               ": unknown key " + name +
                               "; `troupe config print --example` shows every key");
    }
  }
}

void read_environment(std::map<std::string, std::string> const& env, loaded_settings& out) {
  static std::map<std::string_view, std::string_view> const short_names = {
      {"store.data", "TROUPE_DATA"},
      {"store.url", "TROUPE_STORE"},
      {"client.server", "TROUPE_SERVER"},
      {"client.token_file", "TROUPE_TOKEN_FILE"}};
  std::set<std::string> known;
  std::set<std::string> prefixes;
  visit_settings(out.values, [&](setting_key const& k, auto& member) {
    auto const name = full_name(k);
    auto const variable = variable_of(k);
    known.insert(variable);
    prefixes.insert(variable.substr(0, variable.find('_', 7) + 1));
    std::vector<std::string> candidates;
    if (auto const s = short_names.find(name); s != short_names.end())
      candidates.emplace_back(s->second);
    candidates.push_back(variable);
    for (auto const& c : candidates) {
      auto const found = env.find(c);
      if (found == env.end())
        continue;
      if (auto const want = read_text(found->second, k, member); !want.empty())
        out.problems.push_back(c + " (" + name + ") is \"" + (k.secret ? "***" : found->second) +
                               "\", but it must be " + want);
      else
        out.origins[name] = "environment " + c;
    }
  });
  // Other TROUPE_ variables belong to coders and their tools; those with a section's name are ours.
  for (auto const& entry : env) {
    auto const& variable = entry.first; // a binding could not be captured below (C++20 on clang 14)
    bool const ours = std::any_of(prefixes.begin(), prefixes.end(),
                                  [&](std::string const& p) { return variable.starts_with(p); });
    if (ours && !known.contains(variable))
      out.problems.push_back("unknown variable " + variable +
                             "; variables are TROUPE_<SECTION>_<KEY>, as `troupe config print` "
                             "shows them");
  }
}

void read_flags(std::map<std::string, std::string> const& flags, loaded_settings& out) {
  std::set<std::string> known;
  visit_settings(out.values, [&](setting_key const& k, auto& member) {
    auto const name = full_name(k);
    known.insert(name);
    auto const found = flags.find(name);
    if (found == flags.end())
      return;
    if (auto const want = read_text(found->second, k, member); !want.empty())
      out.problems.push_back(name + " = " + (k.secret ? "***" : found->second) +
                             " (flag), but it must be " + want);
    else
      out.origins[name] = "flag";
  });
  for (auto const& [name, value] : flags) {
    if (!known.contains(name))
      out.problems.push_back("unknown setting " + name +
                             "; `troupe config print` shows every setting");
  }
}

std::string at(std::map<std::string, std::string> const& env, std::string const& name) {
  auto const found = env.find(name);
  return found == env.end() ? std::string{} : found->second;
}

/// XDG Base Directory Specification: an empty or relative variable counts as not set.
fs::path base_folder(std::map<std::string, std::string> const& env, std::string const& variable,
                     char const* below_home) {
  if (auto const set = at(env, variable); !set.empty() && fs::path{set}.is_absolute())
    return set;
  auto const home = at(env, "HOME");
  return (home.empty() ? fs::path{"."} : fs::path{home}) / below_home;
}

} // namespace

loaded_settings load_settings(setting_sources const& from) {
  loaded_settings out;
  visit_settings(out.values,
                 [&](setting_key const& k, auto&) { out.origins[full_name(k)] = "default"; });
  auto file = from.file;
  if (!file) {
    if (auto const named = at(from.environment, "TROUPE_CONFIG"); !named.empty())
      file = named;
  }
  std::error_code ec;
  if (file) {
    if (fs::is_regular_file(*file, ec))
      read_file(*file, out);
    else
      out.problems.push_back("there is no settings file " + file->string());
  } else {
    auto const usual =
        base_folder(from.environment, "XDG_CONFIG_HOME", ".config") / "troupe" / "troupe.toml";
    if (fs::is_regular_file(usual, ec))
      read_file(usual, out);
  }
  read_environment(from.environment, out);
  read_flags(from.flags, out);
  auto const& s = out.values;
  if (s.server.tls_certificate.empty() != s.server.tls_key.empty())
    out.problems.emplace_back("server.tls_certificate and server.tls_key go together: set both, or "
                              "neither");
  if (!s.store.url.empty() && !s.store.url_file.empty())
    out.problems.emplace_back("store.url and store.url_file say the same: set one of them");
  else if (auto const wrong = wrong_store_url(s.store.url); !wrong.empty())
    out.problems.push_back("store.url (--store) = " + wrong);
  return out;
}

std::map<std::string, std::string> process_environment() {
  std::map<std::string, std::string> out;
  for (char** v = environ; v != nullptr && *v != nullptr; ++v) {
    std::string_view const text{*v};
    auto const equals = text.find('=');
    if (equals != std::string_view::npos)
      out.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return out;
}

fs::path data_folder(settings const& s, std::map<std::string, std::string> const& env) {
  if (!s.store.data.empty())
    return s.store.data;
  return base_folder(env, "XDG_DATA_HOME", ".local/share") / "troupe";
}

std::optional<std::string> store_url(settings const& s) {
  if (s.store.url_file.empty())
    return s.store.url;
  std::ifstream in{s.store.url_file};
  std::string line;
  if (!std::getline(in, line))
    return std::nullopt;
  while (!line.empty() && (line.back() == ' ' || line.back() == '\r'))
    line.pop_back();
  return line;
}

std::string wrong_store_url(std::string const& url) {
  bool const key_words = url.find("://") == std::string::npos && url.find('=') != std::string::npos;
  if (url.empty() || key_words || url.starts_with("postgres://") ||
      url.starts_with("postgresql://"))
    return {};
  return masked(url) + " is not a postgres:// URL; left out, the ledger is SQLite in the data "
                       "folder";
}

} // namespace troupe
