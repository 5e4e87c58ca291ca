#pragma once

#include "daemon/guard.hpp"
#include "protocol/ids.hpp"

#include <atomic>
#include <mutex>

/// One program under a guard, from start to end: its output, its deadlines, its end.
namespace troupe::local {

/// Why a program is made to end from outside.
enum class stop_cause { none, cancelled, draining };

/// What other threads may do with a running program. It may be used before the program starts and
/// after it ended.
class tool_control {
public:
  tool_control();
  /// Ends the program by the kill ladder; the first cause stays.
  void stop(stop_cause cause);
  [[nodiscard]] stop_cause stopped() const { return cause_.load(); }
  /// Skips the grace time of the ladder.
  void hurry();
  [[nodiscard]] bool hurried() const { return hurry_.load(); }
  /// Queues text for the program's standard input.
  void write(std::string text);
  /// While waiting (for an answer), neither stall timer nor deadline runs.
  void waiting(bool yes);

private:
  friend class tool_loop;
  void wake();

  std::atomic<stop_cause> cause_{stop_cause::none};
  std::atomic<bool> hurry_{false};
  std::atomic<int> waiting_{0};
  std::mutex mutex_;
  std::string input_;
  unique_fd event_;
};

/// What is run, where and for how long.
struct tool_command {
  std::vector<std::string> argv;
  environment env;
  std::filesystem::path directory;
  std::filesystem::path log; ///< all output, appended; stays on this machine
  duration timeout{std::chrono::minutes{60}};
  duration stall{0};                        ///< no output for this long; 0: no limit
  duration grace{std::chrono::seconds{10}}; ///< between TERM and KILL
  bool keep_input = false;                  ///< standard input stays open for `tool_control::write`
};

enum class tool_how { exited, signalled, timed_out, stalled, stopped, not_started };

/// How a program ended.
struct tool_end {
  tool_how how = tool_how::exited;
  int exit_code = 0; ///< 128 + signal if one ended it; 127 if it could not be started
  std::string message;
  std::string log_digest; ///< SHA-256 of this run's output
  std::int64_t log_bytes = 0;
  std::string output_end; ///< the last few KiB of standard output
  std::string error_end;  ///< the same of standard error
};

/// Receives each line of standard output, without its end.
using line_sink = std::function<void(std::string_view line)>;

/// Runs a program to its end; blocks. A program that cannot be started is an end, not an error.
[[nodiscard]] tool_end run_tool(guard_program const& guard, tool_command const& command,
                                tool_control& control, line_sink const& sink = {});

} // namespace troupe::local
