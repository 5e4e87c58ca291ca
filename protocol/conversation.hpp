#pragma once

#include "protocol/ids.hpp"

#include <string>

namespace troupe {

/// The conversation that a ticket belongs to, which is what log lines about it can be found by. The
/// ticket's id begins with the id of its brief, or of the run that was made for it by hand.
[[nodiscard]] inline std::string conversation_of(ticket_id const& ticket) {
  return ticket.value.substr(0, ticket.value.find_first_of(".-"));
}

} // namespace troupe
