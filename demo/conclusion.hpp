#pragma once

#include "cli/text/render.hpp"
#include "demo/connection.hpp"
#include "demo/processes.hpp"
#include "demo/teller.hpp"
#include "demo/workshop.hpp"

#include <functional>

namespace troupe::demo {

/// What the story knows and the server cannot: what it did itself.
struct ended_story {
  std::string brief;
  bool lease_moved = false; ///< the attempt that was killed was lost and taken over
  int kills = 0;            ///< of servers and daemons, by the story and by chaos
  int chaos_kills = 0;      ///< of them, those at random moments
  std::int64_t seconds = 0; ///< since the story began
  std::function<ran()> verify;
};

/// Says what came of it, by the word of the server, of git and of `troupe verify`, and compares it
/// with what the story promises. Answers the exit code: 0, or 1 with every difference said.
[[nodiscard]] int conclude(ended_story const& story, connection& to, workshop const& shop,
                           teller& say, text_style const& style);

} // namespace troupe::demo
