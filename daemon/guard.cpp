#include "daemon/guard.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>

namespace troupe::local {

namespace {

constexpr int orders_fd = 3;
constexpr int reports_fd = 4;

void report(char kind, int value) {
  std::array<char, 32> line{};
  int const n = std::snprintf(line.data(), line.size(), "%c %d\n", kind, value);
  // The daemon may be gone; then nobody needs the report.
  [[maybe_unused]] auto const written =
      ::write(reports_fd, line.data(), static_cast<std::size_t>(n));
}

struct process_entry {
  pid_t pid;
  pid_t parent;
};

/// (pid, parent) of every process that is not a zombie.
std::vector<process_entry> all_processes() {
  std::vector<process_entry> out;
  DIR* folder = ::opendir("/proc");
  if (folder == nullptr)
    return out;
  while (dirent const* entry = ::readdir(folder)) { // NOLINT(concurrency-mt-unsafe): one thread
    pid_t pid = 0;
    std::string_view const name{entry->d_name};
    if (std::from_chars(name.data(), name.data() + name.size(), pid).ptr !=
        name.data() + name.size())
      continue;
    auto const path = "/proc/" + std::string{name} + "/stat";
    int const fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0)
      continue;
    std::array<char, 512> text{};
    auto const n = ::read(fd, text.data(), text.size() - 1);
    ::close(fd);
    // The name in parentheses may hold anything, so what follows its last parenthesis is read.
    auto const* rest = n > 0 ? std::strrchr(text.data(), ')') : nullptr;
    char state = 0;
    int parent = 0;
    if (rest != nullptr && std::sscanf(rest + 1, " %c %d", &state, &parent) == 2 && state != 'Z')
      out.push_back({pid, parent});
  }
  ::closedir(folder);
  return out;
}

std::vector<pid_t> descendants_of(pid_t root) {
  auto const all = all_processes();
  std::vector<pid_t> found{root};
  for (std::size_t i = 0; i < found.size(); ++i)
    for (auto const& p : all)
      if (p.parent == found[i] && std::find(found.begin(), found.end(), p.pid) == found.end())
        found.push_back(p.pid);
  found.erase(found.begin());
  return found;
}

void signal_all(pid_t tool, int signal) {
  ::kill(-tool, signal);
  // What left the group (setsid, another group) is still our descendant, as we are the subreaper.
  for (pid_t const pid : descendants_of(::getpid()))
    if (::getpgid(pid) != tool)
      ::kill(pid, signal);
}

/// Kills until nothing is left. A process that forks while it is being killed is met in the next
/// round.
void kill_everything(pid_t tool) {
  for (int round = 0; round < 500; ++round) {
    signal_all(tool, SIGKILL);
    bool children = true;
    while (true) {
      auto const pid = ::waitpid(-1, nullptr, WNOHANG);
      if (pid > 0)
        continue;
      children = pid == 0 || errno != ECHILD;
      break;
    }
    if (!children)
      return;
    ::poll(nullptr, 0, 10); // dying processes take a moment to become zombies
  }
}

[[noreturn]] void become_tool(char** argv, int failure) {
  ::setpgid(0, 0);
  // If the guard itself is killed, the kernel ends at least the tool.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  for (int const s : {SIGTERM, SIGINT, SIGHUP, SIGPIPE})
    std::signal(s, SIG_DFL);
  ::execvp(argv[0], argv);
  int const why = errno;
  [[maybe_unused]] auto const written = ::write(failure, &why, sizeof why);
  ::_exit(127);
}

/// Reaps; true once the tool itself has ended, with the report made.
bool tool_ended(pid_t tool) {
  bool ended = false;
  while (true) {
    int status = 0;
    auto const pid = ::waitpid(-1, &status, WNOHANG);
    if (pid <= 0)
      return ended;
    if (pid != tool)
      continue;
    ended = true;
    kill_everything(tool); // whatever it left behind; before the report, so that it is true
    if (WIFEXITED(status))
      report('X', WEXITSTATUS(status));
    else
      report('G', WTERMSIG(status));
  }
}

} // namespace

