#include "tests/cli/program.hpp"

#include "net/free_port.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <tuple>

namespace troupe::test {

namespace {

std::map<std::string, std::string> clean(std::filesystem::path const& home) {
  auto const* path = std::getenv("PATH");
  return {{"PATH", path != nullptr ? path : "/usr/bin:/bin"}, {"HOME", home.string()}};
}

[[noreturn]] void become(std::vector<std::string>& arguments,
                         std::map<std::string, std::string> const& environment,
                         std::filesystem::path const& directory) {
  std::vector<std::string> variables;
  for (auto const& [name, value] : environment)
    variables.push_back(name + "=" + value);
  std::vector<char*> argv, envp;
  for (auto& a : arguments)
    argv.push_back(a.data());
  argv.push_back(nullptr);
  for (auto& v : variables)
    envp.push_back(v.data());
  envp.push_back(nullptr);
  if (!directory.empty() && ::chdir(directory.c_str()) != 0)
    ::_exit(126);
  ::execvpe(argv[0], argv.data(), envp.data());
  ::_exit(127);
}

} // namespace

ran run_program(std::vector<std::string> arguments,
                std::map<std::string, std::string> const& environment, std::string const& input,
                std::filesystem::path const& directory, std::chrono::seconds limit) {
  int in[2], out[2], err[2];
  if (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0 || ::pipe2(err, O_CLOEXEC) != 0)
    throw std::runtime_error("no pipes");
  ::signal(SIGPIPE, SIG_IGN);
  int const pid = ::fork();
  if (pid == 0) {
    ::dup2(in[0], 0);
    ::dup2(out[1], 1);
    ::dup2(err[1], 2);
    ::signal(SIGPIPE, SIG_DFL);
    become(arguments, environment, directory);
  }
  ::close(in[0]);
  ::close(out[1]);
  ::close(err[1]);
  ran result;
  auto const end = std::chrono::steady_clock::now() + limit;
  std::size_t written = 0;
  if (input.empty())
    ::close(in[1]);
  bool writing = !input.empty(), out_open = true, err_open = true, killed = false;
  while (out_open || err_open) {
    pollfd fds[3] = {{writing ? in[1] : -1, POLLOUT, 0},
                     {out_open ? out[0] : -1, POLLIN, 0},
                     {err_open ? err[0] : -1, POLLIN, 0}};
    ::poll(fds, 3, 100);
    if (writing && fds[0].revents != 0) {
      auto const n = ::write(in[1], input.data() + written,
                             std::min<std::size_t>(input.size() - written, 4096));
      written += n > 0 ? static_cast<std::size_t>(n) : 0;
      if (n < 0 || written == input.size()) {
        ::close(in[1]);
        writing = false;
      }
    }
    char part[8192];
    for (auto const& [fd, open, text, which] :
         {std::tuple{out[0], &out_open, &result.out, 1}, {err[0], &err_open, &result.err, 2}}) {
      if (!*open || fds[which].revents == 0)
        continue;
      auto const n = ::read(fd, part, sizeof part);
      if (n <= 0)
        *open = false;
      else
        text->append(part, static_cast<std::size_t>(n));
    }
    if (!killed && std::chrono::steady_clock::now() > end) {
      ::kill(pid, SIGKILL);
      killed = true;
    }
  }
  if (writing)
    ::close(in[1]);
  ::close(out[0]);
  ::close(err[0]);
  int status = 0;
  ::waitpid(pid, &status, 0);
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

ran run_troupe(std::vector<std::string> arguments, std::filesystem::path const& home,
               std::map<std::string, std::string> environment, std::string const& input,
               std::filesystem::path const& directory, std::chrono::seconds limit) {
  arguments.insert(arguments.begin(), TROUPE_PROGRAM);
  environment.merge(clean(home));
  return run_program(std::move(arguments), environment, input, directory, limit);
}

background::background(std::vector<std::string> arguments, std::filesystem::path const& home,
                       std::filesystem::path const& log) {
  arguments.insert(arguments.begin(), TROUPE_PROGRAM);
  auto const environment = clean(home);
  pid_ = ::fork();
  if (pid_ == 0) {
    int const to = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    int const nothing = ::open("/dev/null", O_RDONLY);
    ::dup2(nothing, 0);
    ::dup2(to, 1);
    ::dup2(to, 2);
    become(arguments, environment, {});
  }
}

bool background::running() {
  if (pid_ < 0)
    return false;
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) == pid_)
    pid_ = -1;
  return pid_ >= 0;
}

int background::stop(int signal) {
  if (pid_ >= 0)
    ::kill(pid_, signal);
  return wait();
}

int background::wait() {
  if (pid_ < 0)
    return -1;
  int status = 0;
  bool const ended = eventually([&] { return ::waitpid(pid_, &status, WNOHANG) == pid_; },
                                std::chrono::seconds{20});
  if (!ended)
    kill();
  pid_ = -1;
  return ended && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void background::kill() {
  if (pid_ < 0)
    return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

bool background::hears_interrupts() const {
  // Before it has become the program, it still has the handlers of the test.
  std::error_code ec;
  auto const proc = std::filesystem::path{"/proc"} / std::to_string(pid_);
  if (!std::filesystem::equivalent(proc / "exe", TROUPE_PROGRAM, ec))
    return false;
  std::istringstream status{text_of(proc / "status")};
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("SigCgt:"))
      return ((std::stoull(line.substr(7), nullptr, 16) >> (SIGINT - 1)) & 1) != 0;
  }
  return false;
}

background::~background() {
  kill();
}

int free_port() {
  int const port = troupe::free_port();
  if (port == 0)
    throw std::runtime_error("no free port");
  return port;
}

std::string text_of(std::filesystem::path const& file) {
  std::ifstream in{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

} // namespace troupe::test
