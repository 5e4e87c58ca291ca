#pragma once

#include "actors/domain/ticket.hpp"

/// Work that comes back. Not for others.
namespace troupe::ticket {

/// Begins round `round` (the present one or an older one: begins none) in the work stage
/// `next_stage`, and says why `stage` sent the work back; `s.why` has its last words.
void another_round(state& s, std::int32_t round, std::string const& stage, std::int32_t next_stage);

} // namespace troupe::ticket
