#pragma once

#include "protocol/brief_content.hpp"
#include "protocol/envelope.hpp"
#include "protocol/evidence.hpp"

namespace troupe {

/// What surrounds a command: everything a decision may need that is not in state or command.
/// The domain reads no clock and draws no random number: they arrive here.
struct command_context {
  std::string id;  ///< of this command or of the message that carries it
  principal_id by; ///< who wants it; `system` for the runtime itself
  time_point now{};
  std::string cause;       ///< id of the event or message that led to it
  std::string correlation; ///< the brief's id, where there is one
  std::string trace;
  friend bool operator==(command_context const&, command_context const&) = default;
};

/// Shared commands. `settle` says that an obligation with `acknowledge` was taken over by its
/// receiver (or refused for good, then `refused` says why); `tick` that an alarm may be due.
struct settle {
  std::string key;
  std::string refused;
  TROUPE_RECORD(settle, key, refused);
};
struct tick {
  TROUPE_RECORD(tick);
};
/// A message to an entity: an answer to what it asked.
struct hear {
  envelope message;
  TROUPE_RECORD(hear, message);
};

/// Shared event: the obligation `key` is done with.
struct settled {
  std::string key;
  std::string refused;
  TROUPE_RECORD(settled, key, refused);
};

} // namespace troupe
