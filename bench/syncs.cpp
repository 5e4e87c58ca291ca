#include "bench/costs.hpp"

#include <dlfcn.h>
#include <unistd.h>

/// fsync and fdatasync of this program: the libraries that it loads find these before libc's. Only
/// the measuring program has them, never the server.
namespace {

std::atomic<std::uint64_t> syncs{0};

int call_real(char const* name, int fd) {
  using function = int (*)(int);
  ++syncs;
  return reinterpret_cast<function>(::dlsym(RTLD_NEXT, name))(fd);
}

} // namespace

extern "C" int fsync(int fd) {
  return call_real("fsync", fd);
}
extern "C" int fdatasync(int fd) {
  return call_real("fdatasync", fd);
}

std::uint64_t troupe::bench::syncs_so_far() {
  return syncs;
}
