#pragma once

#include "actors/tap/drop_counts.hpp"

#include <atomic>
#include <memory>

namespace troupe::traffic {

/// The beginning of what a message says, on its way to the hub.
struct preview {
  preview() { alive.fetch_add(1, std::memory_order_relaxed); }
  preview(preview const&) = delete;
  preview& operator=(preview const&) = delete;
  ~preview() { alive.fetch_sub(1, std::memory_order_relaxed); }

  std::string text;
  bool cut = false;                                           ///< there was more
  static inline constinit std::atomic<std::int64_t> alive{0}; ///< of this process
};

/// Frees what a record owns.
void drop_content(header& h) noexcept;

/// Records of one thread on their way to the hub: one producer, one consumer, neither waits for the
/// other. Where it is full, the record is dropped and counted.
class ring {
public:
  static constexpr std::size_t default_capacity = 8192;

  /// `capacity`: a power of two.
  explicit ring(std::uint16_t thread, std::size_t capacity = default_capacity);
  ring(ring const&) = delete;
  ring& operator=(ring const&) = delete;
  ~ring();

  /// Of the producer. Numbers the record. False: dropped, with its content.
  bool push(header& h) noexcept;

  /// Of the producer: counts a record that nobody has room for.
  void skip() noexcept {
    skipped_.store(skipped_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }

  /// Of the producer: whose the record was that `push` dropped.
  void blame(tenant_mark of) noexcept { drops_.add(of); }
  /// Of the consumer: see `drop_counts::take`.
  template <class F>
  void take_drops(F&& each) {
    drops_.take(each);
  }

  /// Of the consumer: hands over up to `most` records in order; how many there were.
  template <class F>
  std::size_t drain(F&& take, std::size_t most) {
    auto const begin = head_.load(std::memory_order_relaxed);
    auto const ready = tail_.load(std::memory_order_acquire) - begin;
    auto const n = ready < most ? ready : std::uint64_t{most};
    for (std::uint64_t i = 0; i < n; ++i)
      take(slots_.get()[(begin + i) & mask_]);
    head_.store(begin + n, std::memory_order_release);
    return static_cast<std::size_t>(n);
  }
  [[nodiscard]] bool empty() const {
    return head_.load(std::memory_order_relaxed) == tail_.load(std::memory_order_acquire);
  }

  /// Since the beginning; the first three of the producer, read by anybody.
  [[nodiscard]] std::uint64_t produced() const { return produced_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t skipped() const { return skipped_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t taken() const { return head_.load(std::memory_order_relaxed); }

  /// The producer's thread has ended: what is in it is the last of it.
  void close() { closed_.store(true, std::memory_order_release); }
  [[nodiscard]] bool closed() const { return closed_.load(std::memory_order_acquire); }

private:
  struct give_back {
    std::size_t capacity;
    void operator()(header* p) const { std::allocator<header>{}.deallocate(p, capacity); }
  };

  // Each side writes to a line of its own.
  alignas(64) std::atomic<std::uint64_t> tail_{0};
  std::atomic<std::uint64_t> produced_{0};
  std::atomic<std::uint64_t> dropped_{0};
  std::atomic<std::uint64_t> skipped_{0};
  std::uint64_t head_seen_ = 0; ///< of the producer: spares it the consumer's line
  std::atomic<bool> closed_{false};
  alignas(64) std::atomic<std::uint64_t> head_{0};
  alignas(64) std::uint64_t const mask_;
  std::uint16_t const thread_;
  /// Not touched before it is used: a thread that records little costs little memory.
  std::unique_ptr<header, give_back> slots_;
  drop_counts drops_;
};

} // namespace troupe::traffic
