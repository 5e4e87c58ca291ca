#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_set>

namespace troupe {

class waiting_bytes;

/// One who reads from a stream, perhaps too slowly.
class slow_reader {
public:
  virtual ~slow_reader() = default;
  /// Drops what waits for it, and ends it as one that reads too slowly, to come back. From any
  /// thread.
  virtual void shed() = 0;
};

/// A bound on the bytes that wait for all readers of a server together: each may be far behind, but
/// not all of them at once. Above it the one that most waits for is ended, so that those who stand
/// still pay and not those who read. What is being written to a connection is not counted; that is
/// bounded by the size of a batch and the deadline of a write. Thread-safe.
class stream_budget {
public:
  explicit stream_budget(std::size_t most) : most_(most) {}

  /// To be called after something was added, without the lock of any stream. Costs one read where
  /// there is room; else it looks through all readers.
  void relieve() {
    if (over())
      shed_most();
  }
  [[nodiscard]] std::size_t used() const { return used_.load(std::memory_order_relaxed); }
  /// Readers that were ended for it.
  [[nodiscard]] std::uint64_t shed() const { return shed_.load(std::memory_order_relaxed); }

private:
  friend class waiting_bytes;
  [[nodiscard]] bool over() const { return used() > most_; }
  void shed_most();
  [[nodiscard]] std::shared_ptr<slow_reader> most_waiting() const;

  std::size_t const most_;
  std::atomic<std::size_t> used_{0};
  std::atomic<std::uint64_t> shed_{0};
  std::mutex relief_; ///< one at a time, or two would end two readers for the same bytes
  mutable std::mutex mutex_;
  std::unordered_set<waiting_bytes const*> all_;
};

/// What waits for one reader, as its part of the budget; given back with the object.
class waiting_bytes {
public:
  explicit waiting_bytes(std::shared_ptr<stream_budget> of) : budget_(std::move(of)) {}
  ~waiting_bytes();
  waiting_bytes(waiting_bytes const&) = delete;
  waiting_bytes& operator=(waiting_bytes const&) = delete;

  /// Names who is ended if this is the most. Once, before anything waits.
  void belongs_to(std::weak_ptr<slow_reader> reader);

  // By one thread at a time.

  void add(std::size_t bytes) {
    held_.store(held() + bytes, std::memory_order_relaxed);
    budget_->used_.fetch_add(bytes, std::memory_order_relaxed);
  }
  void remove(std::size_t bytes) {
    held_.store(held() - bytes, std::memory_order_relaxed);
    budget_->used_.fetch_sub(bytes, std::memory_order_relaxed);
  }

  /// From any thread.
  [[nodiscard]] std::size_t held() const { return held_.load(std::memory_order_relaxed); }

private:
  friend class stream_budget;
  std::shared_ptr<stream_budget> const budget_; ///< streams may be held for longer than the server
  std::weak_ptr<slow_reader> reader_;
  std::atomic<std::size_t> held_{0};
};

} // namespace troupe
