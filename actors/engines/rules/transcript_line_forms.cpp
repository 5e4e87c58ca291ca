#include "actors/engines/rules/text.hpp"
#include "actors/engines/rules/transcript_forms.hpp"

#include <algorithm>

namespace troupe::rules {
namespace {

void skip_spaces(std::string_view s, std::size_t& pos) {
  while (pos < s.size() && is_space(s[pos]))
    ++pos;
}

std::size_t skip_date(std::string_view s, std::size_t pos) {
  // `12.05.26, ` / `2026-05-12 ` / `5/12/26, `: digits and one kind of separator, then white space
  auto i = pos;
  std::size_t separators = 0;
  while (i < s.size() && (is_digit(s[i]) || s[i] == '.' || s[i] == '/' || s[i] == '-')) {
    separators += is_digit(s[i]) ? 0 : 1;
    ++i;
  }
  if (separators != 2 || i - pos < 6)
    return pos;
  if (i < s.size() && (s[i] == ',' || s[i] == 'T'))
    ++i;
  skip_spaces(s, i);
  return i;
}

/// ` - 00:00:04`, ` --> 00:00:04`: the end of what was said.
void skip_range(std::string_view s, std::size_t& pos) {
  auto i = pos;
  skip_spaces(s, i);
  auto const rest = s.substr(i);
  for (std::string_view const mark : {"-->", "->", "–", "-", "to "}) {
    if (!rest.starts_with(mark))
      continue;
    i += mark.size();
    skip_spaces(s, i);
    if (read_time(s, i))
      pos = i;
    return;
  }
}

/// A time first: `[00:00:05] Name: text`, `00:00:05 Name`, `00:00:12\tFrom Name : text`.
line_form time_first(std::string_view line) {
  line_form out;
  std::size_t pos = 0;
  bool const bracket = !line.empty() && (line[0] == '[' || line[0] == '(');
  pos += bracket ? 1 : 0;
  auto const after_date = skip_date(line, pos);
  out.clock = after_date != pos;
  pos = after_date;
  auto const at = read_time(line, pos, &out.clock);
  if (!at)
    return out;
  skip_range(line, pos);
  if (bracket) {
    if (pos >= line.size() || (line[pos] != ']' && line[pos] != ')'))
      return out;
    ++pos;
  }
  skip_spaces(line, pos);
  if (pos + 1 < line.size() && line[pos] == '-' && line[pos + 1] == ' ')
    pos += 2;
  auto rest = trim(line.substr(pos));
  out.at = *at;
  out.timed = true;
  if (rest.starts_with("From ")) {
    rest = trim(rest.substr(5));
    auto const colon = rest.find(':');
    if (colon == std::string_view::npos)
      return out;
    auto who = rest.substr(0, colon);
    for (auto const* word : {" to ", "  to  ", " To "})
      if (auto const to = who.find(word); to != std::string_view::npos)
        who = who.substr(0, to);
    out.name = trim(who);
    out.text = trim(rest.substr(colon + 1));
    out.head = looks_like_name(out.name);
    return out;
  }
  if (split_speaker(rest, out.name, out.text)) {
    out.head = true;
  } else if (rest.empty() || looks_like_name(rest)) {
    out.name = rest;
    out.head = !rest.empty();
  }
  return out;
}

/// A name first: `Name (00:01:02): text`, `Name   0:05`, `[Name] 10:02:33`, `Name | 00:05`.
line_form name_before(std::string_view line, std::size_t digit) {
  line_form out;
  auto pos = digit;
  auto const at = read_time(line, pos, &out.clock);
  if (!at)
    return out;
  auto name = line.substr(0, digit);
  bool separated = false;
  bool bracket = false;
  while (!name.empty() &&
         (is_space(name.back()) || name.back() == '(' || name.back() == '[' || name.back() == '|' ||
          name.back() == ',' || name.back() == '@' || name.back() == '-')) {
    separated = true;
    bracket = bracket || name.back() == '(' || name.back() == '[';
    name.remove_suffix(1);
  }
  if (name.starts_with('[') && name.ends_with(']'))
    name = name.substr(1, name.size() - 2);
  // `Speaker 2` has a number at its end, `May 12, 2026` is no name.
  bool const date = std::any_of(name.begin(), name.end(), is_digit) &&
                    (name.find(',') != std::string_view::npos || !is_digit(trim(name).back()));
  if (!separated || date || !looks_like_name(trim(name)))
    return out;
  if (bracket && pos < line.size() && (line[pos] == ')' || line[pos] == ']'))
    ++pos;
  skip_spaces(line, pos);
  bool const colon = pos < line.size() && line[pos] == ':';
  pos += colon ? 1 : 0;
  out.text = trim(line.substr(pos));
  // `Anna  0:05 went` is a sentence: words on the line need a bracket or a colon before them.
  if (!out.text.empty() && !colon && !bracket)
    return {};
  out.name = trim(name);
  out.at = *at;
  out.timed = out.head = true;
  return out;
}

line_form name_first(std::string_view line) {
  // The first number may be a part of the name: `Speaker 2 (00:05): text`.
  for (std::size_t i = 1; i < line.size() && i < 90; ++i)
    if (is_digit(line[i]) && !is_digit(line[i - 1]))
      if (auto const out = name_before(line, i); out.head)
        return out;
  return {};
}

line_form classify(std::string_view line) {
  if (auto const a = time_first(line); a.timed)
    return a;
  if (auto const b = name_first(line); b.head)
    return b;
  line_form out;
  if (!split_speaker(line, out.name, out.text) || is_label(out.name))
    return {};
  out.head = true;
  // `Name: [00:00:05] text`
  if (out.text.starts_with('[') || out.text.starts_with('(')) {
    std::size_t pos = 1;
    auto const at = read_time(out.text, pos, &out.clock);
    if (at && pos < out.text.size() && (out.text[pos] == ']' || out.text[pos] == ')')) {
      out.at = *at;
      out.timed = true;
      out.text = trim(out.text.substr(pos + 1));
    }
  }
  return out;
}

/// The line without the marks that make its head a list item, bold or italic; what is said keeps
/// its own.
std::string plain_head(std::string_view line, std::size_t marker) {
  std::string out;
  bool open = false;
  for (line.remove_prefix(marker); !line.empty();) {
    if (line[0] != '*' || out.size() > 80 || (!open && out.find(": ") != std::string::npos)) {
      out += line[0];
      line.remove_prefix(1);
      continue;
    }
    open = !open;
    while (!line.empty() && line[0] == '*')
      line.remove_prefix(1);
  }
  return out;
}

} // namespace

line_form line_form_of(std::string_view line, std::deque<std::string>& kept) {
  auto out = classify(line);
  if (out.head || out.timed)
    return out;
  auto const marker = bullet_length(line);
  if (marker == 0 && !line.starts_with('*'))
    return out;
  kept.push_back(plain_head(line, marker));
  out = classify(trim(kept.back()));
  out.listed = out.head && !out.timed && marker > 0;
  if (!out.head)
    kept.pop_back();
  return out.head ? out : line_form{};
}

} // namespace troupe::rules
