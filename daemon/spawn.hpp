#pragma once

#include "protocol/result.hpp"

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

/// Starting programs: always an argument list, never a shell of ours, never an inherited
/// environment.
namespace troupe::local {

/// Environment of a child: exactly these.
using environment = std::map<std::string, std::string>;

/// The variables of our own environment that are named, where set.
[[nodiscard]] environment allowed_environment(std::vector<std::string> const& names);

/// A file descriptor that closes itself.
class unique_fd {
public:
  unique_fd() = default;
  explicit unique_fd(int fd) : fd_(fd) {}
  unique_fd(unique_fd&& other) noexcept : fd_(other.release()) {}
  unique_fd& operator=(unique_fd&& other) noexcept {
    if (this != &other)
      reset(other.release());
    return *this;
  }
  ~unique_fd() { reset(); }
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool valid() const { return fd_ >= 0; }
  int release() {
    int const fd = fd_;
    fd_ = -1;
    return fd;
  }
  void reset(int fd = -1);

private:
  int fd_ = -1;
};

/// Both ends of a pipe, close-on-exec.
struct pipe_ends {
  unique_fd read;
  unique_fd write;
};
/// unavailable when the process has no descriptors left.
[[nodiscard]] result<pipe_ends> make_pipe();

/// What a child is started with.
struct spawn_options {
  std::vector<std::string> argv; ///< `argv[0]` is looked up in PATH of `env`'s parent
  environment env;
  std::filesystem::path directory;
  /// (descriptor here, descriptor in the child); what is not named is closed.
  std::vector<std::pair<int, int>> descriptors;
  bool new_session = false; ///< away from our terminal: its Ctrl-C is for us alone
  bool new_group = false;
};

/// The descriptor's number in every child from now on (see `program_lineage`).
constexpr int lineage_fd = 63;
/// Every process that is started from now on keeps `fd` open as `lineage_fd`; -1: none any more.
void share_with_children(int fd);

/// Starts a process (posix_spawn). Errors: not_found (no such program or directory), unavailable.
[[nodiscard]] result<pid_t> spawn(spawn_options const& options);

/// What a short program said.
struct captured {
  int exit_code = 0; ///< 128 + signal if one killed it
  bool timed_out = false;
  std::string out;
  std::string err;
};

/// Runs a short program to its end and keeps its output; past the deadline its process group is
/// killed. Standard input is `input`. Errors: as spawn.
[[nodiscard]] result<captured> run_captured(std::vector<std::string> argv, environment env,
                                            std::filesystem::path const& directory,
                                            std::chrono::milliseconds timeout,
                                            std::string_view input = {});

/// Full path of a program in PATH; empty if there is none.
[[nodiscard]] std::string find_program(std::string_view name);

} // namespace troupe::local
