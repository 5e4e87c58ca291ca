#include "daemon/spawn.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

namespace troupe::local {

namespace {

struct file_actions {
  posix_spawn_file_actions_t raw;
  file_actions() { posix_spawn_file_actions_init(&raw); }
  ~file_actions() { posix_spawn_file_actions_destroy(&raw); }
  file_actions(file_actions const&) = delete;
  file_actions& operator=(file_actions const&) = delete;
};

struct attributes {
  posix_spawnattr_t raw;
  attributes() { posix_spawnattr_init(&raw); }
  ~attributes() { posix_spawnattr_destroy(&raw); }
  attributes(attributes const&) = delete;
  attributes& operator=(attributes const&) = delete;
};

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  for (auto& t : texts)
    out.push_back(t.data());
  out.push_back(nullptr);
  return out;
}

/// What every child inherits; -1: nothing.
std::atomic<int> shared_with_children{-1};

/// Reads what is there; false at the end.
bool drain(int fd, std::string& into) {
  std::array<char, 16384> buffer;
  auto const n = ::read(fd, buffer.data(), buffer.size());
  if (n > 0) {
    into.append(buffer.data(), static_cast<std::size_t>(n));
    return true;
  }
  return n < 0 && (errno == EINTR || errno == EAGAIN);
}

} // namespace

environment allowed_environment(std::vector<std::string> const& names) {
  environment out;
  for (auto const& name : names)
    if (char const* value = std::getenv(name.c_str())) // NOLINT(concurrency-mt-unsafe): no setenv
      out.emplace(name, value);
  return out;
}

void unique_fd::reset(int fd) {
  if (fd_ >= 0)
    ::close(fd_);
  fd_ = fd;
}

result<pipe_ends> make_pipe() {
  std::array<int, 2> fds{};
  if (::pipe2(fds.data(), O_CLOEXEC) != 0)
    return fail(errc::unavailable, std::string{"no pipe: "} + std::strerror(errno));
  return pipe_ends{unique_fd{fds[0]}, unique_fd{fds[1]}};
}

void share_with_children(int fd) {
  shared_with_children = fd;
}

result<pid_t> spawn(spawn_options const& options) {
  // A child that closed its input must be an error of write(), not the end of the daemon.
  static bool const ignored = std::signal(SIGPIPE, SIG_IGN) != SIG_ERR;
  (void)ignored;
  file_actions actions;
  // Descriptors are first moved out of the way: a source may have the number of another's target.
  std::vector<unique_fd> moved;
  for (auto const& [from, to] : options.descriptors) {
    moved.emplace_back(::fcntl(from, F_DUPFD_CLOEXEC, 64));
    if (!moved.back().valid())
      return fail(errc::unavailable, std::string{"no descriptor: "} + std::strerror(errno));
    posix_spawn_file_actions_adddup2(&actions.raw, moved.back().get(), to);
  }
  if (int const shared = shared_with_children; shared >= 0) {
    moved.emplace_back(::fcntl(shared, F_DUPFD_CLOEXEC, 64));
    if (moved.back().valid())
      posix_spawn_file_actions_adddup2(&actions.raw, moved.back().get(), lineage_fd);
  }
  for (int standard = 0; standard < 3; ++standard) {
    bool given = false;
    for (auto const& d : options.descriptors)
      given = given || d.second == standard;
    if (!given)
      posix_spawn_file_actions_addopen(&actions.raw, standard, "/dev/null", O_RDWR, 0);
  }
  if (!options.directory.empty())
    posix_spawn_file_actions_addchdir_np(&actions.raw, options.directory.c_str());

  attributes attr;
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
  posix_spawnattr_setsigmask(&attr.raw, &none);
  posix_spawnattr_setsigdefault(&attr.raw, &all);
  if (options.new_session)
    flags = static_cast<short>(flags | POSIX_SPAWN_SETSID);
  else if (options.new_group) {
    flags = static_cast<short>(flags | POSIX_SPAWN_SETPGROUP);
    posix_spawnattr_setpgroup(&attr.raw, 0);
  }
  posix_spawnattr_setflags(&attr.raw, flags);

  auto argv = options.argv;
  std::vector<std::string> env;
  env.reserve(options.env.size());
  for (auto const& [name, value] : options.env)
    env.push_back(name + "=" + value);
  auto argv_pointers = pointers(argv);
  auto env_pointers = pointers(env);
  pid_t pid = 0;
  int const rc = ::posix_spawnp(&pid, argv_pointers[0], &actions.raw, &attr.raw,
                                argv_pointers.data(), env_pointers.data());
  if (rc != 0)
    return fail(rc == ENOENT || rc == EACCES || rc == ENOTDIR ? errc::not_found : errc::unavailable,
                "cannot start " + options.argv[0] + ": " + std::strerror(rc));
  return pid;
}

