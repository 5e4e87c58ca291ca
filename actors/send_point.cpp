#include "actors/send_point.hpp"

#include "actors/choke_points.hpp"
#include "actors/domain/agent.hpp"

namespace troupe {

namespace {

/// A value that is made where it is to stand: an envelope has a dozen members, and to hand it on
/// from a command into a variant, into the next, and so on took as long as to copy it.
template <class F>
struct made_by {
  F make;
  // NOLINTNEXTLINE(google-explicit-constructor): it stands for the value
  operator std::invoke_result_t<F>() const { return make(); }
};
template <class F>
made_by(F) -> made_by<F>;

template <class Commands, class Command>
result<tell> telling(entity_ref to, envelope const& e) {
  made_by const command{[&] { return Command{e}; }};
  return {boost::system::in_place_value, made_by{[&] {
            return tell{std::move(to), any_command{std::in_place_type<Commands>,
                                                   std::in_place_type<Command>, command}};
          }}};
}

result<tell> check(tenant_id const& tenant, envelope const& e) {
  if (e.parts.empty())
    return fail(errc::invalid_argument, "a message needs at least one part");
  if (e.from == e.to)
    return fail(errc::conflict, "a message never wakes the principal that sent it: " + e.to.value);
  // What wants an answer leaves room for it: who may ask hears in any case.
  if (e.hops + (agent::wants_answer(e.kind) ? 1 : 0) > hop_limit)
    return fail(errc::conflict, "the conversation " + e.correlation + " went over " +
                                    std::to_string(hop_limit) + " hops and was stopped");
  auto to = entity_of(tenant, e.to);
  if (!to)
    return fail(errc::invalid_argument, "nobody can be reached at " + e.to.value);
  switch (to->kind) {
  case entity_kind::agent:
    return telling<agent::command, agent::receive>(std::move(*to), e);
  case entity_kind::ticket:
    return telling<ticket::command, hear>(std::move(*to), e);
  case entity_kind::brief:
    return telling<brief::command, hear>(std::move(*to), e);
  case entity_kind::plan:
    return telling<plan::command, hear>(std::move(*to), e);
  default:
    return fail(errc::invalid_argument, "no messages are taken at " + e.to.value);
  }
}

} // namespace

result<tell> send_point(tenant_id const& tenant, envelope const& e, agent_id const& worker) {
  auto where = check(tenant, e);
  choke::sent(tenant, e, worker, {}, where ? std::nullopt : std::optional{where.error().code});
  return where;
}

void said(entity_ref const& ticket, envelope const& e) {
  choke::sent(ticket.tenant, e, {}, ticket.id, std::nullopt);
}

envelope const* message_of(any_command const& c) {
  return std::visit(
      [](auto const& of_kind) {
        return std::visit(
            [](auto const& body) -> envelope const* {
              if constexpr (requires { body.message.correlation; })
                return &body.message;
              else
                return nullptr;
            },
            of_kind);
      },
      c);
}

} // namespace troupe
