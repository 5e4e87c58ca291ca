#include "actors/engines/rules/text.hpp"
#include "actors/engines/rules/transcript_forms.hpp"

#include <algorithm>
#include <array>

namespace troupe::rules {
namespace {

/// Words that head a line of a note and are no one's name, besides those of `is_label`.
bool is_topic(std::string_view name) {
  static constexpr std::array topics = {"bug",        "bugs",        "feature",     "features",
                                        "fix",        "request",     "requirement", "requirements",
                                        "task",       "tasks",       "story",       "issue",
                                        "idea",       "ideas",       "wish",        "wishes",
                                        "proposal",   "suggestion",  "motivation",  "rationale",
                                        "constraint", "constraints", "criteria",    "criterion",
                                        "given",      "then",        "and",         "but",
                                        "or",         "risk",        "risks",       "severity",
                                        "version",    "overview",    "details",     "detail",
                                        "first",      "second",      "third",       "finally",
                                        "next",       "later",       "step",        "today",
                                        "tomorrow",   "please",      "hello",       "hi",
                                        "dear",       "thanks",      "team",        "all",
                                        "everyone",   "fyi",         "tl",          "hint",
                                        "tip",        "remark",      "comment",     "comments",
                                        "change",     "changes",     "add",         "remove",
                                        "test",       "tests",       "docs",        "documentation",
                                        "code",       "build",       "release",     "server",
                                        "client",     "backend",     "frontend",    "database",
                                        "security",   "performance", "behaviour",   "behavior",
                                        "background", "usage",       "examples",    "error",
                                        "errors",     "attention",   "caution",     "info",
                                        "outcome",    "effect",      "impact",      "cause",
                                        "solution",   "workaround",  "must",        "should",
                                        "could",      "would",       "may",         "need",
                                        "needs",      "needed",      "required",    "requested",
                                        "mandatory",  "agreed",      "open",        "done",
                                        "follow-up",  "conclusion",  "purpose",     "objective",
                                        "objectives", "plan",        "yes",         "no",
                                        "ok",         "okay",        "so",          "now",
                                        "decisions",  "questions",   "answers",     "goals",
                                        "owner",      "owners",      "budget",      "estimate",
                                        "milestone",  "timeline",    "summary",     "topics"};
  return std::find(topics.begin(), topics.end(), lower(name)) != topics.end();
}

} // namespace

bool is_person(std::string_view name, std::unordered_set<std::string> const& words) {
  if (name.empty() || is_lower(name[0]) || is_label(name) || is_topic(name))
    return false;
  std::size_t letters = 0;
  std::size_t small = 0;
  for (auto const c : name) {
    if (is_digit(c) || c == '_' || c == '/' || c == '(' || c == ',')
      return false;
    letters += is_letter(c) ? 1 : 0;
    small += is_lower(c) || static_cast<unsigned char>(c) >= 0x80 ? 1 : 0;
  }
  // `API`, `CLI`, `README`: what is all capitals is rather a thing.
  if (letters < 2 || small == 0)
    return false;
  auto const first = lower(name.substr(0, name.find(' ')));
  return !words.contains(first) && !is_label(first) && !is_topic(first);
}

std::unordered_set<std::string> small_words(std::string_view text) {
  std::unordered_set<std::string> out;
  for (std::size_t i = 0; i < text.size();) {
    if (!is_letter(text[i])) {
      ++i;
      continue;
    }
    auto end = i;
    while (end < text.size() && is_letter(text[end]))
      ++end;
    if (is_lower(text[i]))
      out.emplace(text.substr(i, end - i));
    i = end;
  }
  return out;
}

} // namespace troupe::rules
