#include "tests/e2e/terminal.hpp"

#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <thread>

namespace troupe::test {

using clock = std::chrono::steady_clock;

terminal::terminal(std::vector<std::string> const& arguments) {
  std::vector<char*> argv;
  for (auto const& a : arguments)
    argv.push_back(const_cast<char*>(a.c_str()));
  argv.push_back(nullptr);
  winsize size{};
  size.ws_row = 50;
  size.ws_col = 120;
  pid_ = ::forkpty(&keyboard_, nullptr, nullptr, &size);
  if (pid_ < 0)
    throw std::runtime_error("no pseudo terminal");
  if (pid_ == 0) {
    ::setenv("TERM", "xterm", 1);
    ::signal(SIGINT, SIG_DFL); // what runs the tests may ignore it; a person's shell does not
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }
}

terminal::~terminal() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  if (keyboard_ >= 0)
    ::close(keyboard_);
}

bool terminal::read_more(clock::time_point until) {
  pollfd p{keyboard_, POLLIN, 0};
  auto const left = std::chrono::duration_cast<std::chrono::milliseconds>(until - clock::now());
  if (left.count() <= 0 || ::poll(&p, 1, static_cast<int>(left.count())) <= 0)
    return false;
  char buffer[4096];
  auto const n = ::read(keyboard_, buffer, sizeof buffer); // EIO: nobody has the terminal any more
  if (n <= 0)
    return n < 0 && errno == EINTR;
  screen_.append(buffer, static_cast<std::size_t>(n));
  return true;
}

bool terminal::sees(std::string const& text, std::chrono::seconds limit) {
  auto const until = clock::now() + limit;
  for (;;) {
    if (auto const at = screen_.find(text, seen_); at != std::string::npos) {
      seen_ = at + text.size();
      return true;
    }
    if (!read_more(until))
      return false;
  }
}

void terminal::type(std::string const& keys) const {
  if (::write(keyboard_, keys.data(), keys.size()) != static_cast<ssize_t>(keys.size()))
    throw std::runtime_error("the terminal takes no keys");
}

int terminal::wait(std::chrono::seconds limit) {
  auto const until = clock::now() + limit;
  while (read_more(until)) {
  }
  int status = 0;
  int ended = 0;
  while ((ended = ::waitpid(pid_, &status, WNOHANG)) == 0 && clock::now() < until)
    std::this_thread::sleep_for(std::chrono::milliseconds{10}); // between two looks
  if (ended != pid_)
    return -1;
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

} // namespace troupe::test
