#include "cli/text/heading.hpp"

#include <algorithm>
#include <map>

namespace troupe {

namespace {

using namespace views;

/// The sentences of a brief: each is printed where it is cited first, and referred to after that.
class quotations {
public:
  /// `“The sentence.” — Speaker, 00:01:02`, later `see R1`; `place` is what a later one calls this
  /// place.
  std::string cited(json::value const& item, std::string const& place, std::size_t indent,
                    text_style const& style) {
    std::string out;
    std::vector<std::string> earlier;
    for (auto const& c : look::list(item, "cites")) {
      auto source = look::text(c, "speaker");
      if (auto const at = look::number(c, "at"); at > 0)
        source += (source.empty() ? "" : ", ") + look::offset(at);
      auto const quote = look::text(c, "quote");
      auto const [first, fresh] = first_.emplace(std::pair{look::number(c, "turn"), quote}, place);
      if (fresh)
        out += said("“" + quote + "”" + (source.empty() ? "" : " — " + source), indent, style,
                    ink::faint);
      else if (first->second != place &&
               std::find(earlier.begin(), earlier.end(), first->second) == earlier.end())
        earlier.push_back(first->second);
    }
    if (!earlier.empty())
      out += said("see " + look::joined(earlier), indent, style, ink::faint);
    return out;
  }

private:
  std::map<std::pair<std::int64_t, std::string>, std::string> first_; ///< turn, words -> place
};

std::string requirement_text(json::value const& r, quotations& quoted, text_style const& style) {
  auto const key = look::text(r, "key");
  std::vector<std::string> marks;
  if (auto const p = look::text(r, "importance"); !p.empty() && p != "normal")
    marks.push_back(p);
  if (look::flag(r, "optional"))
    marks.emplace_back("nice to have");
  if (auto const owner = look::text(r, "owner"); !owner.empty())
    marks.push_back("owner " + owner);
  if (auto const after = look::texts(r, "after"); !after.empty())
    marks.push_back("after " + look::joined(after));
  auto const title = look::text(r, "title");
  auto out = said(title, 2, style, ink::strong, columns::pad(key, 4));
  if (!marks.empty())
    out += said(look::joined(marks, " · "), 6, style, ink::attention);
  // A text that only says all criteria is not printed beside them.
  auto const criteria = look::texts(r, "criteria");
  if (auto const text = look::block(r, "text");
      !text.empty() && text != title && text != look::joined(criteria, " "))
    out += said(text, 6, style);
  for (auto const& criterion : criteria)
    out += said(criterion, 6, style, ink::plain, "☐ ");
  if (auto const files = look::texts(r, "files"); !files.empty())
    out += said(look::joined(files), 6, style, ink::plain, "files: ");
  return out + quoted.cited(r, key, 6, style);
}

std::string statements(std::string_view title, json::array const& items, quotations& quoted,
                       text_style const& style) {
  if (items.empty())
    return {};
  auto out = part(title, style);
  for (auto const& s : items) {
    auto text = look::block(s, "text");
    if (auto const who = look::text(s, "who"); !who.empty())
      text += " (" + who + ")";
    out += said(text, 2, style, ink::plain, "• ");
    out += quoted.cited(s, std::string{title}, 4, style);
  }
  return out;
}

std::string people(json::array const& items, quotations& quoted, text_style const& style) {
  if (items.empty())
    return {};
  auto out = part("People", style);
  for (auto const& d : items) {
    auto text = look::text(d, "person") + ": " + look::text(d, "does");
    if (auto const due = look::text(d, "due"); !due.empty())
      text += ", by " + due;
    out += said(text, 2, style, ink::plain, "• ");
    out += quoted.cited(d, "People", 4, style);
  }
  return out;
}

} // namespace

std::string render_brief(json::value const& brief, text_style const& style) {
  auto const& content = look::at(brief, "content");
  auto out = heading("Brief", brief, style);
  out += said(look::text(content, "title"), 0, style, ink::strong);
  if (auto const goal = look::block(content, "goal"); !goal.empty())
    out += "\n" + said(goal, 0, style);
  if (auto const due = look::text(content, "due"); !due.empty())
    out += fact("due", due, style);
  if (auto const why = look::text(brief, "why"); !why.empty())
    out += "\n" + said(why, 0, style, ink::attention);
  if (auto const notes = look::block(brief, "notes"); !notes.empty())
    out += "\n" + said(notes, 0, style, ink::attention, "asked for: ");

  auto const& requirements = look::list(content, "requirements");
  if (!requirements.empty())
    out += part("Requirements", style);
  bool first = true;
  quotations quoted;
  for (auto const& r : requirements) {
    out += (first ? "" : "\n") + requirement_text(r, quoted, style);
    first = false;
  }
  out += statements("Decisions", look::list(content, "decisions"), quoted, style);
  out += statements("Open questions", look::list(content, "open_questions"), quoted, style);
  out += statements("Out of scope", look::list(content, "out_of_scope"), quoted, style);
  out += people(look::list(content, "people"), quoted, style);

  out += "\n";
  out += fact("project", look::text(brief, "project"), style);
  auto const& source = look::at(brief, "source");
  auto from = look::text(source, "name");
  if (auto const kind = look::text(source, "kind"); !kind.empty())
    from += (from.empty() ? "" : ", ") + kind;
  if (auto const hash = look::text(source, "sha256"); !hash.empty())
    from += ", sha256 " + look::short_hash(hash);
  out += fact("source", from, style);
  if (auto const by = look::text(brief, "drafted_by"); !by.empty()) {
    auto const engine = look::text(brief, "engine");
    out += fact("drafted by",
                look::who(by) + by_engine(engine) + ", draft " +
                    std::to_string(look::number(brief, "round", 1)),
                style);
  }
  if (auto const by = look::text(brief, "decided_by"); !by.empty())
    out += fact("decided by", look::who(by), style);
  out += fact("content", look::short_hash(look::text(brief, "content_hash")), style);
  out += fact("run", look::text(brief, "run"), style);
  return out;
}

} // namespace troupe
