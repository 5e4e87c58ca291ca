// A library to be preloaded into a server whose wall clock is to jump. By how many seconds it is
// wrong stands in a file that both have mapped (`TROUPE_CLOCK_OFFSET`): one int64. The steady clock
// is left alone. It allocates nothing and asks the kernel itself, so it works from the first call
// that an allocator makes; libfaketime and jemalloc keep each other from starting.
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <ctime>

namespace {

using offset = std::atomic<std::int64_t>;
offset const* given = nullptr;

__attribute__((constructor)) void open_offset() {
  auto const* file = std::getenv("TROUPE_CLOCK_OFFSET");
  int const fd = file == nullptr ? -1 : ::open(file, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return;
  void* const at = ::mmap(nullptr, sizeof(offset), PROT_READ, MAP_SHARED, fd, 0);
  ::close(fd);
  if (at != MAP_FAILED)
    given = static_cast<offset const*>(at);
}

time_t wrong_by() {
  return given == nullptr ? 0 : given->load();
}

} // namespace

extern "C" {

int clock_gettime(clockid_t which, timespec* out) noexcept {
  auto const done = static_cast<int>(::syscall(SYS_clock_gettime, which, out));
  if (done == 0 && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE))
    out->tv_sec += wrong_by();
  return done;
}

int gettimeofday(timeval* out, void*) noexcept {
  timespec now{};
  auto const done = clock_gettime(CLOCK_REALTIME, &now);
  out->tv_sec = now.tv_sec;
  out->tv_usec = now.tv_nsec / 1000;
  return done;
}

time_t time(time_t* out) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (out != nullptr)
    *out = now.tv_sec;
  return now.tv_sec;
}

/// The kernel waits by its own clock.
int pthread_mutex_timedlock(pthread_mutex_t* which, timespec const* until) noexcept {
  timespec real = *until;
  real.tv_sec -= wrong_by();
  return pthread_mutex_clocklock(which, CLOCK_REALTIME, &real);
}

} // extern "C"
