#include "daemon/durable_file.hpp"

#include <boost/crc.hpp>
#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace troupe::local {

namespace fs = std::filesystem;

namespace {

error system_error(std::string const& what, fs::path const& file) {
  return fail(errc::unavailable, what + " " + file.string() + ": " + std::strerror(errno));
}

result<void> write_all(int fd, std::string_view text, fs::path const& file) {
  while (!text.empty()) {
    auto const n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return system_error("cannot write", file);
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  if (::fsync(fd) != 0)
    return system_error("cannot write", file);
  return {};
}

void sync_folder(fs::path const& folder) {
  unique_fd const fd{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (fd.valid())
    ::fsync(fd.get());
}

std::string checksum(std::string_view text) {
  boost::crc_32_type crc;
  crc.process_bytes(text.data(), text.size());
  std::array<char, 9> out{};
  std::snprintf(out.data(), out.size(), "%08x", crc.checksum());
  return {out.data(), 8};
}

/// `<checksum> <text>\n`; records are JSON without line ends.
std::string framed(std::string const& record) {
  return checksum(record) + ' ' + record + '\n';
}

} // namespace

result<void> replace_file(fs::path const& file, std::string_view text) {
  auto scratch = file;
  scratch += ".new";
  {
    unique_fd const fd{::open(scratch.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
    if (!fd.valid())
      return system_error("cannot write", scratch);
    ::fchmod(fd.get(), 0600); // also where an older file was more open
    if (auto r = write_all(fd.get(), text, scratch); !r)
      return r;
  }
  if (::rename(scratch.c_str(), file.c_str()) != 0)
    return system_error("cannot write", file);
  sync_folder(file.parent_path());
  return {};
}

result<std::string> read_file(fs::path const& file) {
  unique_fd const fd{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!fd.valid()) {
    if (errno == ENOENT)
      return fail(errc::not_found, "there is no " + file.string());
    return system_error("cannot read", file);
  }
  std::string out;
  std::array<char, 65536> buffer;
  while (true) {
    auto const n = ::read(fd.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return system_error("cannot read", file);
    if (n == 0)
      return out;
    out.append(buffer.data(), static_cast<std::size_t>(n));
  }
}

result<record_log> record_log::open(fs::path file,
                                    std::function<result<void>(std::string_view)> const& replay) {
  std::error_code ec;
  fs::create_directories(file.parent_path(), ec);
  std::string text;
  if (auto existing = read_file(file))
    text = std::move(*existing);
  else if (existing.error().code != errc::not_found)
    return existing.error();
  std::size_t good = 0;
  std::size_t line = 0;
  while (good < text.size()) {
    ++line;
    auto const end = text.find('\n', good);
    std::string_view const row{text.data() + good,
                               (end == std::string::npos ? text.size() : end) - good};
    bool const whole = end != std::string::npos && row.size() > 9 && row[8] == ' ' &&
                       checksum(row.substr(9)) == row.substr(0, 8);
    if (!whole) {
      // Every record was on disk before the next one began, so only the last can be torn.
      if (end != std::string::npos && end + 1 < text.size())
        return fail(errc::corrupt, file.string() + " is damaged at line " + std::to_string(line) +
                                       "; move it away to start afresh");
      break;
    }
    if (auto r = replay(row.substr(9)); !r)
      return r.error();
    good = end + 1;
  }
  unique_fd fd{::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)};
  if (!fd.valid())
    return system_error("cannot open", file);
  if (good < text.size() && ::ftruncate(fd.get(), static_cast<off_t>(good)) != 0)
    return system_error("cannot mend", file);
  ::fsync(fd.get());
  sync_folder(file.parent_path());
  return record_log{std::move(file), std::move(fd), good};
}

result<void> record_log::append(std::vector<std::string> const& records) {
  std::string text;
  for (auto const& r : records)
    text += framed(r);
  auto written = write_all(fd_.get(), text, file_);
  if (!written) {
    // Half a record in the middle of the log would be damage: back to where it was.
    if (::ftruncate(fd_.get(), static_cast<off_t>(size_)) != 0)
      return system_error("cannot mend", file_);
    return written;
  }
  size_ += text.size();
  return {};
}

result<void> record_log::rewrite(std::vector<std::string> const& records) {
  std::string text;
  for (auto const& r : records)
    text += framed(r);
  if (auto r = replace_file(file_, text); !r)
    return r;
  unique_fd fd{::open(file_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC)};
  if (!fd.valid())
    return system_error("cannot open", file_);
  fd_ = std::move(fd);
  size_ = text.size();
  return {};
}

namespace {

/// Tries for as long as `patience`; the lock lies on the open file, which children inherit.
bool lock_within(int fd, std::chrono::milliseconds patience) {
  auto const deadline = std::chrono::steady_clock::now() + patience;
  while (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (std::chrono::steady_clock::now() > deadline)
      return false;
    ::poll(nullptr, 0, 20);
  }
  return true;
}

} // namespace

result<unique_fd> lock_folder(fs::path const& folder, std::chrono::milliseconds patience) {
  std::error_code ec;
  fs::create_directories(folder, ec);
  auto const file = folder / "lock";
  unique_fd fd{::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
  if (!fd.valid())
    return system_error("cannot open", file);
  if (!lock_within(fd.get(), patience))
    return fail(errc::conflict, "another daemon uses " + folder.string());
  return fd;
}

program_lineage::program_lineage(unique_fd fd) : fd_(std::move(fd)) {
  share_with_children(fd_.get());
}

program_lineage::~program_lineage() {
  if (fd_.valid())
    share_with_children(-1);
}

result<program_lineage> program_lineage::begin(fs::path const& folder,
                                               std::chrono::milliseconds patience) {
  auto const file = folder / "programs.lock";
  unique_fd fd{::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
  if (!fd.valid())
    return system_error("cannot open", file);
  // Free when the last of the programs has ended.
  if (!lock_within(fd.get(), patience))
    return fail(errc::timeout, "programs that an earlier daemon started still run in " +
                                   folder.string() + "; end them (fuser " + file.string() +
                                   " names them) and start again");
  return program_lineage{std::move(fd)};
}

} // namespace troupe::local
