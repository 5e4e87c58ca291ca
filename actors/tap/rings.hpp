#pragma once

#include "actors/tap/filter.hpp"
#include "actors/tap/ring.hpp"

#include <mutex>
#include <vector>

namespace troupe::traffic {

/// What of contents is wanted: by the filters of the watches that may see them.
struct content_wish {
  tenant_id tenant;
  filter of;
};
using content_wishes = std::shared_ptr<std::vector<content_wish> const>;

/// The rings of all threads of this process, and who reads them: at most one at a time.
class rings {
public:
  [[nodiscard]] static rings& of_process();

  /// Becomes the reader; what earlier watching left is thrown away. False: there is one.
  [[nodiscard]] bool claim();
  void release();

  /// Of the reader: says what to record.
  void want(std::uint8_t categories, content_wishes contents);
  /// Of the reader: takes up to `most` records of each ring; the count of those that were dropped
  /// since the last call. The records' contents go with them.
  [[nodiscard]] std::uint64_t drain(std::vector<header>& out, std::size_t most);

  /// A ring for a thread that starts to record; null where there are too many threads.
  [[nodiscard]] std::shared_ptr<ring> add();
  /// The thread of a ring has ended.
  void retire(std::shared_ptr<ring> const& r);
  /// Grows with each change of the wishes.
  [[nodiscard]] std::uint64_t wishes_version() const {
    return wishes_version_.load(std::memory_order_acquire);
  }
  [[nodiscard]] content_wishes wishes() const;
  [[nodiscard]] std::size_t size() const;

private:
  static constexpr std::size_t most_threads = 1024;

  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<ring>> all_;
  content_wishes wishes_;
  std::atomic<std::uint64_t> wishes_version_{0};
  std::uint64_t dropped_told_ = 0;    ///< of the rings that are in `all_`
  std::uint64_t dropped_retired_ = 0; ///< of those that are not any more, not told yet
  std::uint16_t threads_ = 0;
  bool read_ = false;
};

} // namespace troupe::traffic
