#include "actors/engines/rules/text.hpp"
#include "actors/engines/rules/transcript_forms.hpp"

#include <algorithm>
#include <unordered_map>

namespace troupe::rules {
namespace {

struct cue {
  duration at{0};
  std::vector<std::string_view> lines;
};

bool timing_line(std::string_view line, duration& at, bool& comma) {
  auto const arrow = line.find("-->");
  if (arrow == std::string_view::npos)
    return false;
  line = trim(line);
  std::size_t pos = 0;
  auto const start = read_time(line, pos, nullptr, true);
  if (!start)
    return false;
  comma = line.substr(0, pos).find(',') != std::string_view::npos;
  while (pos < line.size() && is_space(line[pos]))
    ++pos;
  if (line.substr(pos, 3) != "-->")
    return false;
  at = *start;
  return true;
}

bool only_digits(std::string_view s) {
  return !s.empty() && std::all_of(s.begin(), s.end(), is_digit);
}

std::string decoded_entities(std::string_view s) {
  static constexpr std::pair<std::string_view, std::string_view> names[] = {
      {"&amp;", "&"},   {"&lt;", "<"},  {"&gt;", ">"}, {"&nbsp;", " "},
      {"&quot;", "\""}, {"&#39;", "'"}, {"&lrm;", ""}, {"&rlm;", ""}};
  std::string out;
  out.reserve(s.size());
  for (std::size_t i = 0; i < s.size(); ++i) {
    bool found = false;
    if (s[i] == '&') {
      for (auto const& [name, is] : names) {
        if (s.substr(i, name.size()) == name) {
          out += is;
          i += name.size() - 1;
          found = true;
          break;
        }
      }
    }
    if (!found)
      out += s[i];
  }
  return out;
}

/// Cuts the markup out of a cue's text: a piece for each voice tag, with the name in it.
std::vector<std::pair<std::string, std::string>> voices(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> out(1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto const close = text[i] == '<' ? text.find('>', i) : std::string_view::npos;
    // `a < b` is no tag: a tag has a letter, digit or slash behind the bracket and is short.
    bool const tag = close != std::string_view::npos && close - i < 120 && i + 1 < text.size() &&
                     (is_letter(text[i + 1]) || is_digit(text[i + 1]) || text[i + 1] == '/');
    if (!tag) {
      out.back().second += text[i];
      continue;
    }
    auto const inner = text.substr(i + 1, close - i - 1);
    if (inner.starts_with("v ") || inner.starts_with("v.") || inner.starts_with("v\t")) {
      auto const space = inner.find_first_of(" \t");
      auto const name = space == std::string_view::npos ? std::string_view{} : inner.substr(space);
      if (!trim(out.back().second).empty() || !out.back().first.empty())
        out.emplace_back();
      out.back().first = squeeze(decoded_entities(name));
    }
    i = close;
  }
  for (auto& piece : out)
    piece.second = squeeze(decoded_entities(piece.second));
  return out;
}

std::vector<cue> cues_of(std::string_view text, bool& comma) {
  std::vector<cue> out;
  auto const lines = split_lines(text);
  bool open = false;
  bool skip = false; // inside a NOTE, STYLE or REGION block
  for (std::size_t i = 0; i < lines.size(); ++i) {
    auto const line = trim(lines[i]);
    duration at{0};
    if (timing_line(line, at, comma)) {
      out.push_back({at, {}});
      open = true;
      skip = false;
    } else if (line.empty()) {
      open = skip = false;
    } else if (!open && (line == "NOTE" || line.starts_with("NOTE ") || line == "STYLE" ||
                         line == "REGION")) {
      skip = true;
    } else if (open && !skip) {
      duration next{0};
      bool unused = false;
      bool const index =
          only_digits(line) && i + 1 < lines.size() && timing_line(lines[i + 1], next, unused);
      if (!index)
        out.back().lines.push_back(line);
    }
  }
  return out;
}

/// Old Teams exports write the name on the first line of a cue and the words below it.
bool names_on_first_line(std::vector<cue> const& cues) {
  std::unordered_map<std::string_view, std::size_t> count;
  std::size_t with_name = 0;
  for (auto const& c : cues) {
    if (c.lines.size() < 2 || !looks_like_name(c.lines[0]) || c.lines[0].back() == ',')
      continue;
    ++with_name;
    ++count[c.lines[0]];
  }
  return with_name * 10 >= cues.size() * 8 && count.size() * 10 <= with_name * 7;
}

} // namespace

bool has_cues(std::string_view text) {
  std::size_t from = 0;
  while (true) {
    auto const arrow = text.find("-->", from);
    if (arrow == std::string_view::npos)
      return false;
    auto const begin = text.rfind('\n', arrow) + 1; // npos + 1 is 0
    auto const end = text.find('\n', arrow);
    duration at{0};
    bool comma = false;
    if (timing_line(text.substr(begin, end - begin), at, comma))
      return true;
    if (end == std::string_view::npos)
      return false;
    from = end;
  }
}

void read_cues(std::string_view text, transcript& out) {
  bool comma = false;
  auto const start = trim(text);
  bool const header = start.starts_with("WEBVTT");
  auto const cues = cues_of(text, comma);
  out.form = header || !comma ? "webvtt" : "srt";
  if (header) {
    auto const first = trim(start.substr(6, start.find('\n') - 6));
    if (first.size() > 2 && first.starts_with("- "))
      out.title = squeeze(first.substr(2));
  }
  bool const first_line = names_on_first_line(cues);
  std::size_t prefixed = 0;
  std::unordered_map<std::string, std::size_t> seen;
  std::vector<turn> pieces;
  std::vector<bool> tagged;
  for (auto const& c : cues) {
    std::string joined;
    for (std::size_t i = first_line && c.lines.size() > 1 ? 1 : 0; i < c.lines.size(); ++i)
      joined += std::string{c.lines[i]} + ' ';
    for (auto& [name, words] : voices(joined)) {
      if (words.empty())
        continue;
      if (name.empty() && first_line && c.lines.size() > 1)
        name = squeeze(c.lines[0]);
      std::string_view who;
      std::string_view rest;
      if (name.empty() && split_speaker(words, who, rest)) {
        ++prefixed;
        ++seen[std::string{who}];
      }
      tagged.push_back(!name.empty());
      pieces.push_back({std::move(name), c.at, std::move(words)});
    }
  }
  // One `Speed: …` among captions without names is no speaker; a name comes again, or most have
  // one.
  bool const many = prefixed * 10 >= pieces.size() * 4;
  std::string last;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    auto& p = pieces[i];
    std::string_view who;
    std::string_view rest;
    if (!tagged[i]) {
      if (split_speaker(p.text, who, rest) && !is_label(who) &&
          (many || (seen[std::string{who}] > 1 && prefixed * 10 >= pieces.size()))) {
        p.speaker = std::string{who};
        p.text = std::string{trim(rest)};
      } else {
        if (p.text.starts_with("- ") || p.text.starts_with(">> "))
          p.text.erase(0, p.text.find(' ') + 1);
        p.speaker = last; // a cue without a name goes on with the one before it
      }
    }
    last = p.speaker;
    if (!p.text.empty())
      out.turns.push_back(std::move(p));
  }
}

} // namespace troupe::rules
