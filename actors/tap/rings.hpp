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

/// Records that nobody gets.
struct lost_records {
  std::uint64_t dropped = 0; ///< a ring was full
  std::uint64_t skipped = 0; ///< the rates were used up, see `room_for`

  friend lost_records operator+(lost_records a, lost_records b) {
    return {a.dropped + b.dropped, a.skipped + b.skipped};
  }
  friend lost_records operator-(lost_records a, lost_records b) {
    return {a.dropped - b.dropped, a.skipped - b.skipped};
  }
};

/// Of one tenant: records for which a ring had no room.
struct tenant_drops {
  tenant_mark of = 0;
  std::uint64_t count = 0;
};

/// What was lost since the last look; a tenant may come more than once.
struct fresh_losses : lost_records {
  std::vector<tenant_drops> drops;
};

/// The rings of all threads of this process, and who reads them: at most one at a time.
class rings {
public:
  [[nodiscard]] static rings& of_process();

  /// Becomes the reader; what earlier watching left is thrown away. False: there is one.
  [[nodiscard]] bool claim();
  void release();

  /// Of the reader: says what to record; all of it, until `limit` says otherwise. `tenants`: bits
  /// of `bit_of(tenant_mark)` of those who are told what was dropped.
  void want(std::uint8_t categories, content_wishes contents, std::uint64_t tenants = every_tenant);
  /// Of the reader: only this tenant's records are wanted, and so many of them. `slow_from`: what
  /// is an outlier, by choke point.
  void limit(tenant_id const& of, std::int64_t records,
             std::array<std::uint32_t, category_count> const& slow_from);
  void no_limit();
  /// Of the reader: takes up to `most` records of each ring; the count of those that were lost
  /// since the last call. The records' contents go with them.
  [[nodiscard]] fresh_losses drain(std::vector<header>& out, std::size_t most);

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
  lost_records told_;    ///< of the rings that are in `all_`
  lost_records retired_; ///< of those that are not any more, not told yet
  std::uint16_t threads_ = 0;
  bool read_ = false;
};

} // namespace troupe::traffic
