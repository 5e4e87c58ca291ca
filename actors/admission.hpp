#pragma once

#include "protocol/command.hpp"
#include "protocol/result.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>

namespace troupe {

struct admission_settings {
  /// New work is refused where a step takes so many times as long as in a node that has nothing
  /// else to do. 0: never.
  std::int32_t slowdown = 3;
  /// How long there may be too much: a burst is taken, a queue that stands is not.
  std::chrono::milliseconds patience{100};
  /// With fewer commands under way new work is always taken.
  std::int32_t least = 16;
  /// A burst is not taken beyond this.
  std::int32_t most = 1024;
};

/// Refuses new work from the outside while the node has more to do than it gets done, so that what
/// it has taken stays quick.
///
/// By Little's law a command takes as long as there are commands under way, divided by how many end
/// a second: their number says what will be waited, whatever the queue (a mailbox, an entity, the
/// journal). It is counted, so it does not lag behind, as a measured wait would by the whole life
/// of a ticket. How many may be under way follows from what was measured: on a disk that is slow to
/// sync many share a commit and none is slower for it. As with CoDel only a number that stays high
/// for a while is overload. Whatever goes on with work that was taken (reports, answers, approvals,
/// messages between entities) always passes, or the node would be full of what it cannot end.
/// Thread-safe.
class admission {
public:
  using moment = std::chrono::steady_clock::time_point;

  explicit admission(admission_settings s = {}) : s_(s), limit_(s.least * 2) {}

  /// Whether a command brings work that was not there: a brief, a run, a ticket.
  [[nodiscard]] static bool begins_work(any_command const& c);

  /// New work that was taken.
  struct taken {
    moment at{};
    bool alone = false; ///< there was nothing else to do
  };
  /// Asked for a command that begins work. Refused: `busy`, with the time after which to ask again.
  [[nodiscard]] result<taken> ask(moment now);
  /// It was answered: nothing is under way of it but what it has led to.
  void answered(taken const& t, moment now);

  /// Where each command counts itself while it is under way.
  [[nodiscard]] std::atomic<std::int64_t>& under_way() { return under_way_; }
  /// How many may be under way, as measured so far.
  [[nodiscard]] std::int64_t limit() const;
  /// How many were refused, since the start.
  [[nodiscard]] std::uint64_t refused() const { return refused_; }

private:
  using span = std::chrono::duration<double>;

  [[nodiscard]] bool takes(std::int64_t under_way, moment now);
  void adjust(span mean);

  admission_settings const s_;
  std::atomic<std::int64_t> under_way_{0};
  std::atomic<std::uint64_t> refused_{0};
  mutable std::mutex mutex_;
  std::int64_t limit_;
  bool overloaded_ = false;
  moment asked_{};                   ///< last
  std::optional<moment> full_since_; ///< while it is not overloaded
  moment full_{};                    ///< last seen full
  std::uint64_t refused_before_ = 0; ///< this overload
  span alone_{0};                    ///< how long an answer takes where there is nothing else to do
  moment measured_{};                ///< what follows, since then
  span sum_{0};
  int count_ = 0;
};

} // namespace troupe
