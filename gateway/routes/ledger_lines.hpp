#pragma once

#include "actors/board.hpp"
#include "actors/journal.hpp"
#include "actors/tap/encode.hpp"
#include "actors/tap/feed.hpp"
#include "gateway/routes/stream_position.hpp"

#include <atomic>
#include <map>
#include <mutex>

namespace troupe {

/// What one watch wants of the ledger, as lines, which are made once for all its watchers. The
/// ledger is gone through in the order of the board, in parts of some hundred events; the newest
/// ones come from the board, older ones from the store, which is asked only when no work waits for
/// it. Thread-safe; no call waits.
class ledger_lines : public std::enable_shared_from_this<ledger_lines> {
public:
  struct placed_line {
    std::uint64_t n = 0; ///< of its event
    traffic::line what;
  };
  using heads_ptr = std::shared_ptr<stream_position const>;
  /// So many events of the board's order, and what is wanted of them.
  struct part {
    std::uint64_t first = 0; ///< n of its first event
    std::uint64_t upto = 0;  ///< n of the last event that was looked at; below `first`: none
    heads_ptr heads;         ///< of the shards, after that one; not null
    std::vector<placed_line> lines;
    std::size_t bytes = 0; ///< of the lines
    /// From this event on it is only for those who had it in their past; 0: all is for all.
    std::uint64_t fresh_from = 0;
    time_point settled_at{}; ///< when that is over
  };
  /// The answer to `after`.
  struct piece {
    std::vector<placed_line> lines; ///< in order
    std::uint64_t upto = 0;         ///< looked at up to here
    heads_ptr heads;                ///< after `upto`; null where lines were left out
    bool in_store = false;          ///< what follows must be fetched
  };

  ledger_lines(board& view, journal& log, traffic::sieve of, bool contents);
  ~ledger_lines();
  ledger_lines(ledger_lines const&) = delete;
  ledger_lines& operator=(ledger_lines const&) = delete;

  /// The lines of events with n > `seen` of one part, at most `most`, as far as they are at hand.
  /// Of what comes after `until` the newest are left out as long as their live records may still
  /// come. `held`: the caller's part, so that it is read once however slowly it is taken.
  [[nodiscard]] piece after(std::uint64_t seen, std::uint64_t until, std::size_t most,
                            std::shared_ptr<part>& held);
  using fetched = std::function<void(bool ok)>;
  /// Reads the part with the event after `seen` from the store; `done` is called on a reader's
  /// thread, and not at all where the server stops.
  void fetch(std::uint64_t seen, fetched done);

  /// Calls back once, after the next event, on the board's thread. `whose` has one call at a time.
  void wait(void const* whose, std::function<void()> call);
  void forget(void const* whose);

  [[nodiscard]] board const& view() const { return view_; }
  [[nodiscard]] journal& log() { return log_; }

private:
  void event_came();
  [[nodiscard]] std::shared_ptr<part> find(std::uint64_t number);
  [[nodiscard]] std::shared_ptr<part> open(std::uint64_t number);
  /// Whether it was at hand.
  [[nodiscard]] bool extend(part& p, std::uint64_t until);
  void add(part& p, std::vector<board_event> const& events, std::uint64_t until);
  void add(part& p, board_event const& e);
  [[nodiscard]] static std::uint64_t end_for(part& p, std::uint64_t until);
  void read(event_store& store, std::uint64_t number);
  [[nodiscard]] result<void> fill(event_store& store, std::uint64_t number);

  board& view_;
  journal& log_;
  bool const contents_;
  std::uint64_t listens_ = 0;

  mutable std::mutex mutex_; ///< before the board's
  traffic::sieve const sieve_;
  traffic::line_encoder encoder_;
  std::deque<std::shared_ptr<part>> parts_; ///< some of those that were used last
  std::map<std::uint64_t, std::vector<fetched>> fetching_;

  std::atomic<bool> anybody_waits_{false};
  std::mutex wait_mutex_; ///< after the board's
  std::map<void const*, std::function<void()>> waiting_;
};

/// The `ledger_lines` of all watches; those of equal ones are the same. Thread-safe.
class ledger_shelf {
public:
  ledger_shelf(board& view, journal& log) : view_(view), log_(log) {}
  /// `what`: tenant, filter and sample; whether contents are shown.
  [[nodiscard]] std::shared_ptr<ledger_lines> lines_of(traffic::sieve const& what, double sample,
                                                       bool contents);

private:
  board& view_;
  journal& log_;
  std::mutex mutex_;
  std::map<std::string, std::weak_ptr<ledger_lines>> all_;
};

} // namespace troupe
