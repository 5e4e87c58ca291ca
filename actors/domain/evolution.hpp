#pragma once

#include "protocol/ids.hpp"

namespace troupe {

/// Which rules made a state out of its events. To be raised, for the kind, with every change of its
/// `evolve` (or of what that calls) after which the same events give another state: snapshots that
/// were made by the older rules are then ignored, and their streams read from the beginning.
/// A change of the state's members needs nothing here: docs/snapshots.md.
[[nodiscard]] constexpr int evolution_of(entity_kind kind) {
  switch (kind) {
  case entity_kind::project:
  case entity_kind::brief:
  case entity_kind::plan:
  case entity_kind::run:
  case entity_kind::ticket:
  case entity_kind::agent:
  case entity_kind::approval:
  case entity_kind::budget:
  case entity_kind::daemon:
  case entity_kind::principal:
    return 1;
  }
  return 0;
}

} // namespace troupe
