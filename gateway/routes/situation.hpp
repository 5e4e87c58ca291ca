#pragma once

#include "protocol/ids.hpp"
#include "protocol/json.hpp"

namespace troupe {

/// What happens with the ticket in this row of the board, as the command line and the dashboard say
/// it: `{"text", "for", "do", "since", "until"}`. `text` is one sentence: who works on it, what it
/// waits for, or how it ended. `for` is who or what it waits for, and is there only where it waits:
/// a principal, or `agent`, `daemon`, `run`, `tickets`, `money`, `time`. `do` says the way out.
/// Times in milliseconds since 1970: since when it is so, and when the waiting ends at the latest.
///
/// `lack`: its member `lacks`, null where it lacks nothing.
[[nodiscard]] json::object situation_of(json::value const& ticket, json::value const& lack,
                                        time_point now);

} // namespace troupe
