#include "actors/dispatch_desk.hpp"

#include "protocol/json.hpp"

#include <caf/send.hpp>

#include <algorithm>

namespace troupe {

namespace {

bool concerns_dispatcher(stored_event const& e) {
  auto const& t = e.event.type;
  return e.stream.kind == entity_kind::agent || t == "run.created" || t == "ticket.leased" ||
         t == "ticket.attempt_ended" || t == "ticket.cancelled";
}

/// Whether the ticket is over with this event. Members with their default are left out of events.
bool ends_ticket(stored_event const& e) {
  auto const& t = e.event.type;
  if (t == "ticket.cancelled")
    return true;
  auto const to = [&](char const* status) {
    return e.event.data.find(std::string{"\"to\":\""} + status + '"') != std::string::npos;
  };
  return to("DONE") || to("FAILED") || (t == "ticket.merged" && !to(""));
}

/// The project of a run that was created, and with it the limits that hold now.
std::string project_of(stored_event const& e) {
  auto const data = json::parse(e.event.data);
  auto const* members = data ? data->if_object() : nullptr;
  auto const* project = members != nullptr ? members->if_contains("project") : nullptr;
  return project != nullptr && project->is_string() ? std::string{project->get_string()}
                                                    : e.stream.id;
}

} // namespace

void dispatch_desk::offer(offer_message m) {
  std::lock_guard lock{mutex_};
  if (present_)
    caf::anon_send(present_, std::move(m));
}

void dispatch_desk::presence(daemon_presence p) {
  std::lock_guard lock{mutex_};
  if (present_)
    caf::anon_send(present_, p);
  daemons_.insert_or_assign(p.daemon, std::move(p));
}

void dispatch_desk::committed(committed_ptr const& batch) {
  std::lock_guard lock{mutex_};
  bool any = false;
  for (auto const& e : *batch)
    any = keep(e) || any;
  if (present_ && any)
    caf::anon_send(present_, batch); // it takes no notice of the others
}

void dispatch_desk::was(stored_event const& e) {
  std::lock_guard lock{mutex_};
  (void)keep(e);
}

/// Whether it concerns the dispatcher.
bool dispatch_desk::keep(stored_event const& e) {
  if (e.stream.kind == entity_kind::ticket)
    note_ticket(e);
  if (!concerns_dispatcher(e))
    return false;
  note(e);
  return true;
}

void dispatch_desk::note_ticket(stored_event const& e) {
  if (e.event.type == "ticket.opened")
    opened_.insert_or_assign(e.stream, e);
  else if (ends_ticket(e))
    opened_.erase(e.stream);
}

void dispatch_desk::note(stored_event const& e) {
  auto const& type = e.event.type;
  if (type == "ticket.attempt_ended" || type == "ticket.cancelled") {
    known_.erase({e.stream, "ticket.leased"});
    return;
  }
  if (type == "run.created") {
    auto of = e.stream;
    of.id = project_of(e);
    known_.insert_or_assign({of, type}, known{++last_, e});
    return;
  }
  if (type == "ticket.leased" || type == "agent.hired" || type == "agent.moved")
    known_.insert_or_assign({e.stream, type}, known{++last_, e});
}

void dispatch_desk::open(caf::actor fresh) {
  std::lock_guard lock{mutex_};
  std::vector<known const*> in_order;
  for (auto const& [key, k] : known_)
    in_order.push_back(&k);
  std::sort(in_order.begin(), in_order.end(),
            [](known const* a, known const* b) { return a->n < b->n; });
  auto const history = std::make_shared<std::vector<stored_event>>();
  for (auto const* k : in_order) {
    // Which files its holder writes stands in the ticket's plan only.
    if (auto const plan = opened_.find(k->event.stream); plan != opened_.end())
      history->push_back(plan->second);
    history->push_back(k->event);
  }
  caf::anon_send(fresh, committed_ptr{history});
  for (auto const& [id, p] : daemons_)
    caf::anon_send(fresh, p);
  present_ = std::move(fresh);
}

void dispatch_desk::close() {
  std::lock_guard lock{mutex_};
  present_ = nullptr;
}

} // namespace troupe
