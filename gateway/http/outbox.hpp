#pragma once

#include <cstddef>
#include <deque>
#include <string>

namespace troupe {

/// What waits for one reader, bounded by count and by bytes. Not thread-safe: its owner locks.
class outbox {
public:
  outbox(std::size_t items, std::size_t bytes) : max_items_(items), max_bytes_(bytes) {}

  /// False: full, nothing was added.
  [[nodiscard]] bool push(std::string item) {
    // One item larger than the bound may pass alone, or it could never be sent.
    if (items_.size() >= max_items_ || (!items_.empty() && bytes_ + item.size() > max_bytes_))
      return false;
    bytes_ += item.size();
    items_.push_back(std::move(item));
    return true;
  }
  /// Adds regardless of the bound: for the one last word.
  void push_last(std::string item) {
    bytes_ += item.size();
    items_.push_back(std::move(item));
  }
  [[nodiscard]] bool empty() const { return items_.empty(); }
  std::string pop() {
    auto item = std::move(items_.front());
    items_.pop_front();
    bytes_ -= item.size();
    return item;
  }
  void clear() {
    items_.clear();
    bytes_ = 0;
  }

private:
  std::size_t max_items_;
  std::size_t max_bytes_;
  std::size_t bytes_ = 0;
  std::deque<std::string> items_;
};

} // namespace troupe
