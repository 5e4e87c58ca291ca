#pragma once

#include "daemon/attempt.hpp"

/// A place for tests: real repositories and real processes in a folder of their own.
namespace troupe::test {

namespace fs = std::filesystem;

/// A temporary folder that goes away with the test.
class scratch {
public:
  scratch();
  ~scratch();
  scratch(scratch const&) = delete;
  scratch& operator=(scratch const&) = delete;
  [[nodiscard]] fs::path const& path() const { return path_; }
  [[nodiscard]] fs::path operator/(std::string const& name) const { return path_ / name; }

private:
  fs::path path_;
};

void write(fs::path const& file, std::string_view text);
[[nodiscard]] std::string read(fs::path const& file);
/// Waits for a condition; false after the deadline.
[[nodiscard]] bool eventually(std::function<bool()> const& condition,
                              std::chrono::milliseconds limit = std::chrono::seconds{15});
/// Whether a process exists and is no zombie.
[[nodiscard]] bool alive(pid_t pid);

/// A repository as a project has it: bare, with a first commit on `main`.
class origin {
public:
  explicit origin(fs::path folder);
  /// Commits files onto a branch through a clone of its own.
  std::string commit(std::map<std::string, std::string> const& files,
                     std::string const& branch = "main", std::string const& message = "change");
  [[nodiscard]] std::string head(std::string const& ref = "main") const;
  [[nodiscard]] std::string file(std::string const& name, std::string const& ref = "main") const;
  /// Output of any git command in the bare repository; fails the test if git does.
  [[nodiscard]] std::string git(std::vector<std::string> args) const;
  [[nodiscard]] std::string url() const { return bare_.string(); }

private:
  fs::path bare_;
  fs::path clone_;
};

/// Commits one file in a worktree, as its agent would; the commit.
std::string commit_in(fs::path const& worktree, std::string const& file, std::string_view text);

/// What came of an order.
struct outcome_of {
  link::finished end;
  std::vector<link::started> started;
  std::vector<link::said> said;
  std::vector<std::string> progress;
  /// Every frame as it would go to the server.
  [[nodiscard]] std::string frames() const;
};

/// One daemon's files and settings, without its network.
class bench {
public:
  explicit bench(fs::path data);
  local::executor_settings settings;
  std::shared_ptr<local::repository_pool> repositories;

  /// `during` runs in the attempt's events, with the attempt, so that a test can answer or stop.
  outcome_of run(link::order const& o,
                 std::function<void(local::attempt&, link::frame_body const&)> during = {});
  [[nodiscard]] local::workspaces rooms(std::string const& url) {
    return {repositories->find(url).value(), settings.data / "worktrees"};
  }
};

/// An order to do `command` for ticket `b1-1`.
[[nodiscard]] link::order work_order(origin const& where, std::string command,
                                     std::int64_t token = 1);
/// Another kind of order about the same ticket and `head`.
[[nodiscard]] link::order order_about(origin const& where, link::order_kind kind, std::string head,
                                      std::int64_t token);

} // namespace troupe::test
