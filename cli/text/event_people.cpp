#include "cli/text/event_words.hpp"
#include "cli/text/look.hpp"

namespace troupe::views {

namespace {

bool tell_agent(std::string_view name, json::value const& data, telling& out) {
  if (name == "hired") {
    auto const& spec = look::at(data, "spec");
    out.sign = "+";
    out.meaning = ink::strong;
    out.text =
        "hired as " + look::text(spec, "role") + ", engine " + look::text(spec, "engine", "rules");
  } else if (name == "received" || name == "replied")
    tell_message(look::at(data, "message"), out);
  else if (name == "moved") {
    out.text = look::text(data, "why");
    tell_move(data, out, "paused");
  } else
    return false;
  return true;
}

bool tell_approval(std::string_view name, json::value const& data, telling& out) {
  if (name == "opened") {
    out.sign = "?";
    out.meaning = out.text_meaning = ink::attention;
    out.text = look::text(data, "question");
  } else if (name == "decided") {
    out.text = look::who(look::text(data, "by")) + " said " + look::text(data, "how", "approve");
    if (auto const notes = look::text(data, "notes"); !notes.empty())
      out.text += ": " + notes;
    tell_move(data, out, "APPROVED");
  } else if (name == "escalated") {
    out.text = "handed on to " + look::who(look::text(data, "owner"));
    tell_move(data, out, "escalated");
  } else if (name == "closed") {
    out.text = look::text(data, "why");
    tell_move(data, out, "WITHDRAWN");
  } else
    return false;
  return true;
}

bool tell_daemon(std::string_view name, json::value const& data, telling& out) {
  if (name == "enrolled") {
    out.sign = "+";
    out.meaning = ink::strong;
    out.text = "daemon enrolled: " + look::text(data, "name");
  } else if (name == "connected") {
    std::vector<std::string> runners;
    for (auto const& r : look::list(data, "runners"))
      runners.push_back(look::text(r, "profile"));
    out.text = "daemon connected, " + look::count(look::number(data, "slots", 1), "slot") +
               (runners.empty() ? "" : ", runs " + look::joined(runners));
    tell_move(data, out, "online");
  } else if (name == "moved") {
    out.text = "daemon";
    if (auto const why = look::text(data, "why"); !why.empty())
      out.text += ": " + why;
    tell_move(data, out, "offline");
  } else
    return false;
  return true;
}

bool tell_project(std::string_view name, json::value const& data, telling& out) {
  if (name == "created") {
    out.sign = "+";
    out.meaning = ink::strong;
    out.text = "created: " + look::text(data, "name");
  } else if (name == "changed")
    out.text = "configuration changed";
  else if (name == "archived")
    tell_move(data, out, "ARCHIVED");
  else
    return false;
  return true;
}

bool tell_budget(std::string_view name, json::value const& data, telling& out) {
  auto const scope = look::text(data, "scope", look::text(data, "id"));
  if (name == "granted")
    out.text = "granted " + look::money(look::number(data, "amount")) + " to " + scope;
  else if (name == "reserved") {
    out.noise = true;
    out.text = "reserved " + look::money(look::number(data, "amount")) + " of " + scope;
  } else if (name == "deferred") {
    out.sign = "…";
    out.meaning = out.text_meaning = ink::attention;
    out.text = "ticket " + look::text(data, "ticket") + " waits for " +
               look::money(look::number(data, "amount")) + " of " + look::text(data, "short_in") +
               (look::flag(data, "exhausted") ? ", which is used up"
                                              : ", until others give back what they do not need");
  } else if (name == "charged")
    out.text = "spent " + look::money(look::number(data, "spent"));
  else if (name == "released") {
    out.noise = true;
    out.text = "released " + scope;
  } else if (name == "level_changed") {
    out.text = scope;
    tell_move(data, out, "open");
  } else
    return false;
  return true;
}

} // namespace

bool tell_people(std::string_view type, json::value const& data, telling& out) {
  auto const dot = type.find('.');
  if (dot == std::string_view::npos)
    return false;
  auto const kind = type.substr(0, dot);
  auto const name = type.substr(dot + 1);
  if (kind == "agent")
    return tell_agent(name, data, out);
  if (kind == "approval")
    return tell_approval(name, data, out);
  if (kind == "daemon")
    return tell_daemon(name, data, out);
  if (kind == "project")
    return tell_project(name, data, out);
  if (kind == "budget")
    return tell_budget(name, data, out);
  return false;
}

} // namespace troupe::views