result<captured> run_captured(std::vector<std::string> argv, environment env,
                              std::filesystem::path const& directory,
                              std::chrono::milliseconds timeout, std::string_view input) {
  auto in = make_pipe();
  auto out = make_pipe();
  auto err = make_pipe();
  if (!in || !out || !err)
    return fail(errc::unavailable, "no pipes left");
  spawn_options options;
  options.argv = std::move(argv);
  options.env = std::move(env);
  options.directory = directory;
  options.descriptors = {{in->read.get(), 0}, {out->write.get(), 1}, {err->write.get(), 2}};
  options.new_group = true;
  auto pid = spawn(options);
  if (!pid)
    return pid.error();
  in->read.reset();
  out->write.reset();
  err->write.reset();
  ::fcntl(in->write.get(), F_SETFL, O_NONBLOCK);
  if (input.empty())
    in->write.reset();

  captured result_of;
  auto const deadline = std::chrono::steady_clock::now() + timeout;
  while (out->read.valid() || err->read.valid()) {
    auto const left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0 && !result_of.timed_out) {
      result_of.timed_out = true;
      ::kill(-*pid, SIGKILL);
      break;
    }
    std::array<pollfd, 3> fds{pollfd{out->read.get(), POLLIN, 0},
                              pollfd{err->read.get(), POLLIN, 0},
                              pollfd{in->write.get(), POLLOUT, 0}};
    if (::poll(fds.data(), fds.size(), static_cast<int>(std::min<long>(left.count(), 60000))) < 0)
      continue;
    if (fds[0].revents != 0 && !drain(out->read.get(), result_of.out))
      out->read.reset();
    if (fds[1].revents != 0 && !drain(err->read.get(), result_of.err))
      err->read.reset();
    if (in->write.valid() && fds[2].revents != 0) {
      auto const n = ::write(in->write.get(), input.data(), input.size());
      if (n > 0)
        input.remove_prefix(static_cast<std::size_t>(n));
      if (input.empty() || (n < 0 && errno != EAGAIN && errno != EINTR))
        in->write.reset();
    }
  }
  int status = 0;
  while (::waitpid(*pid, &status, 0) < 0 && errno == EINTR) {
  }
  result_of.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result_of;
}

std::string find_program(std::string_view name) {
  if (name.find('/') != std::string_view::npos) {
    std::string path{name};
    return ::access(path.c_str(), X_OK) == 0 ? path : std::string{};
  }
  auto const env = allowed_environment({"PATH"});
  auto const found = env.find("PATH");
  std::string_view list = found == env.end() ? std::string_view{"/usr/local/bin:/usr/bin:/bin"}
                                             : std::string_view{found->second};
  while (!list.empty()) {
    auto const colon = list.find(':');
    auto const folder = list.substr(0, colon);
    auto const path = std::filesystem::path{folder.empty() ? "." : folder} / name;
    std::error_code ec;
    if (std::filesystem::is_regular_file(path, ec) && ::access(path.c_str(), X_OK) == 0)
      return path.string();
    if (colon == std::string_view::npos)
      break;
    list.remove_prefix(colon + 1);
  }
  return {};
}

} // namespace troupe::local
