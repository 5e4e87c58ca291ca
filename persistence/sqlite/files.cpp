#include "persistence/sqlite/files.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>

namespace troupe::sqlite {

namespace {

error io_error(std::string const& what, int code) {
  return fail(errc::unavailable, what + ": " + std::strerror(code));
}

} // namespace

std::string_view network_file_system(unsigned long magic) {
  switch (magic & 0xffffffffu) { // f_type is signed on some platforms
  case 0x6969:
    return "NFS";
  case 0x517b:
  case 0xff534d42:
  case 0xfe534d42:
    return "SMB";
  case 0x5346414f:
  case 0x6b414653:
    return "AFS";
  case 0x73757245:
    return "Coda";
  case 0x01021997:
    return "9P";
  case 0x00c36400:
    return "Ceph";
  case 0x0bd00bd0:
    return "Lustre";
  default:
    return {};
  }
}

result<void> prepare_folder(std::filesystem::path const& folder) {
  std::error_code ec;
  if (std::filesystem::create_directories(folder, ec); ec)
    return fail(errc::unavailable,
                "cannot make the data directory " + folder.string() + ": " + ec.message());
  struct statfs info {};
  if (::statfs(folder.c_str(), &info) != 0)
    return io_error("cannot look at the data directory " + folder.string(), errno);
  auto const remote = network_file_system(static_cast<unsigned long>(info.f_type));
  if (!remote.empty())
    return fail(errc::unsupported, "the data directory " + folder.string() +
                                       " is on a network file system (" + std::string{remote} +
                                       "), where SQLite cannot keep its promises: use a local "
                                       "disk, or --store postgres://…");
  return {};
}

result<std::shared_ptr<folder_lock>> folder_lock::take(std::filesystem::path const& folder) {
  auto const file = folder / "troupe.lock";
  // Close-on-exec: a tool that we start must not keep the directory after our end.
  int const fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0)
    return io_error("cannot open " + file.string(), errno);
  std::shared_ptr<folder_lock> lock{new folder_lock{fd}};
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK)
      return io_error("cannot lock " + file.string(), errno);
    std::array<char, 32> text{};
    auto const n = ::pread(fd, text.data(), text.size() - 1, 0);
    std::string holder{text.data(), n > 0 ? static_cast<std::size_t>(n) : 0};
    while (!holder.empty() && holder.back() == '\n')
      holder.pop_back();
    return fail(errc::busy, "the data directory " + folder.string() + " is in use by process " +
                                (holder.empty() ? std::string{"(unknown)"} : holder) +
                                ": stop it first, or use another directory");
  }
  auto const pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(fd, 0) != 0 || ::pwrite(fd, pid.data(), pid.size(), 0) < 0)
    return io_error("cannot write " + file.string(), errno);
  return lock;
}

folder_lock::~folder_lock() {
  ::close(fd_);
}

} // namespace troupe::sqlite
