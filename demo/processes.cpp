#include "demo/processes.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <string_view>
#include <thread>

namespace troupe::demo {

namespace {

std::vector<char*> argv_of(std::vector<std::string> const& arguments) {
  std::vector<char*> out;
  out.reserve(arguments.size() + 1);
  for (auto const& a : arguments)
    out.push_back(const_cast<char*>(a.c_str()));
  out.push_back(nullptr);
  return out;
}

/// What a child is given of our variables: settings of a server elsewhere, its address or its token
/// would send the demo's own processes there.
std::vector<char*> variables_for_child() {
  std::vector<char*> out;
  for (char** v = environ; v != nullptr && *v != nullptr; ++v) {
    if (!std::string_view{*v}.starts_with("TROUPE_"))
      out.push_back(*v);
  }
  out.push_back(nullptr);
  return out;
}

/// Forks and executes; only async-signal-safe calls between the two. -1 on failure.
int launch(std::vector<std::string> const& arguments, int out, std::string const& directory,
           bool own_group) {
  auto argv = argv_of(arguments);
  auto variables = variables_for_child();
  int const parent = ::getpid();
  int const pid = ::fork();
  if (pid != 0)
    return pid;
  if (own_group)
    ::setpgid(0, 0);
  // The demo must not leave servers behind, however it ends.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent)
    ::_exit(1);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL); // an ignored one would be inherited
  int const null = ::open("/dev/null", O_RDONLY);
  ::dup2(null, 0);
  ::dup2(out, 1);
  ::dup2(out, 2);
  if (!directory.empty() && ::chdir(directory.c_str()) != 0)
    ::_exit(126);
  ::execvpe(argv[0], argv.data(), variables.data());
  ::_exit(127);
}

} // namespace

result<child> child::start(std::vector<std::string> const& arguments,
                           std::filesystem::path const& log) {
  int const out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (out < 0)
    return fail(errc::unavailable, "cannot write " + log.string());
  child c;
  c.pid_ = launch(arguments, out, {}, true);
  ::close(out);
  if (c.pid_ < 0)
    return fail(errc::unavailable, "cannot start " + arguments.front());
  return c;
}

child::child(child&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}

child& child::operator=(child&& other) noexcept {
  if (this != &other) {
    kill();
    pid_ = std::exchange(other.pid_, -1);
  }
  return *this;
}

child::~child() {
  kill();
}

std::optional<int> child::wait(bool block) {
  int status = 0;
  if (pid_ < 0 || ::waitpid(pid_, &status, block ? 0 : WNOHANG) != pid_)
    return std::nullopt;
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool child::running() {
  (void)wait(false);
  return pid_ >= 0;
}

void child::kill() {
  if (pid_ < 0)
    return;
  ::kill(pid_, SIGKILL);
  (void)wait(true);
}

int child::stop(std::chrono::milliseconds grace) {
  if (pid_ < 0)
    return 0;
  ::kill(pid_, SIGTERM);
  auto const limit = std::chrono::steady_clock::now() + grace;
  while (std::chrono::steady_clock::now() < limit) {
    if (auto const code = wait(false))
      return *code;
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  }
  kill();
  return -1;
}

ran run(std::vector<std::string> const& arguments, std::filesystem::path const& directory) {
  constexpr std::size_t limit = 1024 * 1024;
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0)
    return {};
  int const pid = launch(arguments, ends[1], directory.string(), false);
  ::close(ends[1]);
  ran out;
  char buffer[4096];
  for (;;) {
    auto const n = ::read(ends[0], buffer, sizeof buffer);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      break;
    if (out.output.size() < limit)
      out.output.append(buffer, static_cast<std::size_t>(n));
  }
  ::close(ends[0]);
  int status = 0;
  int ended = -1;
  do
    ended = pid > 0 ? ::waitpid(pid, &status, 0) : -1;
  while (ended < 0 && errno == EINTR && pid > 0);
  if (ended == pid && pid > 0 && WIFEXITED(status))
    out.exit_code = WEXITSTATUS(status);
  return out;
}

std::filesystem::path self() {
  return std::filesystem::read_symlink("/proc/self/exe");
}

} // namespace troupe::demo
