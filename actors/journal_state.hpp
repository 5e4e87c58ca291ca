#pragma once

#include "actors/messages.hpp"
#include "protocol/bucket_counts.hpp"

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <optional>

namespace troupe {

struct journal_settings {
  int writers = 1; ///< up to 2 for Postgres, each with a connection of its own
  int readers = 1; ///< and one more where the store puts something off (`event_store::settle`)
  std::size_t queue_bytes = 64 * 1024 * 1024; ///< above it nothing new is accepted
  duration retry{200};                        ///< first wait after an unknown outcome
  duration retry_cap{std::chrono::seconds{5}};
  int throws = 3; ///< tries of an append at which the store throws, before it is given up
  /// How long the answer to an idempotent request is kept: whoever sends it again within this time
  /// gets the first answer.
  duration answers_kept{std::chrono::hours{24 * 7}};
  duration tidy_every{std::chrono::hours{1}};
  /// Where the store puts something off (`event_store::settle`): it is done this long after an
  /// append, or sooner once there are so many events.
  duration settle_after{std::chrono::seconds{2}};
  std::size_t settle_events = 32'768;
};

struct journal_counters {
  std::atomic<std::uint64_t> batches{0};
  std::atomic<std::uint64_t> units{0};
  std::atomic<std::uint64_t> events{0};
  std::atomic<std::uint64_t> unknown{0};
  std::atomic<std::uint64_t> conflicts{0};
  std::atomic<std::uint64_t> fenced{0};
  bucket_counts batch_units;  ///< units of a batch
  bucket_counts commit_nanos; ///< of an append to the store, each try
  journal_counters();
};

/// How much a journal has to do now.
struct journal_load {
  std::size_t queue_bytes = 0;
  std::size_t queue_limit_bytes = 0;
  std::size_t queue_units = 0;
  std::size_t reads = 0; ///< that wait for a reader
};

/// What the threads of a journal share: how it is set, what they counted, and how the store is.
struct journal_state {
  explicit journal_state(journal_settings const& s) : settings(s) {}

  journal_settings const settings;
  journal_counters counters;

  // Set before the first append; see `journal`.
  std::function<void(committed_ptr)> observer;
  std::function<void()> on_fenced;
  std::function<void()> on_failed;

  std::atomic<std::size_t> queued_bytes{0};
  std::atomic<bool> stopping{false};
  std::atomic<bool> fenced{false};

  /// Notes that another owner was seen.
  void note_fenced();
  /// Going on is of no use.
  void note_failed() const;

  /// Notes what a writer found out about the store; none: it answers.
  void note_away(void const* writer, std::optional<error> why);
  /// Why nothing becomes durable at this moment; none where it does, as far as is known.
  [[nodiscard]] std::optional<error> away() const;
  [[nodiscard]] bool is_away() const { return is_away_.load(std::memory_order_relaxed); }

  /// Until when the writers go on trying. Steady clock.
  void give_up_after(duration d);
  [[nodiscard]] bool gives_up() const { return give_up_at_.load() != 0; }
  [[nodiscard]] bool time_is_up() const;

private:
  std::atomic<bool> is_away_{false}; ///< whether `away_` holds anything: asked at every command
  mutable std::mutex away_mutex_;
  std::map<void const*, error> away_;
  std::atomic<std::int64_t> give_up_at_{0}; ///< ns; 0: never
};

} // namespace troupe
