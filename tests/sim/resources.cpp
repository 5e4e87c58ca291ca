#include "tests/sim/resources.hpp"

#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <new>

namespace {

std::atomic<std::int64_t> live{0};

// A world has one thread, so a plain addition is exact; the others may only not tear it.
void count(std::int64_t bytes) {
  live.store(live.load(std::memory_order_relaxed) + bytes, std::memory_order_relaxed);
}

std::int64_t entries(char const* folder) {
  std::int64_t out = 0;
  std::error_code ignored;
  for (auto it = std::filesystem::directory_iterator{folder, ignored};
       it != std::filesystem::directory_iterator{}; it.increment(ignored))
    ++out;
  return out;
}

} // namespace

void* operator new(std::size_t size) {
  auto* p = std::malloc(size == 0 ? 1 : size);
  if (p == nullptr)
    throw std::bad_alloc{};
  count(static_cast<std::int64_t>(malloc_usable_size(p)));
  return p;
}

void operator delete(void* p) noexcept {
  if (p == nullptr)
    return;
  count(-static_cast<std::int64_t>(malloc_usable_size(p)));
  std::free(p);
}

void operator delete(void* p, std::size_t) noexcept {
  operator delete(p);
}

namespace troupe::sim {

resources resources_now() {
  return {live.load(std::memory_order_relaxed), entries("/proc/self/fd"),
          entries("/proc/self/task")};
}

std::string kept(resources const& before, resources const& after) {
  constexpr std::int64_t few = 64 * 1024;
  std::string out;
  auto const add = [&](std::int64_t n, char const* what) {
    if (n > 0)
      out += (out.empty() ? "" : ", ") + std::to_string(n) + " " + what;
  };
  add(after.bytes - before.bytes > few ? after.bytes - before.bytes : 0, "bytes");
  add(after.files - before.files, "open files");
  add(after.threads - before.threads, "threads");
  return out;
}

} // namespace troupe::sim
