#pragma once

#include "gateway/routes/ledger_lines.hpp"

#include <set>

namespace troupe {

/// The ledger's part of a watch that begins in the past: every event from a place on that the
/// watch wants, each once, first those that were there and then those that come. Live records of
/// commits are told as they come, because they know how long it took; what is lost of them on the
/// way (a full ring, the rate) is made good from here. Thread-safe; no call waits.
class ledger_tail : public std::enable_shared_from_this<ledger_tail> {
public:
  using call = std::function<void()>;

  /// `wake`: there may be more. `later`: makes a call in a moment, on another thread.
  ledger_tail(std::shared_ptr<ledger_lines> of, call wake, std::function<void(call)> later);
  ~ledger_tail() { stop(); }
  ledger_tail(ledger_tail const&) = delete;
  ledger_tail& operator=(ledger_tail const&) = delete;

  using begun = std::function<void(result<void>)>;
  /// From the first event at or after this time.
  void begin_since(time_point at, begun const& done);
  /// From what comes after this position. Errors: invalid_argument (it is of another ledger).
  void begin_after(stream_position at, begun const& done);

  /// Wakes nobody any more. Before the board goes.
  void stop();

  /// The next lines, at most `most`; fewer, or none, does not mean that there are no more: `wake`
  /// is called then.
  [[nodiscard]] std::vector<traffic::line> next(std::size_t most);
  /// Whether what was there at the beginning is told: live ones may follow.
  [[nodiscard]] bool caught_up() const;
  /// Whether a live record with this place was not told; it is from here on.
  [[nodiscard]] bool take_live(std::uint32_t shard, std::uint64_t seq);
  /// What was told, as far as it can be said with one number a shard; none just now.
  [[nodiscard]] std::optional<stream_position> position() const;

private:
  /// What comes after some lines were taken.
  enum class step : std::uint8_t { go_on, wait_for_event, call_later, fetch };
  [[nodiscard]] step take(ledger_lines& from, std::size_t most, std::vector<traffic::line>& out);
  [[nodiscard]] step nothing_there(ledger_lines const& from, bool in_store);
  void add(ledger_lines::placed_line const& l, std::vector<traffic::line>& out);
  [[nodiscard]] bool is_told(std::uint32_t shard, std::uint64_t seq) const;
  void pass(ledger_lines::heads_ptr heads);
  void start(std::uint64_t n, std::uint64_t last, stream_position told);
  [[nodiscard]] call called();
  void was_fetched(bool ok);

  call const wake_;
  std::function<void(call)> const later_;

  mutable std::mutex mutex_;            ///< before that of the lines
  std::shared_ptr<ledger_lines> lines_; ///< null: stopped
  std::shared_ptr<ledger_lines::part> part_;
  bool begun_ = false;
  bool asleep_ = false;            ///< a call comes; until then there is nothing
  std::uint64_t seen_ = 0;         ///< n of the last event that was looked at
  std::uint64_t target_ = 0;       ///< n of the last one that was there at the beginning
  ledger_lines::heads_ptr passed_; ///< all up to these was looked at; null: none yet
  stream_position told_;           ///< and of some shards more
  std::set<std::pair<std::uint32_t, std::uint64_t>> ahead_; ///< told live, not looked at yet
  std::optional<std::uint64_t> fetched_; ///< after this one; so far it has led no further
  std::chrono::steady_clock::time_point fetch_again_{};
};

} // namespace troupe
