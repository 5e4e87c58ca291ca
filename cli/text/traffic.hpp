#pragma once

#include "cli/text/style.hpp"
#include "protocol/json.hpp"

#include <array>
#include <deque>
#include <map>
#include <optional>
#include <vector>

/// Live traffic (docs/watch.md) as people read it.
namespace troupe {

/// One line of it, without a line end. Cut to the width of the style.
[[nodiscard]] std::string render_traffic_line(json::value const& line, text_style const& style);

/// One conversation as a diagram that grows downwards: a column for each who takes part, an arrow
/// for each message and commit; what stands in the ledger has a solid one.
class sequence_view {
public:
  explicit sequence_view(text_style style) : style_(style) {}
  /// The lines that show it, each with its line end; empty for what is no record.
  [[nodiscard]] std::string show(json::value const& line);

private:
  struct lifeline {
    std::string who;
    std::size_t used = 0; ///< the line that last needed it
  };
  [[nodiscard]] std::optional<std::size_t> column_of(std::string const& who);
  [[nodiscard]] bool has_room() const;
  [[nodiscard]] std::string heads() const;

  text_style style_;
  std::vector<lifeline> columns_;
  std::size_t lines_ = 0;
  std::size_t told_ = 0; ///< the line before which the heads were shown last
  bool fresh_ = false;   ///< a column came: the heads are shown again
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
