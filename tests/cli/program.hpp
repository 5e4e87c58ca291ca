#pragma once

#include "tests/support/eventually.hpp"

#include <chrono>
#include <csignal>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

/// The binary under test, as a process of its own.
namespace troupe::test {

struct ran {
  int exit_code = -1; ///< 128 + signal
  std::string out;
  std::string err;
};

/// Runs `troupe arguments…` to its end. The environment is empty but for PATH, HOME (`home`) and
/// what is given. A run past the limit is killed and fails.
[[nodiscard]] ran run_troupe(std::vector<std::string> arguments, std::filesystem::path const& home,
                             std::map<std::string, std::string> environment = {},
                             std::string const& input = {},
                             std::filesystem::path const& directory = {},
                             std::chrono::seconds limit = std::chrono::seconds{60});
/// The same for any program.
[[nodiscard]] ran run_program(std::vector<std::string> arguments,
                              std::map<std::string, std::string> const& environment,
                              std::string const& input, std::filesystem::path const& directory,
                              std::chrono::seconds limit = std::chrono::seconds{60});

/// `troupe arguments…` in the background, with its output in files. Ended by the destructor.
class background {
public:
  background(std::vector<std::string> arguments, std::filesystem::path const& home,
             std::filesystem::path const& log);
  ~background();
  background(background const&) = delete;
  background& operator=(background const&) = delete;
  /// Asks it to stop and waits; the exit code, -1 where it had to be killed.
  int stop(int signal = SIGTERM);
  /// Waits until it ends by itself; the exit code, -1 where it had to be killed.
  int wait();
  /// SIGKILL, as when the power goes.
  void kill();
  [[nodiscard]] bool running();
  /// It has taken SIGINT over: Ctrl-C is its own business from here.
  [[nodiscard]] bool hears_interrupts() const;

private:
  int pid_ = -1;
};

/// A port of the loopback interface that is free now, and not one that the kernel gives out.
[[nodiscard]] int free_port();
[[nodiscard]] std::string text_of(std::filesystem::path const& file);

} // namespace troupe::test
