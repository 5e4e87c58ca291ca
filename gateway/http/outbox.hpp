#pragma once

#include "gateway/http/stream_budget.hpp"

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <utility>

namespace troupe {

/// What waits for one reader, bounded by count and by bytes, and by what waits for all readers of
/// the server. Not thread-safe: its owner locks, and calls `stream_budget::relieve` after each
/// `push`, without its lock.
class outbox {
public:
  outbox(std::size_t items, std::size_t bytes, std::shared_ptr<stream_budget> of)
      : max_items_(items), max_bytes_(bytes), bytes_(std::move(of)) {}

  /// Who is ended if this holds the most of all. Once, before the first `push`.
  void belongs_to(std::weak_ptr<slow_reader> reader) { bytes_.belongs_to(std::move(reader)); }

  /// False: full, nothing was added.
  [[nodiscard]] bool push(std::string item) {
    // One item larger than the bound may pass alone, or it could never be sent.
    if (items_.size() >= max_items_ ||
        (!items_.empty() && bytes_.held() + item.size() > max_bytes_))
      return false;
    auto const size = item.size();
    items_.push_back(std::move(item));
    bytes_.add(size);
    return true;
  }
  /// What is sent after everything else, regardless of the bounds: the one last word. A second one
  /// takes the place of the first.
  void push_last(std::string item) { last_ = std::move(item); }
  [[nodiscard]] bool empty() const { return items_.empty() && !last_; }
  std::string pop() {
    if (items_.empty())
      return *std::exchange(last_, std::nullopt);
    auto item = std::move(items_.front());
    items_.pop_front();
    bytes_.remove(item.size());
    return item;
  }
  /// Drops what waits but for the last word; false: nothing did.
  bool drop() {
    bool const any = !items_.empty();
    items_.clear();
    bytes_.remove(bytes_.held());
    return any;
  }
  void clear() {
    drop();
    last_.reset();
  }

private:
  std::size_t max_items_;
  std::size_t max_bytes_;
  waiting_bytes bytes_; ///< of the items
  std::deque<std::string> items_;
  std::optional<std::string> last_;
};

} // namespace troupe
