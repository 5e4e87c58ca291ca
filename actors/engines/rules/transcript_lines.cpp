#include "actors/engines/rules/text.hpp"
#include "actors/engines/rules/transcript_forms.hpp"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <unordered_set>

namespace troupe::rules {
namespace {

/// What a line of a conversation can be.
struct line_form {
  bool head = false;  ///< starts a turn
  bool timed = false; ///< has a time
  bool clock = false; ///< the time is one of the day
  duration at{0};
  std::string_view name;
  std::string_view text; ///< may be empty: the words are on the lines below
};

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
line_form name_first(std::string_view line) {
  line_form out;
  std::size_t digit = 0;
  while (digit < line.size() && digit < 90 && !is_digit(line[digit]))
    ++digit;
  if (digit == 0 || digit >= line.size() || digit >= 90)
    return out;
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
  if (!separated || !looks_like_name(trim(name)))
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

line_form classify(std::string_view line) {
  if (auto const a = time_first(line); a.timed)
    return a;
  if (auto const b = name_first(line); b.head)
    return b;
  line_form out;
  if (split_speaker(line, out.name, out.text) && !is_label(out.name))
    out.head = true;
  return out;
}

/// A conversation in which nobody speaks twice: (nearly) every line below the headers names a
/// person.
bool all_name_people(std::string_view text, std::vector<std::string_view> const& lines,
                     std::vector<line_form> const& forms) {
  std::size_t said = 0;
  std::size_t people = 0;
  auto const words = small_words(text);
  transcript headers;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    auto const line = trim(lines[i]);
    if (line.empty() || (people == 0 && take_header(line, headers)))
      continue;
    ++said;
    auto const& f = forms[i];
    if (!f.head || f.timed || f.text.empty())
      continue;
    people += is_person(f.name, words) ? 1 : 0;
  }
  return people > 0 && people * 10 >= said * 8;
}

} // namespace

std::optional<duration> read_time(std::string_view s, std::size_t& pos, bool* clock) {
  std::array<std::int64_t, 3> parts{};
  std::size_t n = 0;
  auto i = pos;
  while (n < 3) {
    std::size_t digits = 0;
    std::int64_t value = 0;
    while (i < s.size() && is_digit(s[i]) && digits < 4) {
      value = value * 10 + (s[i] - '0');
      ++i;
      ++digits;
    }
    if (digits == 0 || (n > 0 && digits != 2))
      return std::nullopt;
    parts[n++] = value;
    if (i + 1 >= s.size() || s[i] != ':' || !is_digit(s[i + 1]))
      break;
    ++i;
  }
  if (n < 2 || parts[n - 1] > 59 || (n == 3 && parts[1] > 59))
    return std::nullopt;
  std::int64_t ms = 0;
  if (i + 1 < s.size() && (s[i] == '.' || s[i] == ',') && is_digit(s[i + 1])) {
    ++i;
    std::int64_t scale = 100;
    while (i < s.size() && is_digit(s[i])) {
      ms += (s[i] - '0') * scale;
      scale /= 10;
      ++i;
    }
  }
  auto const rest = s.substr(i);
  auto const half = lower(rest.substr(0, 3));
  bool const am = half == " am" || half.starts_with("am");
  bool const pm = half == " pm" || half.starts_with("pm");
  auto seconds = n == 3 ? (parts[0] * 60 + parts[1]) * 60 + parts[2] : parts[0] * 60 + parts[1];
  if (am || pm) {
    i += half[0] == ' ' ? 3 : 2;
    auto const hour = parts[0] % 12 + (pm ? 12 : 0);
    seconds = n == 3 ? (hour * 60 + parts[1]) * 60 + parts[2] : (hour * 60 + parts[1]) * 60;
    if (clock != nullptr)
      *clock = true;
  }
  pos = i;
  return duration{seconds * 1000 + ms};
}

bool looks_like_name(std::string_view text) {
  text = trim(text);
  if (text.empty() || text.size() > 60 || is_digit(text[0]) || !is_letter(text[0]))
    return false;
  std::size_t words = 1;
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto const c = text[i];
    if (c == ' ')
      ++words;
    else if (!is_letter(c) && !is_digit(c) && c != '.' && c != '\'' && c != '-' && c != '(' &&
             c != ')' && c != '_' && c != '@' && c != '/' && c != ',')
      return false;
    // A full stop belongs to a name only in an initial or in a login.
    if (c == '.' && i + 1 < text.size() && text[i + 1] == ' ' && i >= 3 && text[i - 2] != ' ')
      return false;
  }
  if (words > 5 || text.back() == '.')
    return false;
  // Names of several words are capitalised; a login is one word.
  if (words > 1) {
    std::size_t small = 0;
    for (std::size_t i = 1; i < text.size(); ++i)
      small += text[i - 1] == ' ' && is_lower(text[i]) ? 1 : 0;
    return !is_lower(text[0]) && small <= 1;
  }
  return text.size() > 1;
}

