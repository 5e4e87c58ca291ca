#include "cli/text/event_words.hpp"
#include "cli/text/heading.hpp"

namespace troupe {

namespace views {

void tell_message(json::value const& envelope, telling& out) {
  out.sign = "✉";
  out.meaning = ink::name;
  out.message = look::text(envelope, "id");
  out.subject =
      look::who(look::text(envelope, "from")) + " → " + look::who(look::text(envelope, "to"));
  std::vector<std::string> said;
  for (auto const& p : look::list(envelope, "parts")) {
    if (auto text = look::text(p, "text"); !text.empty())
      said.push_back(std::move(text));
  }
  auto kind = look::text(envelope, "kind", "note");
  if (auto const engine = look::text(envelope, "engine"); !engine.empty())
    kind += " (" + engine + ")";
  out.text = kind + (said.empty() ? "" : ": " + look::joined(said, " "));
}

void tell_move(json::value const& data, telling& out, std::string_view by_default) {
  auto const to = look::text(data, "to", by_default);
  if (to.empty() || to == "none")
    return;
  out.text += (out.text.empty() ? "→ " : " → ") + to;
  out.text_meaning = ink_of_status(to);
  out.meaning = out.text_meaning;
  if (out.sign == "·")
    out.sign = out.meaning == ink::good ? "✓" : out.meaning == ink::bad ? "✗" : "●";
}

telling words_for(json::value const& event) {
  telling out;
  auto const type = look::text(event, "type");
  auto const& data = look::at(event, "data");
  auto const dot = type.find('.');
  auto const kind = type.substr(0, dot);
  auto const name = dot == std::string::npos ? std::string{} : type.substr(dot + 1);
  auto const entity = look::text(event, "entity");
  out.subject = kind == "agent"    ? look::who("agent:" + entity)
                : kind == "daemon" ? entity
                : kind == "ticket" ? entity
                                   : kind + " " + entity;
  if (type == "progress") { // what an agent says it is doing; not of the ledger
    out.subject = entity;
    out.text = look::text(event, "text");
    out.text_meaning = ink::faint;
    return out;
  }
  if (name == "settled") {
    out.noise = true;
    out.text = "settled " + look::text(data, "key");
    if (auto const refused = look::text(data, "refused"); !refused.empty())
      out.text += ", refused: " + refused;
    return out;
  }
  bool const known = kind == "ticket" ? tell_ticket(name, data, out)
                     : kind == "brief" || kind == "plan" || kind == "run"
                         ? tell_intake(type, data, out)
                         : tell_people(type, data, out);
  if (!known) {
    out.text = name.empty() ? type : name;
    tell_move(data, out);
  }
  return out;
}

} // namespace views

std::string render_event_line(json::value const& event, text_style const& style) {
  auto const t = views::words_for(event);
  auto const time = look::clock(look::number(event, "at"), style.local_time);
  auto out = paint(style, ink::faint, time) + " " + paint(style, t.meaning, t.sign) + " " +
             paint(style, t.noise ? ink::faint : ink::name, t.subject);
  auto const used =
      columns::width(time) + 1 + columns::width(t.sign) + 1 + columns::width(t.subject) + 2;
  if (t.text.empty())
    return out;
  auto text = t.text;
  if (style.width > 0) {
    auto const room = static_cast<std::size_t>(style.width);
    text = columns::fit(text, room > used + 10 ? room - used : 10);
  }
  return out + "  " + paint(style, t.noise ? ink::faint : t.text_meaning, text);
}

event_gist gist_of(json::value const& event) {
  auto const t = views::words_for(event);
  return {t.message, t.noise};
}

std::optional<std::string> event_teller::tell(json::value const& event) {
  auto const gist = gist_of(event);
  if (everything_)
    return render_event_line(event, style_);
  if (gist.noise)
    return std::nullopt;
  if (!gist.message.empty() && !told_.insert(gist.message).second)
    return std::nullopt;
  return render_event_line(event, style_);
}

} // namespace troupe
