#include "actors/dispatch_desk.hpp"

#include "protocol/json.hpp"

#include <caf/send.hpp>

#include <algorithm>

namespace troupe {

namespace {

bool concerns_dispatcher(stored_event const& e) {
  std::string_view const t = e.event.type;
  return e.stream.kind == entity_kind::agent || t == "run.created" || t == "ticket.leased" ||
         t == "ticket.attempt_ended" || t == "ticket.cancelled";
}

/// The project of a run that was created, and with it the limits that hold now.
std::string project_of(stored_event const& e) {
  auto const data = json::parse(e.event.data);
  auto const* members = data ? data->if_object() : nullptr;
  auto const* project = members != nullptr ? members->if_contains("project") : nullptr;
  return project != nullptr && project->is_string() ? std::string{project->get_string()}
                                                    : e.stream.id;
}

/// What `matchmaker::learn` reads: this is done for each lease, on the way of the commits.
stored_event gist(stored_event const& e) {
  stored_event out;
  out.stream = e.stream;
  out.event.type = e.event.type;
  out.event.decoded = e.event.decoded;
  if (!out.event.decoded)
    out.event.data = e.event.data;
  return out;
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
  if (!concerns_dispatcher(e))
    return false;
  note(e);
  return true;
}

void dispatch_desk::note(stored_event const& e) {
  std::string_view const type = e.event.type; // compared by its length first
  if (type == "ticket.attempt_ended" || type == "ticket.cancelled") {
    leases_.erase(e.stream);
    return;
  }
  if (type == "ticket.leased") {
    leases_.insert_or_assign(e.stream, known{++last_, gist(e)});
    return;
  }
  if (type == "run.created") {
    auto of = e.stream;
    of.id = project_of(e);
    known_.insert_or_assign({of, e.event.type}, known{++last_, gist(e)});
    return;
  }
  if (type == "agent.hired" || type == "agent.moved")
    known_.insert_or_assign({e.stream, e.event.type}, known{++last_, gist(e)});
}

std::vector<entity_ref> dispatch_desk::leased_tickets() {
  std::lock_guard lock{mutex_};
  std::vector<entity_ref> out;
  for (auto const& [ticket, k] : leases_)
    out.push_back(ticket);
  return out;
}

void dispatch_desk::open(caf::actor fresh) {
  // Which files its holder writes stands in the ticket only. Whoever answers that may be waiting
  // for us, so it is asked without the lock; a lease that comes meanwhile was given by the
  // dispatcher before, and its grant is known.
  auto const plans = std::make_shared<std::map<entity_ref, ticket_plan>>();
  for (auto const& ticket : leased_tickets())
    if (auto plan = plans_(ticket))
      plans->emplace(ticket, std::move(*plan));
  std::lock_guard lock{mutex_};
  std::vector<known const*> in_order;
  for (auto const& [key, k] : known_)
    in_order.push_back(&k);
  for (auto const& [ticket, k] : leases_)
    in_order.push_back(&k);
  std::sort(in_order.begin(), in_order.end(),
            [](known const* a, known const* b) { return a->n < b->n; });
  auto const history = std::make_shared<std::vector<stored_event>>();
  for (auto const* k : in_order)
    history->push_back(k->event);
  caf::anon_send(fresh, plans_ptr{plans});
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
