#include "tests/support/postgres_server.hpp"

#include "net/free_port.hpp"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <thread>
#include <vector>

namespace troupe::test {

namespace {

namespace fs = std::filesystem;

/// Folder of the newest installed server; empty if there is none.
fs::path binaries() {
  fs::path best;
  std::error_code ec;
  for (auto const& entry : fs::directory_iterator{"/usr/lib/postgresql", ec})
    if (fs::exists(entry.path() / "bin" / "initdb") && entry.path() / "bin" > best)
      best = entry.path() / "bin";
  return best;
}

/// The server refuses to run as root: then the account `postgres` of the package runs it.
struct account {
  uid_t user = ::geteuid();
  gid_t group = ::getegid();
  account() {
    if (user != 0)
      return;
    if (auto const* entry = ::getpwnam("postgres")) {
      user = entry->pw_uid;
      group = entry->pw_gid;
    }
  }
};

/// Starts a program with its output going to `log`, as the server's account.
pid_t spawn(std::vector<std::string> const& command, fs::path const& log) {
  std::vector<char*> argv;
  for (auto const& word : command)
    argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  account const who;
  pid_t const parent = ::getpid();
  pid_t const pid = ::fork();
  if (pid != 0)
    return pid;
  // Only system calls from here on: the parent may have threads.
  int const out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  ::dup2(out, 1);
  ::dup2(out, 2);
  if (who.user != ::geteuid() &&
      (::setgroups(0, nullptr) != 0 || ::setgid(who.group) != 0 || ::setuid(who.user) != 0))
    ::_exit(126);
  // After the change of user, which would clear it. SIGQUIT makes the server stop at once.
  ::prctl(PR_SET_PDEATHSIG, SIGQUIT);
  if (::getppid() != parent)
    ::_exit(125);
  ::execv(argv[0], argv.data());
  ::_exit(127);
}

int wait_for(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::string content(fs::path const& file) {
  std::ifstream in{file};
  return {std::istreambuf_iterator<char>{in}, {}};
}

} // namespace

bool postgres_server::installed() {
  return !binaries().empty();
}

postgres_server& postgres_server::shared() {
  static postgres_server server;
  return server;
}

postgres_server::postgres_server(bool durable) : durable_(durable) {
  account const who;
  auto const data = folder_.path() / "data";
  fs::create_directory(data);
  for (auto const& path : {folder_.path(), data})
    if (::chown(path.c_str(), who.user, who.group) != 0)
      throw std::runtime_error("cannot give the data folder to the server's account");
  auto const log = folder_.path() / "initdb.log";
  int const made = wait_for(spawn({binaries() / "initdb", "-D", data, "-U", "postgres", "-A",
                                   "trust", "-E", "UTF8", "--locale=C", "--no-sync"},
                                  log));
  if (made != 0)
    throw std::runtime_error("initdb failed: " + content(log));
  port_ = free_port();
  if (port_ == 0)
    throw std::runtime_error("no free port");
  start();
}

postgres_server::~postgres_server() {
  stop();
}

void postgres_server::start() {
  auto const log = folder_.path() / "server.log";
  std::vector<std::string> words{
      binaries() / "postgres",         "-D", folder_.path() / "data",      "-c",
      "port=" + std::to_string(port_), "-c", "listen_addresses=127.0.0.1", "-c",
      "unix_socket_directories="};
  if (!durable_)
    words.insert(words.end(),
                 {"-c", "fsync=off", "-c", "full_page_writes=off", "-c", "shared_buffers=32MB",
                  "-c", "max_connections=64", "-c", "autovacuum=off"});
  pid_ = spawn(words, log);
  auto const deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
  while (std::chrono::steady_clock::now() < deadline) {
    if (::waitpid(pid_, nullptr, WNOHANG) == pid_) {
      pid_ = -1;
      throw std::runtime_error("the PostgreSQL server ended: " + content(log));
    }
    // The last line of this file says `ready` once connections are accepted.
    auto const state = content(folder_.path() / "data" / "postmaster.pid");
    if (state.find("ready") != std::string::npos)
      return;
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  }
  throw std::runtime_error("the PostgreSQL server does not start: " + content(log));
}

void postgres_server::stop() {
  if (pid_ < 0)
    return;
  ::kill(pid_, SIGQUIT);
  wait_for(pid_);
  pid_ = -1;
}

std::string postgres_server::url(std::string const& database) const {
  return "postgresql://postgres@127.0.0.1:" + std::to_string(port_) + "/" + database;
}

std::string postgres_server::sql(std::string const& database, std::string const& text) {
  auto const out = folder_.path() / "psql.out";
  fs::remove(out);
  int const code = wait_for(spawn({binaries() / "psql", "-X", "-q", "-A", "-t", "-v",
                                   "ON_ERROR_STOP=1", "-d", url(database), "-c", text},
                                  out));
  auto answer = content(out);
  if (code != 0)
    throw std::runtime_error("psql failed: " + answer);
  while (!answer.empty() && answer.back() == '\n')
    answer.pop_back();
  return answer;
}

std::string postgres_server::new_database() {
  auto const name = "t" + std::to_string(++databases_);
  sql("postgres", "create database " + name);
  return url(name);
}

} // namespace troupe::test
