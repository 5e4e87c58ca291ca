#include "actors/command_trace.hpp"

#include "actors/messages.hpp"
#include "protocol/envelope.hpp"

namespace troupe {

namespace {

/// Kinds whose entities are one undertaking each, so that what one did last says to which trace it
/// belongs next. Agents, budgets and daemons serve many at once.
bool is_undertaking(entity_kind k) {
  return k == entity_kind::brief || k == entity_kind::plan || k == entity_kind::run ||
         k == entity_kind::ticket || k == entity_kind::approval;
}

std::string name_of(any_command const& c) {
  return std::visit([](auto const& of_kind) { return std::string{json::name_of(of_kind)}; }, c);
}

std::string name_of(message_kind k) {
  return std::string{json::to(k).as_string()};
}

/// A sign of life, which would fill a trace with hundreds of spans that say nothing.
bool is_heartbeat(any_command const& c) {
  auto const* t = std::get_if<ticket::command>(&c);
  return t != nullptr && std::holds_alternative<ticket::renew>(*t);
}

} // namespace

void command_trace::sent(command_message& c) {
  if (is_heartbeat(c.command)) {
    c.context.trace.clear();
    return;
  }
  auto parent = tracing::parse(c.context.trace);
  if (!parent.known())
    parent = tracing::within::here();
  if (!parent.known() && is_undertaking(c.to.kind))
    parent = tracing::remembered(to_string(c.to));
  c.context.trace.clear();
  auto whole = tracing::span::child(std::string{to_string(c.to.kind)} + "." + name_of(c.command),
                                    tracing::span_kind::consumer, parent);
  if (!whole)
    return;
  whole.set("troupe.entity", to_string(c.to));
  whole.set("troupe.command.id", c.context.id);
  if (!c.context.correlation.empty())
    whole.set("troupe.correlation", c.context.correlation);
  c.context.trace = whole.place().traceparent();
  c.traced = std::make_shared<command_trace>(std::move(whole));
}

void command_trace::decided_on() {
  if (std::exchange(begun_, true))
    return;
  auto const waited = std::chrono::steady_clock::now() - sent_;
  whole_.set("troupe.queue_ns",
             std::chrono::duration_cast<std::chrono::nanoseconds>(waited).count());
}

void command_trace::appended() {
  commit_ = tracing::span::child("journal.commit", tracing::span_kind::internal, whole_.place());
}

void command_trace::stored(std::size_t events, entity_ref const& by, bool durable) {
  commit_.set("troupe.events", static_cast<std::int64_t>(events));
  if (!durable)
    commit_.fail("not stored");
  commit_.end();
  if (durable && is_undertaking(by.kind))
    tracing::remember(to_string(by), whole_.place());
}

void command_trace::ended(std::optional<error> const& refused) {
  if (refused) {
    whole_.set("error.type", std::string{to_string(refused->code)});
    whole_.fail(refused->message);
  }
  whole_.end();
}

tracing::context trace_message(envelope const& e, std::optional<error> const& refused) {
  auto s = tracing::span::child("message." + name_of(e.kind), tracing::span_kind::producer,
                                tracing::within::here());
  s.set("messaging.message.id", e.id);
  s.set("troupe.from", e.from.value);
  s.set("troupe.to", e.to.value);
  s.set("troupe.hops", static_cast<std::int64_t>(e.hops));
  if (refused)
    s.fail(refused->message);
  return s.place();
}

command_scope::command_scope(command_message const& c) {
  if (c.traced)
    inside_.emplace(c.traced->place());
  else if (tracing::on())
    inside_.emplace(tracing::context{});
}

} // namespace troupe
