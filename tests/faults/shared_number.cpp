#include "tests/faults/shared_number.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <system_error>

namespace troupe::faults {

shared_number::shared_number(std::filesystem::path file) : file_(std::move(file)) {
  int const fd = ::open(file_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  auto* at = MAP_FAILED;
  if (fd >= 0 && ::ftruncate(fd, sizeof *now_) == 0)
    at = ::mmap(nullptr, sizeof *now_, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  auto const why = errno;
  ::close(fd);
  if (at == MAP_FAILED)
    throw std::system_error{why, std::generic_category(), file_.string()};
  now_ = static_cast<std::atomic<std::int64_t>*>(at);
}

shared_number::~shared_number() {
  ::munmap(now_, sizeof *now_);
}

} // namespace troupe::faults
