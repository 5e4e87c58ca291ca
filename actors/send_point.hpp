#pragma once

#include "actors/ports.hpp"

namespace troupe {

/// The one place that every message between agents, tickets and people passes: hop limit, loop
/// guard and tap. Answers the command that takes the message to its receiver.
/// `worker`: the agent in whose name it is said, where the sender is a ticket.
/// Errors: invalid_argument (no parts, unknown kind of receiver), conflict (sender and receiver are
/// the same, or too many hops).
[[nodiscard]] result<tell> send_point(tenant_id const& tenant, envelope const& e,
                                      agent_id const& worker = {});

/// A ticket's message that nobody carries further: durable in its conversation, where the next
/// attempt reads it. What was asked or heard passes `send_point`.
void said(entity_ref const& ticket, envelope const& e);

/// The message that a command carries; null where it carries none.
[[nodiscard]] envelope const* message_of(any_command const& c);

} // namespace troupe
