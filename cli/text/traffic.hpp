#pragma once

#include "cli/text/lanes.hpp"
#include "cli/text/render.hpp"

#include <array>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <vector>

/// Live traffic (docs/watch.md) as people read it.
namespace troupe {

/// One line of it, without a line end. Cut to the width of the style.
[[nodiscard]] std::string render_traffic_line(json::value const& line, text_style const& style);

/// One conversation as a diagram that grows downwards: a lane for each who takes part, an arrow for
/// each message and each step of the work, and beside it what was said or done. What stands in the
/// ledger has a solid arrow; a message that was sent and is not there yet has a dashed one.
/// Bookkeeping is left out, and a message comes once, whoever records it. The brief's own entities
/// go by what they are (`brief`, `plan`, `run`, `ticket`; `#3` is its ticket k3f9q2mx-3).
class sequence_view {
public:
  /// `followed`: id of the brief or ticket. With `everything` bookkeeping is shown as well, and a
  /// message at each of its stops.
  sequence_view(text_style style, std::string const& followed, bool everything = false);

  /// The lines that show a line of traffic, each with its line end. `event`: what the ledger has in
  /// its place; null where that is not known. `now`: in milliseconds, of any clock.
  [[nodiscard]] std::string show(json::value const& line, json::value const* event,
                                 std::int64_t now);
  /// The lines of messages that were sent a while ago and are not in the ledger yet.
  [[nodiscard]] std::string overdue(std::int64_t now);

private:
  struct told {
    std::string from; ///< owner of a lane; empty: nobody who has one
    std::string to;
    std::string words;
    std::string sign = "●";
    ink meaning = ink::plain;
    ink words_meaning = ink::plain;
    bool dashed = false;
    bool message = false;
  };
  /// A message on its way: it is shown when the ledger has it, or when that takes long.
  struct sent {
    json::value line;
    std::int64_t at = 0;
    std::string hash;
  };
  [[nodiscard]] std::string draw(json::value const& line, told what);
  [[nodiscard]] std::string show_sent(json::value const& line);
  [[nodiscard]] std::string show_event(json::value const& line, json::value const& event);
  [[nodiscard]] std::string show_record(json::value const& line);
  [[nodiscard]] std::string who_did(json::value const& event) const;
  [[nodiscard]] std::string lane_of(std::string const& principal) const;
  [[nodiscard]] std::string shortened(std::string text) const;
  [[nodiscard]] std::string about(std::string const& ticket) const;
  [[nodiscard]] std::string title() const;
  [[nodiscard]] bool landed(std::string const& message);

  text_style style_;
  std::string brief_;  ///< its id, also where one of its tickets is followed
  std::string ticket_; ///< empty: all
  bool everything_;
  event_teller teller_;
  lanes lanes_;
  std::map<std::string, std::string> holders_; ///< ticket -> agent that has it
  std::deque<sent> pending_;
  std::set<std::string> told_; ///< hashes of messages
  std::size_t lines_ = 0;
  std::size_t heads_at_ = 0; ///< the line before which the names were shown last
};

/// What there was of late: rates, who talks most, what waits. Times in milliseconds.
class traffic_stats {
public:
  void take(json::value const& line, std::int64_t now);
  /// Several lines, each with its line end.
  [[nodiscard]] std::string show(text_style const& style, std::int64_t now);
  /// The same for programs: `points` by name, `talkers` and `mailboxes` by who, of the last
  /// `span_ms`; what is not known is null.
  [[nodiscard]] json::object tell(std::int64_t now);

private:
  static constexpr std::int64_t window = 10'000;
  struct seen {
    std::int64_t at = 0;
    std::string point;
    std::string from;
    bool error = false;
    std::int64_t latency_us = -1;
  };
  struct waiting {
    std::int64_t since = 0;
    std::string at;
    std::string kind;
  };
  struct summary {
    struct point {
      std::string name;
      std::size_t records = 0;
      std::size_t errors = 0;
      std::int64_t p50_us = -1; ///< below 0: not known
      std::int64_t p99_us = -1;
    };
    std::int64_t span_ms = 0;
    std::vector<point> points;
    std::map<std::string, std::size_t> talkers;
    std::map<std::string, std::size_t> mailboxes;
    std::optional<waiting> oldest;
    bool blind = false; ///< mailboxes and the oldest one are not known
  };
  void forget(std::int64_t now);
  [[nodiscard]] summary sum_up(std::int64_t now);

  std::deque<seen> recent_;
  std::map<std::string, waiting> waits_; ///< commands taken and not answered, by their hash
  std::int64_t blind_at_ = -1;           ///< when records were missing last
  std::int64_t begun_ = -1;
  std::uint64_t records_ = 0;
  std::uint64_t missing_ = 0;
};

} // namespace troupe
