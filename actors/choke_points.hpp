#pragma once

#include "actors/messages.hpp"
#include "actors/tap/tap.hpp"
#include "protocol/daemon_link.hpp"

/// What the choke points of a node tell those who watch. Each is called in passing: while nobody
/// watches it costs one relaxed load, and nothing is prepared. See docs/watch.md.
namespace troupe::choke {

/// Something on the outside that has begun and that somebody watches; null where nobody does.
struct effect {
  traffic::header record;
  tenant_id tenant;
  std::int64_t since = 0;
};
using effect_ptr = std::shared_ptr<effect const>;

namespace detail {
[[nodiscard]] std::int64_t steady_ns() noexcept;
void sent(tenant_id const& tenant, envelope const& e, agent_id const& worker,
          std::string_view ticket, std::optional<errc> refused) noexcept;
void admitted(command_message const& c, std::optional<errc> refused) noexcept;
void dispatching(command_message& c, agent_id const& worker) noexcept;
void dispatched(command_message const& c, command_result const& how) noexcept;
void crashed(entity_ref const& who, std::string const& command, bool dead) noexcept;
void submitted(unit const& u) noexcept;
void stored(unit const& u, unit_result const& r, std::int64_t since) noexcept;
void not_stored(unit const& u, traffic::outcome why, std::int64_t since) noexcept;
[[nodiscard]] effect_ptr begin_effect(entity_ref const& of, std::string_view kind,
                                      std::string_view sort_of_doer, std::string_view doer,
                                      std::string_view correlation,
                                      agent_id const& worker) noexcept;
void end_effect(effect const& e, std::optional<errc> failed) noexcept;
void frame(tenant_id const& tenant, daemon_id const& daemon, link::frame_body const& f,
           traffic::direction way) noexcept;
} // namespace detail

/// A moment of the steady clock where somebody watches this choke point, else 0.
[[nodiscard]] inline std::int64_t moment(traffic::category of) noexcept {
  return traffic::wants(of) ? detail::steady_ns() : 0;
}

/// A message passes the send point, or is refused there. `worker`: in whose name it is said, where
/// that is not the sender. `ticket`: in whose conversation it stands, where sender and receiver do
/// not tell; else empty.
inline void sent(tenant_id const& tenant, envelope const& e, agent_id const& worker,
                 std::string_view ticket, std::optional<errc> refused) noexcept {
  if (traffic::wants(traffic::category::send))
    detail::sent(tenant, e, worker, ticket, refused);
}

/// The region takes a command, or it is refused before, as new work is in an overload.
inline void admitted(command_message const& c,
                     std::optional<errc> refused = std::nullopt) noexcept {
  if (traffic::wants(traffic::category::admit))
    detail::admitted(c, refused);
}

/// An entity begins with a command. `worker`: () -> who holds it, where it is a ticket.
template <class Worker>
void dispatching(command_message& c, Worker const& worker) noexcept {
  if (traffic::wants(traffic::category::dispatch))
    detail::dispatching(c, worker());
}
/// A command has its answer.
inline void dispatched(command_message const& c, command_result const& how) noexcept {
  if (traffic::wants(traffic::category::dispatch))
    detail::dispatched(c, how);
}
/// A command took its entity down; `dead`: it is put aside.
inline void crashed(entity_ref const& who, std::string const& command, bool dead) noexcept {
  if (traffic::wants(traffic::category::dispatch))
    detail::crashed(who, command, dead);
}

/// The journal takes a unit.
inline void submitted(unit const& u) noexcept {
  if (traffic::wants(traffic::category::journal))
    detail::submitted(u);
}
/// A unit of which the store has answered: one record for each event that is stored.
inline void stored(unit const& u, unit_result const& r, std::int64_t since) noexcept {
  if (traffic::wants(traffic::category::journal))
    detail::stored(u, r, since);
}
/// A unit that is not stored, or of which nobody knows.
inline void not_stored(unit const& u, traffic::outcome why, std::int64_t since) noexcept {
  if (traffic::wants(traffic::category::journal))
    detail::not_stored(u, why, since);
}

/// Something on the outside begins: what it is, of whom, who does it (`daemon:`, its id), in which
/// conversation where the name of `of` does not tell, and for which agent.
[[nodiscard]] inline effect_ptr begin_effect(entity_ref const& of, std::string_view kind,
                                             std::string_view sort_of_doer, std::string_view doer,
                                             std::string_view correlation = {},
                                             agent_id const& worker = {}) noexcept {
  return traffic::wants(traffic::category::effect)
             ? detail::begin_effect(of, kind, sort_of_doer, doer, correlation, worker)
             : nullptr;
}
/// It has ended.
inline void end_effect(effect_ptr const& e, std::optional<errc> failed = std::nullopt) noexcept {
  if (e && traffic::wants(traffic::category::effect))
    detail::end_effect(*e, failed);
}

/// A stored event as the journal told of it; how long it took is not known any more.
[[nodiscard]] traffic::header record_of(stored_event const& e);

/// A frame of a daemon's link comes or goes.
inline void frame(tenant_id const& tenant, daemon_id const& daemon, link::frame_body const& f,
                  traffic::direction way) noexcept {
  if (traffic::wants(traffic::category::gateway))
    detail::frame(tenant, daemon, f, way);
}

} // namespace troupe::choke
