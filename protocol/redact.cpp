#include "protocol/redact.hpp"

#include "protocol/secret_rules.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace troupe {

double shannon_entropy(std::string_view text) {
  if (text.empty())
    return 0;
  std::array<std::size_t, 256> count{};
  for (char const c : text)
    ++count[static_cast<unsigned char>(c)];
  double bits = 0;
  auto const n = static_cast<double>(text.size());
  for (auto const k : count)
    if (k != 0) {
      auto const p = static_cast<double>(k) / n;
      bits -= p * std::log2(p);
    }
  return bits;
}

bool is_generated_file(std::string_view path) {
  static constexpr std::string_view names[] = {"package-lock.json",
                                               "npm-shrinkwrap.json",
                                               "yarn.lock",
                                               "pnpm-lock.yaml",
                                               "bun.lock",
                                               "Cargo.lock",
                                               "go.sum",
                                               "go.work.sum",
                                               "poetry.lock",
                                               "uv.lock",
                                               "Pipfile.lock",
                                               "composer.lock",
                                               "Gemfile.lock",
                                               "mix.lock",
                                               "flake.lock",
                                               "pubspec.lock",
                                               "Package.resolved",
                                               "gradle.lockfile",
                                               "packages.lock.json"};
  static constexpr std::string_view endings[] = {".min.js", ".min.css", ".map", ".svg", ".snap"};
  auto const slash = path.rfind('/');
  auto const name = slash == std::string_view::npos ? path : path.substr(slash + 1);
  return std::find(std::begin(names), std::end(names), name) != std::end(names) ||
         std::any_of(std::begin(endings), std::end(endings),
                     [&](std::string_view e) { return name.ends_with(e); });
}

std::vector<secret_hit> find_secrets(std::string_view text, scan_options options) {
  std::vector<secret_hit> found;
  secret_rules::known_forms(text, found);
  if (options.unknown_forms) {
    secret_rules::assigned_values(text, found);
    secret_rules::random_strings(text, found);
  }
  // A known form tells more than a guess about the same bytes, so it was found first and wins.
  std::stable_sort(found.begin(), found.end(),
                   [](auto const& a, auto const& b) { return a.offset < b.offset; });
  std::vector<secret_hit> out;
  for (auto const& hit : found) {
    if (!out.empty() && hit.offset < out.back().offset + out.back().length) {
      auto const end = std::max(out.back().offset + out.back().length, hit.offset + hit.length);
      out.back().length = end - out.back().offset;
      continue;
    }
    out.push_back(hit);
  }
  return out;
}

std::string redact(std::string_view text) {
  auto const hits = find_secrets(text);
  if (hits.empty())
    return std::string{text};
  std::string out;
  out.reserve(text.size());
  std::size_t at = 0;
  for (auto const& hit : hits) {
    out.append(text.substr(at, hit.offset - at));
    out += "[redacted:";
    out += hit.rule;
    out += ']';
    at = hit.offset + hit.length;
  }
  out.append(text.substr(at));
  return out;
}

} // namespace troupe
