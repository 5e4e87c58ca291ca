#pragma once

#include "persistence/event_store.hpp"

namespace troupe {

/// Every `of`th shard, from `first` on.
struct log_part {
  std::uint32_t first = 0;
  std::uint32_t of = 1;
};

/// All shards of a store, or those of a part, as one sequence: each strictly by seq, whatever its
/// clock said; the times in the ids only say in which order the shards take turns.
class log_merge {
public:
  /// Errors: those of the store.
  [[nodiscard]] static result<log_merge> open(event_store& store, log_part part = {});
  /// How many events there are in all.
  [[nodiscard]] std::uint64_t total() const { return total_; }
  /// The next ones, at most `most`; empty at the end. Errors: those of the store, corrupt (a shard
  /// ends too early).
  [[nodiscard]] result<std::vector<stored_event>> next(std::size_t most);

private:
  /// One shard, read page by page.
  struct feed {
    std::uint32_t shard = 0;
    std::uint64_t end = 0;
    std::uint64_t read = 0;
    std::vector<stored_event> page;
    std::size_t next = 0;
    [[nodiscard]] stored_event& front() { return page[next]; }
  };
  explicit log_merge(event_store& store) : store_(&store) {}
  /// Makes `front` valid. False: it has ended.
  [[nodiscard]] result<bool> fill(feed& f) const;

  event_store* store_;
  std::vector<feed> feeds_;
  std::vector<std::size_t> heads_; ///< a heap: the feed whose turn it is comes first
  std::uint64_t total_ = 0;
};

} // namespace troupe
