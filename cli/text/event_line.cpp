#include "cli/text/event_words.hpp"
#include "cli/text/heading.hpp"

#include <algorithm>
#include <iterator>

namespace troupe {

namespace views {

void tell_message(json::value const& envelope, telling& out) {
  out.sign = "✉";
  out.meaning = ink::name;
  out.message = look::text(envelope, "id");
  out.subject =
      look::who(look::text(envelope, "from")) + " → " + look::who(look::text(envelope, "to"));
  std::vector<std::string> said;
  std::string head;
  for (auto const& p : look::list(envelope, "parts")) {
    if (auto text = look::text(p, "text"); !text.empty())
      said.push_back(std::move(text));
    head += look::text(look::at(p, "data"), "head");
  }
  auto kind = look::text(envelope, "kind", "note");
  if (kind == "bug") { // a defect of the commit that it names
    out.meaning = ink::bad;
    if (!head.empty())
      kind += " in " + look::short_hash(head);
  }
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

namespace {

std::string line_of(views::telling const& t, json::value const& event, text_style const& style) {
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

/// Whether the whole story tells this beside: an approval says who decided, a report or verdict how
/// an attempt ended, a request that something was begun, a gate or merge what the system writes.
bool is_told_beside(std::string_view type, json::value const& data) {
  if (auto const& m = look::at(data, "message"); look::text(m, "from") == "system")
    return look::text(m, "kind") == "bug";
  if (type == "ticket.attempt_ended")
    return look::text(data, "how", "SUCCEEDED") == "SUCCEEDED";
  return type == "brief.approval_recorded" || type == "plan.approval_recorded" ||
         type == "plan.approval_asked" || type == "plan.critique_began" || type == "plan.created";
}

/// The ticket that an event is about; empty where it is about more.
std::string ticket_of(json::value const& event) {
  if (look::text(event, "type").starts_with("ticket."))
    return look::text(event, "entity");
  auto const& message = look::at(look::at(event, "data"), "message");
  for (auto const* member : {"from", "to"}) {
    constexpr std::string_view prefix = "ticket:";
    if (auto who = look::text(message, member); who.starts_with(prefix))
      return who.substr(prefix.size());
  }
  return {};
}

/// The sentences that others will pass on: why, what was found, what was said.
std::vector<std::string> reasons_in(json::value const& data) {
  std::vector<std::string> out;
  for (auto const* member : {"why", "summary", "failure"})
    out.push_back(look::text(data, member));
  for (auto& note : look::texts(data, "notes"))
    out.push_back(std::move(note));
  for (auto const& r : look::list(data, "results"))
    out.push_back(look::text(r, "message"));
  for (auto const& p : look::list(look::at(data, "message"), "parts")) {
    auto text = look::text(p, "text");
    for (std::size_t end = 0; !text.empty(); text.erase(0, end)) {
      end = text.find_first_of(".?!-", 1);
      while (end != std::string::npos && end + 1 < text.size() && text[end + 1] != ' ')
        end = text.find_first_of(".?!-", end + 1);
      end = end == std::string::npos ? text.size() : end + 1;
      auto const begin = text.find_first_not_of(" -");
      if (begin < end)
        out.push_back(text.substr(begin, end - begin));
    }
  }
  return out;
}

} // namespace

std::string render_event_line(json::value const& event, text_style const& style) {
  return line_of(views::words_for(event), event, style);
}

event_gist gist_of(json::value const& event) {
  auto const t = views::words_for(event);
  return {t.message, t.noise};
}

std::string event_teller::shortened(std::string text, std::string const& ticket) const {
  for (;;) {
    std::string_view longest; // it may hold another one
    for (auto const& r : reasons_) {
      bool const same = ticket.empty() || r.ticket == ticket;
      if (same && r.said.size() > longest.size() && text.find(r.said) != std::string::npos)
        longest = r.said;
    }
    if (longest.empty())
      return text;
    text.replace(text.find(longest), longest.size(), "…");
  }
}

void event_teller::remember(std::string const& ticket, json::value const& data,
                            std::string const& line) {
  constexpr std::size_t least = 24; // below that a sentence may as well stand again
  constexpr std::size_t most = 64;
  if (ticket.empty())
    return;
  std::vector<reason> told;
  for (auto& said : reasons_in(data)) {
    if (said.size() < least)
      continue;
    // Told as far as the line goes; a part of it may have been told before.
    if (line.find(shortened(said, ticket).substr(0, least)) != std::string::npos)
      told.push_back({ticket, std::move(said)});
  }
  std::move(told.begin(), told.end(), std::back_inserter(reasons_));
  while (reasons_.size() > most)
    reasons_.pop_front();
}

std::optional<std::string> event_teller::tell(json::value const& event) {
  auto const told = words(event);
  return told ? std::optional{line_of(*told, event, style_)} : std::nullopt;
}

std::optional<views::telling> event_teller::words(json::value const& event) {
  auto words = views::words_for(event);
  if (what_ == telling_of::everything)
    return words;
  if (words.noise || (!words.message.empty() && !told_.insert(words.message).second))
    return std::nullopt;
  if (what_ == telling_of::some)
    return words;
  auto const type = look::text(event, "type");
  auto const& data = look::at(event, "data");
  if (is_told_beside(type, data))
    return std::nullopt;
  auto const ticket = ticket_of(event);
  if (type == "ticket.leased") // the same again would be news
    std::erase_if(reasons_, [&](reason const& r) { return r.ticket == ticket; });
  words.text = shortened(std::move(words.text), ticket);
  auto plain = style_;
  plain.colour = false;
  remember(ticket, data, line_of(words, event, plain));
  return words;
}

} // namespace troupe
