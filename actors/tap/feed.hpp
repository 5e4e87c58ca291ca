#pragma once

#include "actors/tap/sieve.hpp"

#include <atomic>
#include <deque>
#include <functional>
#include <mutex>

namespace troupe::traffic {

class feed;

/// What a watcher is told.
enum class line_kind : std::uint8_t {
  record,
  gap,      ///< so many were not told, and why
  counters, ///< the watcher was far behind: how many there were, in place of each
  closed,   ///< the last one, with the reason
};
[[nodiscard]] std::string_view to_string(line_kind k);

struct line {
  line_kind kind = line_kind::record;
  std::shared_ptr<std::string const> text; ///< JSON; shared by all watchers of a watch
  std::uint16_t shard = no_shard;          ///< of a record that stands in the ledger
  std::uint64_t seq = 0;                   ///< there
};

/// What there was since the beginning of a feed.
struct totals {
  std::uint64_t records = 0;
  std::uint64_t missed = 0; ///< wanted, and not among the records: over the rate, or no room
  std::uint64_t errors = 0;
  std::array<std::uint64_t, category_count> of{};

  /// Everything that a watcher of all would have been told since then.
  [[nodiscard]] std::uint64_t since(totals const& then) const {
    return records - then.records + missed - then.missed;
  }
};

/// What watchers missed because they read slowly. Read by anybody.
struct slowness {
  std::atomic<std::uint64_t> missed{0}; ///< records of a watch, once for each watcher
  std::atomic<std::uint64_t> closed{0}; ///< watchers that were closed for it
};

/// Bounds of one watcher. Times in nanoseconds.
struct subscription_limits {
  std::uint64_t records = 10'000; ///< after so many it ends by itself
  std::int64_t time_ns = 600'000'000'000;
  std::int64_t coalesce_ns = 3'000'000'000;    ///< behind by so much: counters in place of records
  std::int64_t disconnect_ns = 30'000'000'000; ///< by so much: it is closed
  bool patient = false; ///< none of the two until `hurry`: it is told something else first
};

/// One watcher of a feed: a place in it. A watcher that does not read costs nothing. Thread-safe.
class subscription {
public:
  subscription(std::shared_ptr<feed> of, subscription_limits limits,
               std::function<std::int64_t()> now, std::function<void()> on_ready);
  subscription(subscription const&) = delete;
  subscription& operator=(subscription const&) = delete;

  /// The next lines, at most `most`; none where there is nothing new. After none, `on_ready` is
  /// called once there is something; it runs on the hub's thread and must not block.
  [[nodiscard]] std::vector<line> take(std::size_t most);
  /// Whether the line `closed` was taken: nothing follows.
  [[nodiscard]] bool over() const;
  /// Whether an end was set, by a limit or from outside: the line `closed` comes.
  [[nodiscard]] bool ends() const;
  /// Ends it from outside. What was not taken is forgotten.
  void close(std::string_view reason);
  /// From here on it must read: how far it is behind counts from now.
  void hurry();

private:
  friend class feed;
  void begin();
  /// The line `closed` comes after what there is; where `now`, in place of it.
  void finish(std::string_view reason, bool now);
  void check(std::int64_t now_ns);
  /// Records that the feed has told before a place, and this watcher was not.
  [[nodiscard]] std::uint64_t untold(totals const& before) const {
    return before.records - told_.records;
  }
  [[nodiscard]] bool has_news() const;

  std::shared_ptr<feed> const feed_;
  subscription_limits const limits_;
  std::function<std::int64_t()> const now_;
  std::function<void()> const on_ready_;

  // Under the feed's mutex.
  std::uint64_t at_ = 0; ///< the next entry
  totals told_;          ///< before that one
  std::int64_t waits_since_ = 0;
  bool waits_ = false; ///< there is something that was not taken
  bool armed_ = true;  ///< wants to be called
  bool patient_ = false;
  std::int64_t hurries_since_ = std::numeric_limits<std::int64_t>::min();
  std::uint64_t records_ = 0;
  std::int64_t ends_at_ = 0;
  std::string reason_; ///< not empty: it ends
  std::uint64_t ends_before_ = std::numeric_limits<std::uint64_t>::max();
  bool over_ = false;
};

/// The lines of one watch, the newest of them, for however many watchers.
class feed : public std::enable_shared_from_this<feed> {
public:
  static constexpr std::size_t most_lines = 1024;
  static constexpr std::size_t most_bytes = 4 * 1024 * 1024;

  /// `slow`: where what its watchers miss is counted.
  feed(sieve s, bool contents, std::shared_ptr<slowness> slow = std::make_shared<slowness>())
      : sieve_(std::move(s)), contents_(contents), slow_(std::move(slow)) {}

  [[nodiscard]] std::shared_ptr<subscription> join(subscription_limits limits,
                                                   std::function<std::int64_t()> now,
                                                   std::function<void()> on_ready);

  // Of the hub's thread:
  [[nodiscard]] sieve& gate() { return sieve_; }
  [[nodiscard]] bool contents() const { return contents_; }
  void add(header const& h, std::shared_ptr<std::string const> text, std::int64_t now_ns);
  /// Counts what was wanted and is not told; said with the next lines, at most once a second.
  void miss(std::uint64_t n, bool over_rate);
  /// Says what was missed, ends whose time is over. Whether anybody is left.
  bool tend(std::int64_t now_ns);
  /// Calls those that wait for something that is there now.
  void call();
  void close_all(std::string_view reason);
  [[nodiscard]] std::size_t watchers() const;

private:
  friend class subscription;
  struct entry {
    line what;
    std::int64_t at = 0;
    totals before; ///< this one
  };
  void append(line what, std::int64_t now_ns);
  void say_missed(std::int64_t now_ns);
  [[nodiscard]] std::uint64_t head() const { return first_ + lines_.size(); }
  /// Of what came before a line that is kept, or before the next one.
  [[nodiscard]] totals const& before(std::uint64_t n) const {
    return n == head() ? totals_ : lines_[n - first_].before;
  }
  [[nodiscard]] std::vector<std::shared_ptr<subscription>> present();

  sieve sieve_;
  bool const contents_;
  std::shared_ptr<slowness> const slow_;
  mutable std::mutex mutex_;
  std::deque<entry> lines_;
  std::size_t bytes_ = 0;
  std::uint64_t first_ = 0; ///< number of the first line that is kept
  totals totals_;
  bool news_ = false; ///< since the last `call`
  std::uint64_t missed_rate_ = 0;
  std::uint64_t missed_room_ = 0;
  std::int64_t missed_told_at_ = 0;
  std::vector<std::weak_ptr<subscription>> watchers_;
};

} // namespace troupe::traffic
