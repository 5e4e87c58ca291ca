#pragma once

#include "cli/commands.hpp"

namespace troupe {

/// What `troupe watch --traffic` was asked for; empty: what the server takes for it.
struct traffic_flags {
  std::string filter;
  std::string sample;
  std::string rate;
  std::string seconds;
  std::string limit;
  std::string since;
  std::string follow; ///< a conversation: brief or ticket; shown as a sequence
  bool contents = false;
  bool stats = false;      ///< counts in place of lines
  bool team = false;       ///< messages and effects only
  bool everything = false; ///< of a sequence: bookkeeping too
};

/// Follows what passes the server's choke points, as lines, as a sequence or as counts, until it
/// ends or Ctrl-C. Answers the exit code.
[[nodiscard]] int watch_traffic(console& out, traffic_flags const& flags);

} // namespace troupe
