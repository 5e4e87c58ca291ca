#include "cli/text/heading.hpp"

namespace troupe {

namespace {

using namespace views;

/// “The sentence.” — Speaker, 00:01:02
std::string cited(json::value const& item, std::size_t indent, text_style const& style) {
  std::string out;
  for (auto const& c : look::list(item, "cites")) {
    auto source = look::text(c, "speaker");
    if (auto const at = look::number(c, "at"); at > 0)
      source += (source.empty() ? "" : ", ") + look::offset(at);
    out += said("“" + look::text(c, "quote") + "”" + (source.empty() ? "" : " — " + source), indent,
                style, ink::faint);
  }
  return out;
}

std::string requirement_text(json::value const& r, text_style const& style) {
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
  if (auto const text = look::block(r, "text"); !text.empty() && text != title)
    out += said(text, 6, style);
  for (auto const& criterion : look::texts(r, "criteria"))
    out += said(criterion, 6, style, ink::plain, "☐ ");
  if (auto const files = look::texts(r, "files"); !files.empty())
    out += said(look::joined(files), 6, style, ink::plain, "files: ");
  return out + cited(r, 6, style);
}

std::string statements(std::string_view title, json::array const& items, text_style const& style) {
  if (items.empty())
    return {};
  auto out = part(title, style);
  for (auto const& s : items) {
    auto text = look::block(s, "text");
    if (auto const who = look::text(s, "who"); !who.empty())
      text += " (" + who + ")";
    out += said(text, 2, style, ink::plain, "• ");
    out += cited(s, 4, style);
  }
  return out;
}

std::string people(json::array const& items, text_style const& style) {
  if (items.empty())
    return {};
  auto out = part("People", style);
  for (auto const& d : items) {
    auto text = look::text(d, "person") + ": " + look::text(d, "does");
    if (auto const due = look::text(d, "due"); !due.empty())
      text += ", by " + due;
    out += said(text, 2, style, ink::plain, "• ");
    out += cited(d, 4, style);
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
  for (auto const& r : requirements) {
    out += (first ? "" : "\n") + requirement_text(r, style);
    first = false;
  }
  out += statements("Decisions", look::list(content, "decisions"), style);
  out += statements("Open questions", look::list(content, "open_questions"), style);
  out += statements("Out of scope", look::list(content, "out_of_scope"), style);
  out += people(look::list(content, "people"), style);

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
