#pragma once

#include "protocol/result.hpp"

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace troupe::demo {

/// A child process in a group of its own, with its output in a file and without any variable that
/// begins with TROUPE_. Ended by the destructor.
class child {
public:
  /// Errors: unavailable.
  [[nodiscard]] static result<child> start(std::vector<std::string> const& arguments,
                                           std::filesystem::path const& log);
  child(child&& other) noexcept;
  child& operator=(child&& other) noexcept;
  child(child const&) = delete;
  child& operator=(child const&) = delete;
  ~child();

  [[nodiscard]] bool running();
  /// SIGKILL: what a power cut or the OOM killer does.
  void kill();
  /// SIGTERM, then SIGKILL after the grace. Answers the exit code, -1 for a signal.
  int stop(std::chrono::milliseconds grace);
  [[nodiscard]] int pid() const { return pid_; }

private:
  child() = default;
  std::optional<int> wait(bool block);
  int pid_ = -1;
};

struct ran {
  int exit_code = -1;
  std::string output; ///< standard output and error, at most 1 MiB
};

/// Runs a program to its end, without a shell and without any variable that begins with TROUPE_.
[[nodiscard]] ran run(std::vector<std::string> const& arguments,
                      std::filesystem::path const& directory = {});

/// Path of the running executable.
[[nodiscard]] std::filesystem::path self();

} // namespace troupe::demo
