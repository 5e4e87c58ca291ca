#include "gateway/routes/event_view.hpp"

#include "actors/domain/kinds.hpp"

#include <algorithm>

namespace troupe {

json::object shown(stored_event const& e) {
  json::object out{{"shard", e.shard},
                   {"seq", e.seq},
                   {"kind", to_string(e.stream.kind)},
                   {"entity", e.stream.id},
                   {"version", e.version},
                   {"id", e.event.event_id},
                   {"type", e.event.type},
                   {"at", json::to(e.event.at)},
                   {"by", e.event.principal},
                   {"cause", e.event.cause},
                   {"correlation", e.event.correlation},
                   {"hash", e.event.hash}};
  if (auto data = json::parse(e.event.data)) {
    // The source as it came can be large, and is to be had at the brief.
    if (e.event.type == "brief.submitted" && data->is_object())
      if (auto* from = data->get_object().if_contains("from"); from != nullptr && from->is_object())
        from->get_object().erase("text");
    out.emplace("data", std::move(*data));
  }
  return out;
}

json::object shown(board_event const& b) {
  auto out = shown(*b.event);
  out.emplace("n", b.n);
  return out;
}

bool event_filter::matches(stored_event const& e) const {
  auto const starts = [](std::string_view text, std::string_view head) {
    return text.substr(0, head.size()) == head;
  };
  if (e.stream.tenant != tenant)
    return false;
  if (e.stream.kind == entity_kind::principal) // credentials are not news
    return false;
  if (!brief.empty() && e.event.correlation != brief && e.stream.id != brief)
    return false;
  if (!ticket.empty() && !(e.stream.kind == entity_kind::ticket && e.stream.id == ticket))
    return false;
  if (!entity.empty() && e.stream.id != entity)
    return false;
  if (!kind.empty() && to_string(e.stream.kind) != kind)
    return false;
  if (!type.empty() && !starts(e.event.type, type))
    return false;
  if (!agent.empty() && e.stream.id.find(agent) == std::string::npos &&
      e.event.data.find(agent) == std::string::npos &&
      e.event.principal.find(agent) == std::string::npos)
    return false;
  return true;
}

bool event_filter::matches(ticket::state const& of, link::progress const& p) const {
  auto const agrees = [](std::string const& wanted, std::string_view is) {
    return wanted.empty() || wanted == is;
  };
  return of.self.tenant == tenant && agrees(brief, of.brief.value) &&
         agrees(ticket, p.ticket.value) && agrees(entity, p.ticket.value) &&
         agrees(kind, to_string(entity_kind::ticket)) &&
         std::string_view{"progress"}.starts_with(type) &&
         (p.ticket.value.find(agent) != std::string::npos ||
          of.holder->agent.value.find(agent) != std::string::npos);
}

json::object shown(ticket::state const& of, link::progress const& p, time_point at) {
  return {{"type", "progress"},
          {"kind", to_string(entity_kind::ticket)},
          {"entity", p.ticket.value},
          {"ticket", p.ticket.value},
          {"token", p.token},
          {"agent", of.holder->agent.value},
          {"daemon", of.holder->daemon.value},
          {"brief", of.brief.value},
          {"at", json::to(at)},
          {"text", p.text}};
}

result<event_filter> filter_of(request const& r, std::vector<std::string_view> const& more) {
  event_filter f;
  f.tenant = r.principal.tenant;
  for (auto const& [name, value] : r.query) {
    if (name == "brief")
      f.brief = value;
    else if (name == "ticket")
      f.ticket = value;
    else if (name == "agent")
      f.agent = value;
    else if (name == "kind")
      f.kind = value;
    else if (name == "type")
      f.type = value;
    else if (name == "entity")
      f.entity = value;
    else if (std::find(more.begin(), more.end(), name) == more.end()) {
      std::string known = "brief, ticket, agent, kind, type, entity";
      for (auto const m : more)
        known += ", " + std::string{m};
      return fail(errc::invalid_argument, "unknown parameter " + name + "; known: " + known,
                  {{"field", name}});
    }
  }
  entity_kind k{};
  if (!f.kind.empty() && !parse(f.kind, k))
    return fail(errc::invalid_argument, "unknown kind " + f.kind, {{"field", "kind"}});
  return f;
}

} // namespace troupe
