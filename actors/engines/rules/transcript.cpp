#include "actors/engines/rules/transcript.hpp"

#include "actors/engines/rules/text.hpp"
#include "actors/engines/rules/transcript_forms.hpp"

#include <algorithm>
#include <array>
#include <unordered_set>

namespace troupe {
namespace rules {
namespace {

bool ends_sentence(std::string_view text) {
  while (!text.empty() && (text.back() == '"' || text.back() == ')' || text.back() == '\''))
    text.remove_suffix(1);
  return text.ends_with('.') || text.ends_with('?') || text.ends_with('!') || text.ends_with("…") ||
         text.ends_with("”");
}

/// Joins cues of one speaker where the sentence of the first one goes on in the second.
void merge_cues(std::vector<turn>& turns) {
  std::vector<turn> out;
  out.reserve(turns.size());
  for (auto& t : turns) {
    bool const goes_on = !out.empty() && out.back().speaker == t.speaker &&
                         !ends_sentence(out.back().text) && out.back().text.size() < 4000;
    if (goes_on)
      out.back().text += ' ' + t.text;
    else
      out.push_back(std::move(t));
  }
  turns = std::move(out);
}

bool says_something(transcript const& t) {
  return std::any_of(t.turns.begin(), t.turns.end(), [](turn const& x) {
    return std::any_of(x.text.begin(), x.text.end(), [](char c) { return is_letter(c); });
  });
}

/// `2026-05-planning_notes.vtt` says `2026 05 planning notes`.
std::string title_of_name(std::string_view name) {
  if (auto const slash = name.find_last_of("/\\"); slash != std::string_view::npos)
    name.remove_prefix(slash + 1);
  if (auto const dot = name.rfind('.'); dot != std::string_view::npos && dot > 0)
    name = name.substr(0, dot);
  std::string out{name};
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c == '_' || c == '-'; }, ' ');
  return squeeze(out);
}

} // namespace

bool take_header(std::string_view line, transcript& out) {
  static constexpr std::array titles = {"meeting",  "title",    "subject", "topic", "re",
                                        "betreff",  "planning", "minutes", "notes", "project",
                                        "workshop", "kick-off", "kickoff"};
  static constexpr std::array dates = {"date", "when", "sent", "datum"};
  static constexpr std::array lists = {"present", "attendees", "participants", "from",
                                       "with",    "invited",   "author",       "reporter"};
  static constexpr std::array others = {"to",     "cc",       "location",  "where",     "duration",
                                        "time",   "recorded", "recording", "apologies", "absent",
                                        "chair",  "scribe",   "agenda",    "assignee",  "labels",
                                        "status", "priority", "host",      "meeting id"};
  auto const colon = line.find(':');
  if (colon == std::string_view::npos || colon > 20)
    return false;
  auto head = line.substr(0, colon);
  while (!head.empty() && (head.front() == '*' || head.front() == '#' || head.front() == ' '))
    head.remove_prefix(1);
  auto const key = lower(trim(head));
  auto rest = line.substr(colon + 1);
  while (!rest.empty() && (rest.front() == '*' || rest.front() == ' '))
    rest.remove_prefix(1);
  auto const is = [&](auto const& names) {
    return std::find(names.begin(), names.end(), key) != names.end();
  };
  if (is(titles)) {
    if (out.title.empty())
      out.title = squeeze(rest);
  } else if (is(dates)) {
    if (out.date.empty())
      out.date = squeeze(rest);
  } else if (is(lists)) {
    while (!rest.empty()) {
      auto const end = rest.find_first_of(",;");
      auto name = rest.substr(0, end);
      name = trim(name.substr(0, name.find_first_of("(<")));
      if (looks_like_name(name))
        out.present.emplace_back(name);
      rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    }
  } else {
    return is(others);
  }
  return true;
}

} // namespace rules

result<transcript> parse_transcript(std::string_view bytes, std::string_view name_hint) {
  static std::string const what =
      "send a meeting transcript (WebVTT, SRT, or lines like `Name: text`), or a ticket or message "
      "as plain text";
  if (bytes.size() > std::size_t{32} << 20)
    return fail(errc::too_large, "the transcript is larger than 32 MiB");
  if (bytes.empty())
    return fail(errc::invalid_argument, "the transcript is empty: " + what);
  auto const text = rules::decode_text(bytes);
  if (!text)
    return text.error();
  if (rules::trim(*text).empty())
    return fail(errc::invalid_argument, "the transcript holds only white space: " + what);
  transcript out;
  if (rules::has_cues(*text)) {
    rules::read_cues(*text, out);
    rules::merge_cues(out.turns);
  } else if (!rules::trim(*text).starts_with("WEBVTT") && !rules::read_conversation(*text, out)) {
    rules::read_prose(*text, out);
  }
  if (!rules::says_something(out))
    return fail(errc::invalid_argument, "there is no speech in this: " + what);
  std::unordered_set<std::string> known(out.present.begin(), out.present.end());
  for (auto const& t : out.turns)
    if (!t.speaker.empty() && known.insert(t.speaker).second)
      out.present.push_back(t.speaker);
  if (out.title.empty() && !name_hint.empty())
    out.title = rules::title_of_name(name_hint);
  return out;
}

} // namespace troupe
