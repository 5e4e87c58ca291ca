#pragma once

#include "daemon/spawn.hpp"

/// The small process between the daemon and each tool. It is the tool's parent and the subreaper of
/// everything the tool starts, and it holds the reading end of a pipe that only the daemon writes:
/// when the daemon dies, even by kill -9, the pipe ends and the guard kills the tool with all its
/// descendants. There is no moment without cover, because the guard exists before the tool does.
namespace troupe::local {

/// First argument that makes the program a guard: `<exe> daemon-guard -- program arguments…`.
constexpr std::string_view guard_word = "daemon-guard";

/// The guard's main function; `argv` as `main` got it. Descriptor 3 brings orders (`T`: TERM to the
/// tool's group, `K`: KILL to all), descriptor 4 takes reports (`S pid`, `E errno`, `X code`,
/// `G signal`, a line each). Never returns an error code of its own: the report has it all.
[[nodiscard]] int guard_main(int argc, char** argv);

/// The daemon's end of a guard.
struct guarded {
  pid_t guard = 0;
  unique_fd orders;
  unique_fd reports;
};

/// How to start a guard: normally this very program, `{"/proc/self/exe"}`.
using guard_program = std::vector<std::string>;

/// Starts `argv` under a guard. The descriptors become the tool's 0, 1 and 2. Errors: as spawn, for
/// the guard; that the tool cannot be started is in its report.
[[nodiscard]] result<guarded> spawn_guarded(guard_program const& program,
                                            std::vector<std::string> const& argv, environment env,
                                            std::filesystem::path const& directory, int in, int out,
                                            int err);

} // namespace troupe::local
