#include "actors/engines/rules/text.hpp"
#include "actors/engines/rules/transcript_forms.hpp"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <unordered_set>

namespace troupe::rules {
namespace {

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

bool is_bare_time(line_form const& f) {
  return f.timed && !f.head;
}

/// One turn with a time: a person speaks on (nearly) every line below the headers.
bool one_timed(std::string_view text, std::vector<std::string_view> const& lines,
               std::vector<line_form> const& forms) {
  std::size_t said = 0;
  bool person = false;
  transcript headers;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    auto const line = trim(lines[i]);
    auto const& f = forms[i];
    bool const head = f.head && f.timed;
    if (line.empty() || (!head && !person && take_header(line, headers)))
      continue;
    ++said;
    person = person || (head && !f.text.empty() && is_person(f.name, small_words(text)));
  }
  return person && said <= 2;
}

/// What a meeting program writes about itself.
bool is_notice(std::string_view line) {
  return line.ends_with(" started transcription") || line.ends_with(" stopped transcription") ||
         line.starts_with("Transcription ended after ") ||
         line.starts_with("This editable transcript was computer generated") ||
         ((line.starts_with("Replying to \"") || line.starts_with("Reacted to \"")) &&
          line.find('"', 13) != std::string_view::npos);
}

/// Name and time on lines of their own, in either order, and the words below both.
void join_names_and_times(std::vector<std::string_view> const& lines,
                          std::vector<line_form>& forms) {
  auto const is_name = [&](std::size_t i) {
    return i < lines.size() && !forms[i].head && !is_bare_time(forms[i]) &&
           looks_like_name(lines[i]);
  };
  auto const has_words = [&](std::size_t i) {
    return i < lines.size() && !trim(lines[i]).empty() && !forms[i].head && !is_bare_time(forms[i]);
  };
  std::size_t times = 0;
  std::size_t above = 0;
  std::size_t below = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (!is_bare_time(forms[i]))
      continue;
    ++times;
    above += i > 0 && is_name(i - 1) && has_words(i + 1) ? 1 : 0;
    below += is_name(i + 1) && has_words(i + 2) ? 1 : 0;
  }
  if (std::max(above, below) < 2 || std::max(above, below) * 10 < times * 8)
    return;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (!is_bare_time(forms[i]))
      continue;
    bool const up = above > below;
    if (up ? i == 0 || !is_name(i - 1) || !has_words(i + 1) : !is_name(i + 1) || !has_words(i + 2))
      continue;
    auto const name = up ? i - 1 : i + 1;
    forms[name] = forms[i];
    forms[name].head = true;
    forms[name].name = trim(lines[name]);
  }
}

/// `- Ada: …` starts a turn only where those names are people who speak more than once: lists of a
/// ticket name things (`- Windows: …`).
void check_listed(std::string_view text, std::vector<line_form>& forms) {
  auto const words = small_words(text);
  std::unordered_map<std::string_view, std::size_t> count;
  std::size_t all = 0;
  std::size_t people = 0;
  for (auto const& f : forms) {
    if (!f.listed)
      continue;
    ++all;
    people += is_person(f.name, words) ? 1 : 0;
    ++count[f.name];
  }
  bool const again =
      std::any_of(count.begin(), count.end(), [](auto const& n) { return n.second > 1; });
  if (again && people * 10 >= all * 8)
    return;
  for (auto& f : forms)
    if (f.listed)
      f = {};
}

} // namespace

std::optional<duration> read_time(std::string_view s, std::size_t& pos, bool* clock, bool loose) {
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
    if (digits == 0 || (n > 0 && digits != 2 && !loose))
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
  auto lines = split_lines(text);
  std::erase_if(lines, [](auto const& line) { return is_notice(trim(line)); });
  std::vector<line_form> forms;
  std::deque<std::string> kept;
  forms.reserve(lines.size());
  bool listed = false;
  for (auto const raw : lines) {
    auto const line = trim(raw);
    forms.push_back(line.empty() ? line_form{} : line_form_of(line, kept));
    listed = listed || forms.back().listed;
  }
  join_names_and_times(lines, forms);
  if (listed)
    check_listed(text, forms);
  std::size_t full = 0;
  std::size_t timed = 0;
  std::size_t named = 0;
  std::unordered_map<std::string_view, std::size_t> names;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    auto const& f = forms[i];
    full += trim(lines[i]).empty() || is_bare_time(f) ? 0 : 1;
    if (f.head) {
      timed += f.timed ? 1 : 0;
      named += f.timed ? 0 : 1;
      ++names[f.name];
    }
  }
  auto const again = static_cast<std::size_t>(
      std::count_if(names.begin(), names.end(), [](auto const& n) { return n.second > 1; }));
  bool const by_time =
      (timed >= 2 && timed * 10 >= full * 2) || (timed == 1 && one_timed(text, lines, forms));
  bool const by_name = named >= 2 && again >= 1 && named * 10 >= full * 4;
  bool const one_each = !by_time && !by_name && named > 0 && all_name_people(text, lines, forms);
  if (!by_time && !by_name && !one_each)
    return false;
  auto const words = one_each ? small_words(text) : std::unordered_set<std::string>{};
  out.form = by_time ? "timed-text" : "speaker-text";
  bool clock = false;
  duration passed{0};                  // by the last time that stands alone
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
    if (is_bare_time(f))
      passed = f.at;
    if (line.empty() || is_bare_time(f))
      continue;
    if (out.turns.empty() && !(head && f.timed) && take_header(line, out))
      continue;
    if (head) {
      out.turns.push_back({squeeze(f.name), f.timed ? f.at : passed, squeeze(f.text)});
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
