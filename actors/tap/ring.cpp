#include "actors/tap/ring.hpp"

#include <utility>

namespace troupe::traffic {

void drop_content(header& h) noexcept {
  delete std::exchange(h.content, nullptr);
}

ring::ring(std::uint16_t thread, std::size_t capacity)
    : mask_(capacity - 1), thread_(thread),
      slots_(std::allocator<header>{}.allocate(capacity), give_back{capacity}) {}

ring::~ring() {
  drain([](header& h) { drop_content(h); }, static_cast<std::size_t>(mask_ + 1));
}

bool ring::push(header& h) noexcept {
  auto const count = produced_.load(std::memory_order_relaxed);
  produced_.store(count + 1, std::memory_order_relaxed); // one writer: no read-modify-write
  h.number = count;
  h.thread = thread_;
  auto const tail = tail_.load(std::memory_order_relaxed);
  if (tail - head_seen_ > mask_) {
    head_seen_ = head_.load(std::memory_order_acquire);
    if (tail - head_seen_ > mask_) {
      dropped_.store(dropped_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
      drop_content(h);
      return false;
    }
  }
  std::construct_at(slots_.get() + (tail & mask_), h);
  tail_.store(tail + 1, std::memory_order_release);
  return true;
}

} // namespace troupe::traffic
