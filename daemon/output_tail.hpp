#pragma once

#include "daemon/git.hpp"

/// The end of a tool's output, as far as others may read it.
namespace troupe::local {

/// At most so much of an output's end is told.
constexpr std::size_t tail_limit = 600;

/// The last few lines of an output: without messages (lines that are JSON objects), empty lines and
/// terminal colours.
[[nodiscard]] std::vector<std::string> last_lines(std::string_view output);

/// Those of the last lines that come after the last one that is a line of the worktree's files or
/// of `trees`: what a tool says about itself, not what it shows of the source. Where git cannot
/// tell, nothing.
[[nodiscard]] std::vector<std::string> lines_without_source(std::string_view output,
                                                            std::filesystem::path const& worktree,
                                                            std::vector<std::string> const& trees);

/// Lines as one text.
[[nodiscard]] std::string joined_lines(std::vector<std::string> const& lines,
                                       std::string_view between);

/// `log on HOST: PATH`, for people on another machine.
[[nodiscard]] std::string place_of_log(std::filesystem::path const& log);

} // namespace troupe::local