int guard_main(int argc, char** argv) {
  int at = 1;
  while (at < argc && std::string_view{argv[at]} != "--")
    ++at;
  if (at + 1 >= argc)
    return 2;
  char** const tool_argv = argv + at + 1;

  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  for (int const s : {SIGTERM, SIGINT, SIGHUP, SIGPIPE})
    std::signal(s, SIG_IGN);
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &child, nullptr);
  int const signals = ::signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
  ::fcntl(orders_fd, F_SETFD, FD_CLOEXEC);
  ::fcntl(reports_fd, F_SETFD, FD_CLOEXEC);
  // Ours alone: we outlive the tool and all that it starts.
  ::fcntl(lineage_fd, F_SETFD, FD_CLOEXEC);

  std::array<int, 2> failure{};
  if (signals < 0 || ::pipe2(failure.data(), O_CLOEXEC) != 0) {
    report('E', errno);
    return 0;
  }
  pid_t const tool = ::fork();
  if (tool < 0) {
    report('E', errno);
    return 0;
  }
  if (tool == 0)
    become_tool(tool_argv, failure[1]);
  ::setpgid(tool, tool); // by both sides: whoever is first, the group exists before it is used
  ::close(failure[1]);
  // The tool's pipes must end with the tool, so the guard keeps none of them.
  if (int const nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC); nothing >= 0)
    for (int const fd : {0, 1, 2})
      ::dup2(nothing, fd);
  int why = 0;
  if (::read(failure[0], &why, sizeof why) == sizeof why) {
    ::waitpid(tool, nullptr, 0);
    report('E', why);
    return 0;
  }
  ::close(failure[0]);
  report('S', tool);

  while (true) {
    std::array<pollfd, 2> fds{pollfd{orders_fd, POLLIN, 0}, pollfd{signals, POLLIN, 0}};
    if (::poll(fds.data(), fds.size(), -1) < 0)
      continue;
    if (fds[1].revents != 0) {
      signalfd_siginfo ignored{};
      while (::read(signals, &ignored, sizeof ignored) > 0) {
      }
      if (tool_ended(tool))
        return 0;
    }
    if (fds[0].revents != 0) {
      char order = 0;
      auto const n = ::read(orders_fd, &order, 1);
      if (n == 1 && order == 'T') {
        signal_all(tool, SIGTERM);
      } else if (n <= 0 || order == 'K') {
        // The tool is killed first and alone, so that its own end can still be reported.
        ::kill(-tool, SIGKILL);
        int status = 0;
        ::kill(tool, SIGKILL);
        ::waitpid(tool, &status, 0);
        kill_everything(tool);
        if (WIFEXITED(status))
          report('X', WEXITSTATUS(status));
        else
          report('G', WTERMSIG(status));
        return 0;
      }
    }
  }
}

result<guarded> spawn_guarded(guard_program const& program, std::vector<std::string> const& argv,
                              environment env, std::filesystem::path const& directory, int in,
                              int out, int err) {
  auto orders = make_pipe();
  auto reports = make_pipe();
  if (!orders)
    return orders.error();
  if (!reports)
    return reports.error();
  spawn_options options;
  options.argv = program;
  options.argv.emplace_back(guard_word);
  options.argv.emplace_back("--");
  options.argv.insert(options.argv.end(), argv.begin(), argv.end());
  options.env = std::move(env);
  options.directory = directory;
  options.descriptors = {{in, 0},
                         {out, 1},
                         {err, 2},
                         {orders->read.get(), orders_fd},
                         {reports->write.get(), reports_fd}};
  options.new_session = true;
  auto pid = spawn(options);
  if (!pid)
    return pid.error();
  return guarded{*pid, std::move(orders->write), std::move(reports->read)};
}

} // namespace troupe::local
