#include "actors/choke_points.hpp"

#include "actors/domain/domain.hpp"
#include "protocol/redact_json.hpp"

#include <array>

namespace troupe::choke::detail {

namespace {

using traffic::category;
using traffic::direction;
using traffic::field;
using traffic::header;
using traffic::outcome;
using traffic::room;

/// A few words after one another, without a string on the heap; what does not fit is cut.
class short_name {
public:
  short_name& operator<<(std::string_view part) {
    size_ += part.copy(text_.data() + size_, text_.size() - size_);
    return *this;
  }
  [[nodiscard]] std::string_view text() const { return {text_.data(), size_}; }

private:
  std::array<char, 160> text_{};
  std::size_t size_ = 0;
};

/// `ticket:k3f9q2mx-4`
short_name name_as_principal(entity_ref const& e) {
  short_name n;
  n << to_string(e.kind) << ":" << e.id;
  return n;
}

/// `claim`
std::string_view name_of(any_command const& c) {
  return std::visit([](auto const& of_kind) { return json::name_of(of_kind); }, c);
}

/// A credential's commands hold what is nobody's business.
std::string content_of(entity_ref const& to, any_command const& c) {
  if (to.kind == entity_kind::principal)
    return {};
  auto members = std::visit([](auto const& of_kind) { return json::to(of_kind); }, c);
  redact_json(members);
  return json::canonical(members);
}

std::string content_of(envelope const& e) {
  auto out = text_of(e);
  if (auto data = data_of(e); !data.is_null()) {
    redact_json(data);
    out += (out.empty() ? "" : "\n") + json::canonical(data);
  }
  return out;
}

header about(category point, direction way, command_message const& c) {
  header h{point, way};
  h.about(c.to);
  h.sent_by(c.context.by.value);
  short_name kind;
  kind << to_string(c.to.kind) << "." << name_of(c.command);
  h.set(field::kind, kind.text());
  h.within(c.context.correlation);
  h.worked_on_by(c.worker.value);
  h.message = traffic::hash_of(c.context.id);
  return h;
}

header about(direction way, std::uint32_t shard, entity_ref const& stream, new_event const* e) {
  header h{category::journal, way};
  h.about(stream);
  h.shard = static_cast<std::uint16_t>(shard);
  if (e != nullptr) {
    h.sent_by(e->principal);
    h.set(field::kind, e->type);
    h.within(e->correlation);
    h.message = traffic::hash_of(e->event_id);
  }
  return h;
}

/// From a moment of the steady clock until now; 0: none.
std::uint32_t latency_since(std::int64_t moment) {
  return moment == 0 ? traffic::no_latency
                     : traffic::latency_of(std::chrono::nanoseconds{steady_ns() - moment});
}

new_event const* first_event(unit const& u) {
  return u.writes.empty() || u.writes.front().events.empty() ? nullptr
                                                             : &u.writes.front().events.front();
}

} // namespace

std::int64_t steady_ns() noexcept {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

void sent(tenant_id const& tenant, envelope const& e, agent_id const& worker,
          std::string_view ticket, std::optional<errc> refused) noexcept {
  auto const how = refused ? traffic::outcome_of(*refused) : outcome::ok;
  auto const place = traffic::room_for(category::send, tenant, how);
  if (place == room::none)
    return;
  header h{category::send, direction::out};
  h.notable = place == room::notable;
  h.set(field::tenant, tenant.value);
  h.between(e.from.value, e.to.value);
  h.set(field::kind, name(e.kind));
  if (!ticket.empty())
    h.concerns(ticket);
  h.within(e.correlation);
  h.worked_on_by(worker.value);
  h.message = traffic::hash_of(e.id);
  h.how = how;
  traffic::record(h, [&] { return content_of(e); });
}

void admitted(command_message const& c, std::optional<errc> refused) noexcept {
  auto const how = refused ? traffic::outcome_of(*refused) : outcome::open;
  auto const place = traffic::room_for(category::admit, c.to.tenant, how);
  if (place == room::none)
    return;
  auto h = about(category::admit, direction::in, c);
  h.notable = place == room::notable;
  h.how = how;
  traffic::record(h, [&] { return content_of(c.to, c.command); });
}

void dispatching(command_message& c, agent_id const& worker) noexcept {
  c.began_ns = steady_ns();
  try {
    auto const* t = std::get_if<ticket::command>(&c.command);
    auto const* given = t != nullptr ? std::get_if<ticket::grant>(t) : nullptr;
    c.worker = given != nullptr ? given->agent : worker;
  } catch (...) { // it is told without
  }
  if (traffic::room_for(category::dispatch, c.to.tenant) == room::none)
    return;
  auto h = about(category::dispatch, direction::in, c);
  traffic::record(h);
}

void dispatched(command_message const& c, command_result const& result) noexcept {
  auto const how = result ? outcome::ok : traffic::outcome_of(result.error().code);
  auto const latency = latency_since(c.began_ns);
  auto const place = traffic::room_for(category::dispatch, c.to.tenant, how, latency);
  if (place == room::none)
    return;
  auto h = about(category::dispatch, direction::out, c);
  h.notable = place == room::notable;
  h.how = how;
  h.latency_us = latency;
  traffic::record(h);
}

void crashed(entity_ref const& who, std::string const& command, bool dead) noexcept {
  auto const how = dead ? outcome::dead_letter : outcome::crashed;
  auto const place = traffic::room_for(category::dispatch, who.tenant, how);
  if (place == room::none)
    return;
  header h{category::dispatch, direction::out};
  h.notable = place == room::notable;
  h.about(who);
  h.within({});
  h.message = traffic::hash_of(command);
  h.how = how;
  traffic::record(h);
}

void submitted(unit const& u) noexcept {
  if (u.writes.empty())
    return;
  auto const& stream = u.writes.front().stream;
  if (traffic::room_for(category::journal, stream.tenant) == room::none)
    return;
  auto h = about(direction::in, u.shard, stream, first_event(u));
  h.shard = traffic::no_shard; // it has no place yet
  traffic::record(h);
}

void stored(unit const& u, unit_result const& r, std::int64_t since) noexcept {
  auto const how = r.status == unit_status::duplicate ? outcome::duplicate : outcome::ok;
  auto const latency = latency_since(since);
  auto seq = r.first_seq;
  for (auto const& w : u.writes) {
    for (auto const& e : w.events) {
      auto const at = seq++;
      auto const place = traffic::room_for(category::journal, w.stream.tenant, how, latency);
      if (place == room::none)
        continue;
      auto h = about(direction::out, u.shard, w.stream, &e);
      h.notable = place == room::notable;
      h.seq = at;
      h.how = how;
      h.latency_us = latency;
      traffic::record(
          h, [&] { return w.stream.kind == entity_kind::principal ? std::string{} : e.data; });
    }
  }
}

void not_stored(unit const& u, outcome why, std::int64_t since) noexcept {
  if (u.writes.empty())
    return;
  auto const& stream = u.writes.front().stream;
  auto const latency = latency_since(since);
  auto const place = traffic::room_for(category::journal, stream.tenant, why, latency);
  if (place == room::none)
    return;
  auto h = about(direction::out, u.shard, stream, first_event(u));
  h.notable = place == room::notable;
  h.shard = traffic::no_shard;
  h.how = why;
  h.latency_us = latency;
  traffic::record(h);
}

effect_ptr begin_effect(entity_ref const& of, std::string_view kind, std::string_view sort_of_doer,
                        std::string_view doer, std::string_view correlation,
                        agent_id const& worker) noexcept {
  header h{category::effect, direction::out};
  h.set(field::tenant, of.tenant.value);
  short_name to;
  to << sort_of_doer << doer;
  h.between(name_as_principal(of).text(), to.text());
  h.set(field::kind, kind);
  h.within(correlation);
  h.worked_on_by(worker.value);
  effect_ptr begun;
  try {
    begun = std::make_shared<effect const>(effect{h, of.tenant, steady_ns()});
  } catch (...) { // its end is not told then
    begun = nullptr;
  }
  if (traffic::room_for(category::effect, of.tenant) != room::none)
    traffic::record(h);
  return begun;
}

void end_effect(effect const& e, std::optional<errc> failed) noexcept {
  auto const how = failed ? traffic::outcome_of(*failed) : outcome::ok;
  auto const latency = latency_since(e.since);
  auto const place = traffic::room_for(category::effect, e.tenant, how, latency);
  if (place == room::none)
    return;
  auto h = e.record;
  h.notable = place == room::notable;
  h.way = direction::in;
  h.how = how;
  h.latency_us = latency;
  traffic::record(h);
}

void frame(tenant_id const& tenant, daemon_id const& daemon, link::frame_body const& f,
           direction way) noexcept {
  if (traffic::room_for(category::gateway, tenant) == room::none)
    return;
  header h{category::gateway, way};
  h.set(field::tenant, tenant.value);
  short_name who;
  who << "daemon:" << daemon.value;
  h.set(way == direction::in ? field::from : field::to, who.text());
  short_name kind;
  kind << "link." << json::name_of(f);
  h.set(field::kind, kind.text());
  std::visit(
      [&](auto const& body) {
        if constexpr (requires { body.ticket; })
          h.concerns(body.ticket.value);
      },
      f);
  h.within({});
  h.how = outcome::ok;
  traffic::record(h);
}

} // namespace troupe::choke::detail

namespace troupe::choke {

traffic::header record_of(stored_event const& e) {
  auto h = detail::about(traffic::direction::out, e.shard, e.stream, &e.event);
  h.seq = e.seq;
  h.how = traffic::outcome::ok;
  h.thread = traffic::no_thread;
  h.at_ns =
      std::chrono::duration_cast<std::chrono::nanoseconds>(e.event.at.time_since_epoch()).count();
  return h;
}

} // namespace troupe::choke
