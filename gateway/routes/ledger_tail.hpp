#pragma once

#include "actors/board.hpp"
#include "actors/journal.hpp"
#include "actors/tap/encode.hpp"
#include "actors/tap/feed.hpp"
#include "gateway/routes/stream_position.hpp"

#include <atomic>
#include <deque>
#include <mutex>
#include <set>

namespace troupe {

/// The ledger's part of a watch that begins in the past: every event from a place on that the
/// watch wants, each once, first those that were there and then those that come. Live records of
/// commits are told as they come, because they know how long it took; what is lost of them on the
/// way (a full ring, the rate) is made good from here. Thread-safe; no call waits.
class ledger_tail : public std::enable_shared_from_this<ledger_tail> {
public:
  /// `wake`: there may be more. `later`: calls it in a moment.
  ledger_tail(board& view, journal& log, traffic::sieve of, bool contents,
              std::function<void()> wake, std::function<void()> later);
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
  /// What comes after some lines were taken: nothing by itself, the next ones, those soon, or those
  /// of the store.
  enum class step : std::uint8_t { wait, go_on, call_later, read };
  [[nodiscard]] step take_page(std::size_t most, std::vector<traffic::line>& out);
  [[nodiscard]] step take_at_hand(std::size_t most, std::vector<traffic::line>& out);
  void start(std::uint64_t n);
  void read(std::uint64_t after);
  void add(board_event const& e, std::vector<traffic::line>& out);

  board& view_;
  journal& log_;
  bool const contents_;
  std::function<void()> const wake_;
  std::function<void()> const later_;
  std::atomic<std::uint64_t> listens_{0}; ///< 0: stopped

  mutable std::mutex mutex_;
  traffic::sieve sieve_;
  traffic::line_encoder encoder_;
  bool begun_ = false;
  std::uint64_t seen_ = 0;   ///< n of the last event that was looked at
  std::uint64_t target_ = 0; ///< n of the last one that was there at the beginning
  stream_position told_;     ///< up to here, by the events that were looked at
  std::set<std::pair<std::uint32_t, std::uint64_t>> ahead_; ///< told live, not looked at yet
  std::deque<board_event> page_;                            ///< read from the store
  bool reading_ = false;
  std::chrono::steady_clock::time_point read_again_{};
};

} // namespace troupe
