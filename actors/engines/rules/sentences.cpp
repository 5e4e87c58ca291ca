#include "actors/engines/rules/lexicon.hpp"
#include "actors/engines/rules/text.hpp"
#include "actors/engines/rules/units.hpp"

#include <algorithm>
#include <array>

namespace troupe::rules {
namespace {

/// True if the full stop between the two does not end a sentence.
bool abbreviation(std::string_view before, std::string_view after) {
  static constexpr std::array list = {"e.g",  "i.e", "vs",  "dr", "mr",   "mrs",  "ms",  "approx",
                                      "resp", "cf",  "fig", "st", "prof", "incl", "excl"};
  auto const space = before.find_last_of(" (");
  auto const last = lower(space == std::string_view::npos ? before : before.substr(space + 1));
  // `J. Smith` is a name; `capital M. Then …` ends a sentence.
  if (last.size() == 1 && is_upper(before.back()) && last != "i") {
    auto const next = after.substr(0, after.find_first_of(" .,?!"));
    return !next.empty() && is_upper(next[0]) && !lexicon::is_stopword(lower(next));
  }
  return std::find(list.begin(), list.end(), last) != list.end() && last != "ms";
}

} // namespace

std::vector<std::string_view> sentences_of(std::string_view text) {
  std::vector<std::string_view> out;
  std::size_t begin = 0;
  char quote = 0; // closing mark that is open, 0 outside
  std::size_t quote_at = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto const c = text[i];
    if (c == '"' || c == '`') {
      if (quote == c) {
        quote = 0;
      } else if (quote == 0 && text.find(c, i + 1) < i + 200) {
        quote = c;
        quote_at = i;
      }
    }
    // Inside a short quotation nothing ends.
    if (quote != 0 && i - quote_at < 200)
      continue;
    bool const semicolon = c == ';';
    bool const ellipsis = text.substr(i, 3) == "…";
    if (c != '.' && c != '?' && c != '!' && !semicolon && !ellipsis)
      continue;
    auto end = i + (ellipsis ? 3 : 1);
    std::size_t dots = c == '.' ? 1 : 0;
    while (end < text.size() && (text[end] == '.' || text[end] == '?' || text[end] == '!')) {
      dots += text[end] == '.' ? 1 : 0;
      ++end;
    }
    while (end < text.size() && (text[end] == ')' || text[end] == '\''))
      ++end;
    if (end < text.size() && text[end] != ' ')
      continue;
    auto next = end;
    while (next < text.size() && text[next] == ' ')
      ++next;
    if (c == '.' && dots == 1 && abbreviation(text.substr(begin, i - begin), text.substr(next)))
      continue;
    // The speaker only hesitates.
    if ((dots > 1 || ellipsis) && next < text.size() && !is_upper(text[next])) {
      i = end - 1;
      continue;
    }
    auto const s = trim(text.substr(begin, (semicolon ? i : end) - begin));
    if (!s.empty())
      out.push_back(s);
    begin = next;
    i = next == 0 ? 0 : next - 1;
  }
  if (auto const s = trim(text.substr(std::min(begin, text.size()))); !s.empty())
    out.push_back(s);
  return out;
}

std::string name_list::find(std::string_view low) const {
  auto const i = names.find(std::string{low});
  return i == names.end() ? std::string{} : i->second;
}

name_list names_of(transcript const& t) {
  name_list out;
  for (auto const& full : t.present) {
    auto const low = lower(full);
    for (auto const& called : {low, low.substr(0, low.find(' '))})
      if (called.size() > 1)
        out.names.emplace(called, full);
  }
  return out;
}

bool contains_phrase(std::string_view flat, std::string_view phrase) {
  for (std::size_t at = flat.find(phrase); at != std::string_view::npos;
       at = flat.find(phrase, at + 1)) {
    auto const end = at + phrase.size();
    if ((at == 0 || flat[at - 1] == ' ') && (end == flat.size() || flat[end] == ' '))
      return true;
  }
  return false;
}

bool contains_any(std::string_view flat, std::initializer_list<std::string_view> list) {
  return std::any_of(list.begin(), list.end(),
                     [&](std::string_view p) { return contains_phrase(flat, p); });
}

} // namespace troupe::rules
