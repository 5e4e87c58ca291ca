#pragma once

#include "protocol/result.hpp"
#include "tests/sim/options.hpp"

namespace troupe::sim {

/// What `troupe-sim` was asked to do.
struct command_line {
  options world;
  std::uint64_t first = 1; ///< seeds from here …
  std::uint64_t last = 1;  ///< … to here
  int jobs = 1;
  bool json = false;
  bool list = false;  ///< the bugs that can be planted
  bool prove = false; ///< plants each of them and counts seeds until it is found
  std::string file;   ///< of worlds that failed once, to be run too
};
/// Errors: invalid_argument with the sentence for the user.
[[nodiscard]] result<command_line> parse(std::string const& text);
/// The options that differ from the default, as one would type them.
[[nodiscard]] std::string spell(options const& o);
[[nodiscard]] std::string usage();

/// A smaller world that fails, too: fewer kinds of trouble, fewer of each, fewer wishes, less time.
/// `failed` is run anew for each try; at most `tries` times.
[[nodiscard]] options shrink(options failed, int tries = 60);

} // namespace troupe::sim
