#pragma once

#include "actors/engines/rules/brief.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <string_view>

namespace troupe::test {

/// The brief of a talk that must be readable.
inline brief_content drafted(std::string const& text) {
  auto const t = parse_transcript(text, "talk.txt");
  REQUIRE(t.has_value());
  auto const b = draft_brief(*t);
  REQUIRE(b.has_value());
  return *b;
}

/// Titles and criteria of all requirements.
inline std::string all_of(brief_content const& b) {
  std::string out;
  for (auto const& r : b.requirements) {
    out += r.title + '\n';
    for (auto const& c : r.criteria)
      out += c + '\n';
  }
  return out;
}

inline bool has(std::string const& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

/// The requirement with a word in its title; there must be one.
inline requirement const& about(brief_content const& b, std::string_view word) {
  for (auto const& r : b.requirements)
    if (has(r.title, word))
      return r;
  FAIL("no requirement about " << word << " in: " << all_of(b));
  return b.requirements.front();
}

inline bool comes_after(brief_content const& b, std::string_view later, std::string_view sooner) {
  auto const& after = about(b, later).after;
  return std::find(after.begin(), after.end(), about(b, sooner).key) != after.end();
}

} // namespace troupe::test
