#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <string>

namespace troupe::demo {

struct options {
  bool yes = false;  ///< approves after showing
  bool json = false; ///< one JSON event a line instead of text
  bool keep = false; ///< keeps the folder
  bool color = false;
  std::filesystem::path folder; ///< parent of the demo's folder; empty: the temporary one
  std::string store;            ///< of the server; empty: SQLite in the folder
  /// Chaos: how often the server, or a daemon, is killed (SIGKILL) at random moments and started
  /// again. For tests; the outcome must be the same.
  int kill_server = 0;
  int kill_daemon = 0;
  std::uint32_t seed = 1;
  int time_limit_s = 180;
  std::atomic<bool> const* stop = nullptr; ///< set by Ctrl-C
};

/// Tells the story. Exit codes: 0 the outcome is what it must be, 1 it is not (what differs is
/// said) or a person did not approve, 2 the machine lacks something (said), 130 stopped by Ctrl-C,
/// 141 nobody reads the story any more (a closed pipe); whatever it is, no process and, unless it
/// is kept, no folder is left.
[[nodiscard]] int run(options const& o);

} // namespace troupe::demo
