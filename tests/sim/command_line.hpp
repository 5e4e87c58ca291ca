#pragma once

#include "protocol/result.hpp"
#include "tests/sim/options.hpp"

namespace troupe::sim {

/// What `troupe-sim` was asked to do.
struct command_line {
  options world;
  std::uint64_t first = 1; ///< seeds from here …
  std::uint64_t last = 1;  ///< … to here
  bool seeds = false;      ///< whether any were asked for
  int jobs = 1;
  bool json = false;
  bool list = false;  ///< the bugs that can be planted
  bool prove = false; ///< plants each of them and counts seeds until it is found
  bool twice = false; ///< runs each world twice: both must be the same
  std::string file;   ///< of worlds that failed once, to be run too
  std::string keep;   ///< a file to which the smaller form of a world that fails is added
  std::string resume; ///< a file that says how far an earlier run came; written as this one goes on
};
/// Errors: invalid_argument with the sentence for the user.
[[nodiscard]] result<command_line> parse(std::string const& text);
/// The options that differ from the default, as one would type them.
[[nodiscard]] std::string spell(options const& o);
[[nodiscard]] std::string usage();

/// What a file of worlds has for one that fails: how to run it, and what went wrong.
[[nodiscard]] std::string kept_line(options const& o, std::string const& problem);
/// The worlds of such a file: a line each, `#` begins a comment. Errors: not_found;
/// invalid_argument with the line.
[[nodiscard]] result<std::vector<options>> read_worlds(std::string const& file);

/// A smaller world that fails, too: fewer kinds of trouble, fewer of each, fewer wishes, less time.
/// `failed` is run anew for each try; at most `tries` times.
[[nodiscard]] options shrink(options failed, int tries = 60);

} // namespace troupe::sim
