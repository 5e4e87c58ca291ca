#include "actors/why_subject.hpp"

#include "actors/domain/kinds.hpp"

namespace troupe {

namespace {

using found = std::optional<entity_ref>;

constexpr bool has_chain(entity_kind kind) {
  return kind == entity_kind::brief || kind == entity_kind::plan || kind == entity_kind::run ||
         kind == entity_kind::ticket || kind == entity_kind::approval;
}

bool is_known(board const& view, entity_ref const& ref) {
  return !view.get(ref).is_null();
}

/// `ticket:k3f9q2mx-1`; none for agents, people and daemons.
found named(board const& view, tenant_id const& tenant, std::string_view principal) {
  auto const colon = principal.find(':');
  entity_kind kind{};
  if (colon == std::string_view::npos || !parse(principal.substr(0, colon), kind) ||
      !has_chain(kind))
    return std::nullopt;
  entity_ref ref{tenant, kind, std::string{principal.substr(colon + 1)}};
  return is_known(view, ref) ? found{std::move(ref)} : std::nullopt;
}

/// A conversation carries the id of its brief, or of a ticket or run that has none.
found correlated(board const& view, tenant_id const& tenant, std::string const& id) {
  if (!id.empty())
    for (auto const kind : {entity_kind::brief, entity_kind::ticket, entity_kind::run})
      if (entity_ref ref{tenant, kind, id}; is_known(view, ref))
        return ref;
  return std::nullopt;
}

/// Null where it has none.
json::value const* member(json::value const& data, std::string_view name) {
  auto const* o = data.if_object();
  return o == nullptr ? nullptr : o->if_contains(name);
}

std::string text_of_member(json::value const& data, std::string_view name) {
  auto const* v = member(data, name);
  auto const* s = v == nullptr ? nullptr : v->if_string();
  return s == nullptr ? std::string{} : std::string{std::string_view{*s}};
}

json::value data_of_event(stored_event const& e) {
  auto data = json::parse(e.event.data);
  return data ? std::move(*data) : json::value{};
}

found of_message(board const& view, tenant_id const& tenant, json::value const& data) {
  auto const* message = member(data, "message");
  if (message == nullptr)
    return std::nullopt;
  for (auto const* side : {"from", "to"})
    if (auto ref = named(view, tenant, text_of_member(*message, side)))
      return ref;
  return correlated(view, tenant, text_of_member(*message, "correlation"));
}

/// The answer that an agent gave, and whose asker has taken it now: the event says only its key.
result<found> of_answer(board const& view, event_store& store, stored_event const& e) {
  constexpr std::string_view answers = "answer:";
  constexpr std::uint64_t far = 200; // an answer is taken soon after it was given
  auto const key = text_of_member(data_of_event(e), "key");
  if (!key.starts_with(answers))
    return found{};
  auto const id = key.substr(answers.size());
  auto const before = e.version > far ? e.version - far : 0;
  auto const events = store.read_stream(e.stream, before, far);
  if (!events)
    return events.error();
  for (auto at = events->rbegin(); at != events->rend(); ++at) {
    if (at->event.type != "agent.replied")
      continue;
    auto const data = data_of_event(*at);
    auto const* message = member(data, "message");
    if (message != nullptr && text_of_member(*message, "id") == id)
      return of_message(view, e.stream.tenant, data);
  }
  return found{};
}

/// Money is reserved for a ticket, under its id: `k3f9q2mx-1.money2`.
found of_money(board const& view, tenant_id const& tenant, json::value const& data) {
  auto ticket = text_of_member(data, "ticket");
  if (ticket.empty()) {
    auto const id = text_of_member(data, "id");
    ticket = id.substr(0, id.rfind(".money"));
  }
  entity_ref ref{tenant, entity_kind::ticket, std::move(ticket)};
  return !ref.id.empty() && is_known(view, ref) ? found{std::move(ref)} : std::nullopt;
}

/// A brief and a run say in some events which ticket they mean.
found of_ticket(board const& view, stored_event const& e) {
  auto const data = data_of_event(e);
  for (auto const* member : {"ticket", "failed"}) {
    entity_ref ref{e.stream.tenant, entity_kind::ticket, text_of_member(data, member)};
    if (!ref.id.empty() && is_known(view, ref))
      return ref;
  }
  return e.stream;
}

} // namespace

result<found> subject_of(board const& view, event_store& store, stored_event const& e) {
  auto const& tenant = e.stream.tenant;
  switch (e.stream.kind) {
  case entity_kind::ticket:
  case entity_kind::plan:
  case entity_kind::approval:
    return found{e.stream};
  case entity_kind::brief:
  case entity_kind::run:
    return of_ticket(view, e);
  case entity_kind::agent:
    if (e.event.type == "agent.settled")
      return of_answer(view, store, e);
    return of_message(view, tenant, data_of_event(e));
  case entity_kind::budget:
    return of_money(view, tenant, data_of_event(e));
  // Their streams remember a correlation, too, but it is that of whatever came last.
  case entity_kind::project:
  case entity_kind::daemon:
  case entity_kind::principal:
    break;
  }
  return found{};
}

found asked_about(board const& view, entity_ref const& approval) {
  return named(view, approval.tenant, text_of_member(view.get(approval), "subject"));
}

} // namespace troupe
