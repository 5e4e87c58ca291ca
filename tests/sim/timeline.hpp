#pragma once

#include "protocol/ids.hpp"

#include <functional>
#include <map>
#include <optional>

namespace troupe::sim {

/// Virtual time, and what happens when. What is due at the same time happens in the order in which
/// it was planned.
class timeline {
public:
  using call = std::function<void()>;
  [[nodiscard]] duration now() const { return now_; }
  void at(duration when, call what) {
    calls_.emplace(std::pair{std::max(when, now_), ++count_}, std::move(what));
  }
  void after(duration wait, call what) { at(now_ + wait, std::move(what)); }
  [[nodiscard]] std::optional<duration> next() const {
    return calls_.empty() ? std::nullopt : std::optional{calls_.begin()->first.first};
  }
  /// Never past `next`.
  void advance_to(duration when) { now_ = std::max(now_, when); }
  /// Does the first thing that is due. False: nothing is.
  bool run_one() {
    if (calls_.empty() || calls_.begin()->first.first > now_)
      return false;
    auto const what = std::move(calls_.begin()->second);
    calls_.erase(calls_.begin());
    what();
    return true;
  }
  void clear() { calls_.clear(); }

private:
  duration now_{0};
  std::uint64_t count_ = 0;
  std::map<std::pair<duration, std::uint64_t>, call> calls_;
};

} // namespace troupe::sim
