#pragma once

#include "actors/ports.hpp"

namespace troupe {

/// The one place that every message between agents, tickets and people passes: hop limit, loop
/// guard and tap. Answers the command that takes the message to its receiver.
/// Errors: invalid_argument (no parts, unknown kind of receiver), conflict (sender and receiver are
/// the same, or too many hops).
[[nodiscard]] result<tell> send_point(tenant_id const& tenant, envelope const& e);

} // namespace troupe
