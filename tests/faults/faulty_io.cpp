// A library to be preloaded into a server: what a failing disk does, and what a power cut leaves.
// Commands come through a file that both have mapped (`TROUPE_IO_RULES`): its first word says what
// fails for files under `TROUPE_IO_UNDER`. With `TROUPE_IO_SHADOW`, each successful sync copies its
// file there: that is what would be left after a power cut.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

enum rule : std::int64_t { none = 0, sync_fails = 1, write_fails = 2, disk_full = 3 };

struct setting {
  std::atomic<std::int64_t> const* rules = nullptr;
  std::string under;
  std::string shadow;

  setting() {
    if (auto const* u = std::getenv("TROUPE_IO_UNDER"))
      under = u;
    if (auto const* s = std::getenv("TROUPE_IO_SHADOW"))
      shadow = s;
    auto const* file = std::getenv("TROUPE_IO_RULES");
    int const fd = file == nullptr ? -1 : ::open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
      return;
    void* const at = ::mmap(nullptr, sizeof *rules, PROT_READ, MAP_SHARED, fd, 0);
    ::close(fd);
    if (at != MAP_FAILED)
      rules = static_cast<std::atomic<std::int64_t> const*>(at);
  }
};

setting const& given() {
  static setting const s;
  return s;
}

/// The file's name below the folder that is watched; empty: not ours.
std::string name_of(int fd) {
  auto const& s = given();
  if (s.under.empty())
    return {};
  char path[4096];
  auto const link = "/proc/self/fd/" + std::to_string(fd);
  auto const n = ::readlink(link.c_str(), path, sizeof path - 1);
  if (n <= 0)
    return {};
  std::string const name(path, static_cast<std::size_t>(n));
  if (name.compare(0, s.under.size() + 1, s.under + "/") != 0)
    return {};
  return name.substr(s.under.size() + 1);
}

std::int64_t rule_of(int fd) {
  auto const* rules = given().rules;
  auto const now = rules == nullptr ? 0 : rules->load();
  return now != none && !name_of(fd).empty() ? now : none;
}

void copy(int fd) {
  auto const& s = given();
  if (s.shadow.empty())
    return;
  auto const name = name_of(fd);
  struct stat info {};
  if (name.empty() || name.find('/') != std::string::npos || ::fstat(fd, &info) != 0 ||
      !S_ISREG(info.st_mode))
    return;
  auto const to = s.shadow + "/" + name;
  auto const partial = to + ".new";
  int const from = ::open((s.under + "/" + name).c_str(), O_RDONLY | O_CLOEXEC);
  int const out = ::open(partial.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  off_t at = 0;
  while (from >= 0 && out >= 0 &&
         at<info.st_size&& ::sendfile(out, from, &at,
                                      static_cast<std::size_t>(info.st_size - at))> 0) {
  }
  ::close(from);
  ::close(out);
  ::rename(partial.c_str(), to.c_str());
}

int sync_of(int fd, long number) {
  if (rule_of(fd) == sync_fails) {
    errno = EIO;
    return -1;
  }
  auto const done = static_cast<int>(::syscall(number, fd));
  if (done == 0)
    copy(fd);
  return done;
}

/// 0: let it through.
int refusal_of(int fd) {
  switch (rule_of(fd)) {
  case write_fails:
    return EIO;
  case disk_full:
    return ENOSPC;
  default:
    return 0;
  }
}

} // namespace

extern "C" {

int fsync(int fd) {
  return sync_of(fd, SYS_fsync);
}

int fdatasync(int fd) {
  return sync_of(fd, SYS_fdatasync);
}

ssize_t pwrite64(int fd, void const* from, size_t count, off64_t at) {
  if (int const no = refusal_of(fd); no != 0) {
    errno = no;
    return -1;
  }
  return ::syscall(SYS_pwrite64, fd, from, count, at);
}

ssize_t pwrite(int fd, void const* from, size_t count, off_t at) {
  return pwrite64(fd, from, count, at);
}

} // extern "C"
