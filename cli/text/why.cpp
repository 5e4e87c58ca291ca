#include "cli/text/heading.hpp"

namespace troupe {

std::string render_why(json::value const& why, text_style const& style) {
  auto out = paint(style, ink::strong, "Why ") + paint(style, ink::name, look::text(why, "about")) +
             "\n\n";
  bool first = true;
  for (auto const& link : look::list(why, "chain")) {
    auto const what = look::text(link, "what");
    auto head = columns::pad(what, 12);
    auto text = look::text(link, "text");
    if (what == "sentence") {
      auto source = look::text(link, "speaker");
      if (auto const at = look::text(link, "at"); !at.empty() && at != "00:00:00")
        source += (source.empty() ? "" : ", ") + at;
      if (!source.empty())
        text += " — " + source;
    } else if (auto const id = look::text(link, "id"); !id.empty()) {
      auto const shown = what == "commit"   ? look::short_hash(id)
                         : what == "review" ? look::who(id)
                                            : id;
      text = shown + (text.empty() ? "" : "  " + text);
    }
    auto const meaning = what == "sentence" ? ink::strong
                         : what == "gate" || what == "review"
                             ? (text.find("failed:") != std::string::npos ||
                                        text.find("asked for changes") != std::string::npos
                                    ? ink::attention
                                    : ink::plain)
                             : ink::plain;
    out += views::said(text, 0, style, meaning, (first ? "  " : "↳ ") + head);
    first = false;
  }
  auto const& events = look::list(why, "events");
  if (!events.empty()) {
    out += views::part("Events, newest first", style);
    for (auto const& e : events)
      out += views::said(look::clock(look::number(e, "at"), style.local_time) + "  " +
                             look::text(e, "type") + " of " + look::text(e, "of") + " by " +
                             look::who(look::text(e, "by")) + "  " + look::text(e, "event"),
                         2, style, ink::faint);
  }
  return out;
}

} // namespace troupe