bool is_label(std::string_view name) {
  static constexpr std::array labels = {
      "note",       "notes",   "todo",     "expected", "actual",  "goal",        "background",
      "context",    "problem", "scope",    "steps",    "summary", "description", "warning",
      "example",    "update",  "ps",       "p.s",      "edit",    "why",         "what",
      "how",        "when",    "who",      "where",    "default", "deadline",    "due",
      "question",   "answer",  "http",     "https",    "file",    "also",        "speed",
      "result",     "reason",  "decision", "action",   "actions", "important",   "acceptance",
      "optional",   "wanted",  "input",    "output",   "url",     "link",        "env",
      "environment"};
  auto const low = lower(name);
  return std::find(labels.begin(), labels.end(), low) != labels.end() ||
         low.starts_with("acceptance ") || low.starts_with("out of ") || low.starts_with("what ") ||
         low.starts_with("nice to");
}

bool split_speaker(std::string_view line, std::string_view& name, std::string_view& text) {
  while (line.starts_with(">>") || line.starts_with(' '))
    line.remove_prefix(line.starts_with(' ') ? 1 : 2);
  if (line.starts_with('<')) { // as chat logs have it
    auto const close = line.find('>');
    if (close == std::string_view::npos || !looks_like_name(line.substr(1, close - 1)))
      return false;
    name = trim(line.substr(1, close - 1));
    text = trim(line.substr(close + 1));
    return true;
  }
  bool const bold = line.starts_with("**");
  if (bold)
    line.remove_prefix(2);
  auto const colon = line.find(':');
  if (colon == std::string_view::npos || colon > 64 || colon == 0)
    return false;
  auto who = trim(line.substr(0, colon));
  auto rest = line.substr(colon + 1);
  if (bold && who.ends_with("**"))
    who.remove_suffix(2);
  else if (bold && rest.starts_with("**"))
    rest.remove_prefix(2);
  // `10:30` and `https://` are no speakers.
  if (!rest.empty() && !is_space(rest[0]))
    return false;
  if (auto const open = who.find(" ("); open != std::string_view::npos)
    who = who.substr(0, open); // `Grace Muthoni (guest): …`
  if (!looks_like_name(who))
    return false;
  name = who;
  text = trim(rest);
  return true;
}

bool read_conversation(std::string_view text, transcript& out) {
  auto const lines = split_lines(text);
  std::vector<line_form> forms;
  forms.reserve(lines.size());
  std::size_t full = 0;
  std::size_t timed = 0;
  std::size_t named = 0;
  std::unordered_map<std::string_view, std::size_t> names;
  for (auto const raw : lines) {
    auto const line = trim(raw);
    forms.push_back(line.empty() ? line_form{} : classify(line));
    full += line.empty() ? 0 : 1;
    if (forms.back().head) {
      timed += forms.back().timed ? 1 : 0;
      named += forms.back().timed ? 0 : 1;
      ++names[forms.back().name];
    }
  }
  auto const again = static_cast<std::size_t>(
      std::count_if(names.begin(), names.end(), [](auto const& n) { return n.second > 1; }));
  bool const by_time = timed >= 2 && timed * 10 >= full * 2;
  bool const by_name = named >= 2 && again >= 1 && named * 10 >= full * 4;
  bool const one_each = !by_time && !by_name && named > 0 && all_name_people(text, lines, forms);
  if (!by_time && !by_name && !one_each)
    return false;
  auto const words = one_each ? small_words(text) : std::unordered_set<std::string>{};
  out.form = by_time ? "timed-text" : "speaker-text";
  bool clock = false;
  std::vector<std::string_view> above; // lines before the first speaker
  for (std::size_t i = 0; i < lines.size(); ++i) {
    auto const line = trim(lines[i]);
    auto const& f = forms[i];
    bool head = f.head && (by_time ? f.timed : true);
    // Where lines have times, `Name:` alone does not start a turn; a word that comes once and is
    // small is no speaker either.
    if (head && !f.timed && names[f.name] == 1 && is_lower(f.name[0]))
      head = false;
    if (head && one_each && !is_person(f.name, words))
      head = false;
    if (line.empty())
      continue;
    if (out.turns.empty() && !(head && f.timed) && take_header(line, out))
      continue;
    if (head) {
      out.turns.push_back({squeeze(f.name), f.at, squeeze(f.text)});
      clock = clock || f.clock;
    } else if (!out.turns.empty()) {
      auto& last = out.turns.back().text;
      auto more = line;
      if (more.starts_with("... ") || more.starts_with("… ")) // minutes go on like this
        more = trim(more.substr(more.find(' ')));
      last += (last.empty() ? "" : " ") + squeeze(more);
    } else {
      above.push_back(line);
    }
  }
  for (auto line : above) {
    std::size_t digits = 0;
    for (auto const c : line)
      digits += is_digit(c) ? 1 : 0;
    while (!line.empty() && (line[0] == '#' || line[0] == '*' || line[0] == ' '))
      line.remove_prefix(1);
    if (out.title.empty() && digits * 2 < line.size() && line.size() < 160)
      out.title = squeeze(line);
    else if (out.date.empty() && digits >= 4)
      out.date = squeeze(line);
  }
  std::erase_if(out.turns, [](turn const& t) { return t.text.empty(); });
  // Times of the day become offsets from the first one.
  if (!out.turns.empty() && (clock || out.turns.front().at > std::chrono::hours{6})) {
    auto const start = out.turns.front().at;
    for (auto& t : out.turns)
      t.at = t.at >= start ? t.at - start : t.at + std::chrono::hours{24} - start;
  }
  return !out.turns.empty();
}

} // namespace troupe::rules
