#pragma once

#include "actors/tap/encode.hpp"
#include "actors/tap/feed.hpp"

#include <condition_variable>
#include <thread>

namespace troupe::traffic {

struct tenant_drops;

/// What somebody wants to watch. Times in nanoseconds.
struct watch_request {
  tenant_id tenant; ///< records of this one only; needed
  filter of;
  double sample = 1;        ///< part of the conversations, above 0 and at most 1
  std::uint32_t rate = 200; ///< records a second, at most 10'000
  bool contents = false;    ///< what messages say, as well; asks for a permission of its own
  subscription_limits limits;
};

/// What was watched since the start.
struct hub_counts {
  std::size_t watches = 0;   ///< different ones, now
  std::size_t watchers = 0;  ///< now
  std::uint64_t records = 0; ///< told, once for each watch
  std::uint64_t over_rate = 0;
  std::uint64_t no_room = 0;     ///< records that a thread could not keep, whoever they were for
  std::uint64_t slow_missed = 0; ///< see `slowness`
  std::uint64_t slow_closed = 0; ///< the same
  bool failed = false;           ///< it ended by itself
};

/// Bounds of watches and watchers. A tenant has never more of either than are still free, so that
/// whoever comes next finds a place: alone it gets half of them, beside one that has as much as it
/// may a quarter.
struct hub_settings {
  std::size_t watches = 64;             ///< different ones; the same one for many counts once
  std::size_t watches_of_a_tenant = 16; ///< at most, however many are free
  std::size_t watchers = 4'000;         ///< of all watches together
  std::chrono::milliseconds period{2};
  /// Records wait so long for older ones of other threads.
  std::chrono::nanoseconds hold{std::chrono::milliseconds{1}};
  /// Clock of limits; a test has its own.
  std::function<std::int64_t()> now;
  bool thread = true; ///< false: `step` is called by whoever made it
};

/// Takes the records of all threads, orders them by time, gives each watch what it wants, writes
/// each as JSON once, and hands that to whoever watches. One a process. It sleeps while nobody
/// watches, nobody waits for it, and where it fails or ends the rest goes on as if it had never
/// been: watchers are told, and nothing is recorded any more. Thread-safe.
class hub {
public:
  explicit hub(hub_settings settings = {});
  hub(hub const&) = delete;
  hub& operator=(hub const&) = delete;
  /// Watchers are told `stopped`.
  ~hub();

  /// Begins to watch; `on_ready` as in `subscription::take`. The watch ends when the answer is let
  /// go. Errors: invalid_argument (no tenant, sample or rate out of range), busy (the tenant has
  /// its share of watches or watchers, or none is free), unavailable (stopped, or another hub of
  /// this process is being watched).
  [[nodiscard]] result<std::shared_ptr<subscription>> watch(watch_request const& what,
                                                            std::function<void()> on_ready);

  /// Ends it for good. Of the owner.
  void stop(std::string_view reason = "stopped");
  /// One round; of the owner where the hub has no thread. What it throws ends the hub, see `fail`.
  void step();

  [[nodiscard]] std::size_t watches() const;
  [[nodiscard]] hub_counts counts() const;
  /// Rounds since the start: none are made while nobody watches.
  [[nodiscard]] std::uint64_t rounds() const { return rounds_.load(); }

private:
  struct group {
    std::string key;
    std::shared_ptr<feed> lines;
  };
  void run();
  void round();
  void collect();
  void spread(header const& h, bool outlier, std::int64_t now);
  /// Says to the choke points how much of what is wanted would be told.
  void limit(std::int64_t now);
  void forget_records();
  /// Says to the choke points what is wanted now; begins and ends to read.
  result<void> want();
  [[nodiscard]] std::vector<std::shared_ptr<feed>> feeds() const;
  [[nodiscard]] std::size_t watchers() const;
  /// Whether the tenant may have another watcher, and where `fresh` another watch.
  [[nodiscard]] result<void> has_place(tenant_id const& tenant, bool fresh) const;
  /// Tells each tenant's watches how many of its records found no room.
  void say_dropped(std::vector<tenant_drops> const& drops) const;

  hub_settings const settings_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<group> groups_;
  bool reading_ = false;
  bool used_up_ = false; ///< the rates of all watches, and not enough has come in again
  /// Those that miss what choke points skip.
  std::vector<std::shared_ptr<feed>> limited_;
  bool stopped_ = false;
  std::atomic<std::uint64_t> rounds_{0};
  std::atomic<std::uint64_t> records_{0};
  std::atomic<std::uint64_t> over_rate_{0};
  std::atomic<std::uint64_t> no_room_{0};
  std::shared_ptr<slowness> const slow_ = std::make_shared<slowness>();
  std::atomic<bool> failed_{false};

  // Of the round:
  std::mutex round_mutex_;
  /// Where a record of `ready_` comes among the others: these are sorted in place of the records,
  /// which are eight times as large.
  struct turn {
    std::int64_t at_ns;
    std::uint64_t number;
    std::uint32_t index;
    std::uint16_t thread;
  };
  std::vector<header> ready_;
  std::vector<turn> order_; ///< of those in `ready_` that are told now
  std::vector<header> held_;
  latency_memory latencies_;
  line_encoder encoder_;
  std::vector<std::shared_ptr<feed>> now_feeding_;

  std::thread thread_;
};

} // namespace troupe::traffic
