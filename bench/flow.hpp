#pragma once

#include "bench/costs.hpp"
#include "bench/stage.hpp"

#include <condition_variable>
#include <mutex>
#include <unordered_map>

namespace troupe::bench {

/// Tickets under way on a stage. One begins when its `open` is sent (by the clock: when it was due)
/// and ends when the read side shows that it is merged, which is what a client sees.
class ticket_flow {
public:
  /// What a window has seen.
  struct window {
    double took = 0;    ///< seconds
    double tickets = 0; ///< stages that ended, divided by the four of a ticket: tickets that move
                        ///< in waves would be counted by how many waves the window caught
    histogram latency;
    std::uint64_t refused = 0;
    std::uint64_t unfinished = 0;
    int under_way = 0;
    std::uint64_t events = 0;
    std::uint64_t commits = 0;
    spent cost;
  };

  ticket_flow(stage& on, place const& at);
  ~ticket_flow();
  ticket_flow(ticket_flow const&) = delete;
  ticket_flow& operator=(ticket_flow const&) = delete;

  /// Keeps so many under way from here on.
  void keep(int level);
  /// Begins none any more.
  void end();
  /// Sends tickets by the clock for `how_long`, `rate` a second; each counts from when it was due.
  /// A refusal of the kind busy is counted, any other one is a failure.
  [[nodiscard]] result<void> arrive(double rate, seconds how_long);

  /// Waits for `least` and until `merged` more are merged, but not beyond `limit` or `cap` tickets.
  [[nodiscard]] result<void> wait(seconds least, int merged, seconds limit, int cap);
  void open_window();
  /// `with_open`: what is under way counts as unfinished, with the time that it has waited so far.
  [[nodiscard]] window close_window(bool with_open);
  /// Waits until nothing is under way. Errors: timeout.
  [[nodiscard]] result<void> drain(seconds limit);

private:
  void fill();
  void send(int number);
  void refuse(int number, error const& why);
  void heard(board_event const& e);
  [[nodiscard]] result<void> failure() const; // under the lock

  stage& on_;
  cost_meter meter_;
  std::uint64_t listener_ = 0;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::unordered_map<std::string, clock::time_point> begun_;
  int level_ = 0;
  int waiting_ = 0; ///< sent, not yet accepted
  int opened_ = 0;
  int merged_ = 0;
  int awaited_ = 0; ///< who waits looks again when so many are merged, and not at each
  bool by_the_clock_ = false;
  bool counting_ = false;
  clock::time_point window_began_;
  window seen_;
  spent before_;
  double stages_ = 0;
  std::string refused_;
};

} // namespace troupe::bench
