#pragma once

#include "gateway/http/router.hpp"
#include "protocol/bucket_counts.hpp"

#include <array>
#include <chrono>
#include <deque>

namespace troupe {

/// What one route has answered with one class of statuses.
struct route_traffic {
  std::string method;  ///< the route's own: HEAD counts with its GET
  std::string pattern; ///< of the route; empty: nothing is there, or it was no request
  int status = 2;      ///< its first digit
  bucket_reading took; ///< nanoseconds from the read head to the written answer
};
/// How many streams and sockets one route has begun.
struct stream_traffic {
  std::string pattern;
  std::uint64_t begun = 0;
};

/// Counts what the edge answers, by route and never by address, so that nobody can make it grow.
/// Thread-safe; counting is relaxed.
class request_counts {
public:
  using clock = std::chrono::steady_clock;

  explicit request_counts(router const& routes);

  /// `to`: a row of the router; null: there was none. `took` until the answer was written.
  void answered(route const* to, std::string_view method, int status, clock::duration took);
  void stream_began(route const* to);
  /// A connection above the limit, which was told so or closed.
  void turned_away() { turned_away_.fetch_add(1, std::memory_order_relaxed); }

  /// Those that were seen.
  [[nodiscard]] std::vector<route_traffic> answers() const;
  [[nodiscard]] std::vector<stream_traffic> streams() const;
  [[nodiscard]] std::uint64_t connections_refused() const {
    return turned_away_.load(std::memory_order_relaxed);
  }

private:
  static constexpr std::size_t classes = 5;
  struct row {
    row(std::string method_, std::string pattern_);
    std::string method;
    std::string pattern;
    std::array<bucket_counts, classes> by_class;
    std::atomic<std::uint64_t> streams{0};
  };
  [[nodiscard]] row& row_of(route const* to, std::string_view method);

  router const& routes_;
  std::deque<row> rows_; ///< the router's, in its order; then those of no route, by method
  std::atomic<std::uint64_t> turned_away_{0};
};

} // namespace troupe
