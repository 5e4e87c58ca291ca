#include "actors/supervision.hpp"

#include <algorithm>

namespace troupe {

bool restart_budget::may_restart(time_point now, double random, duration& delay) {
  // A quiet window forgets: the backoff starts from its base again.
  while (!crashes_.empty() && now - crashes_.front() > policy_.window)
    crashes_.pop_front();
  crashes_.push_back(now);
  if (crashes_.size() > static_cast<std::size_t>(policy_.limit))
    return false;
  auto const exponent = std::min<std::size_t>(crashes_.size() - 1, 20);
  auto const most = std::min(policy_.cap, policy_.base * (duration::rep{1} << exponent));
  delay = duration{static_cast<duration::rep>(static_cast<double>(most.count()) * random)};
  return true;
}

void incident_log::put_aside(dead_letter letter) {
  constexpr std::size_t most = 100;
  ++count_;
  std::lock_guard lock{mutex_};
  letters_.push_back(std::move(letter));
  if (letters_.size() > most)
    letters_.pop_front();
}

void incident_log::restarted(entity_ref const& what) {
  constexpr std::size_t most = 1000; // a bug may take all of a kind down; agents are few
  std::lock_guard const lock{mutex_};
  if (what.kind == entity_kind::agent || restarts_.size() < most || restarts_.contains(what))
    ++restarts_[what];
}

std::map<entity_ref, std::uint64_t> incident_log::restarts() const {
  std::lock_guard const lock{mutex_};
  return restarts_;
}

std::vector<dead_letter> incident_log::letters() const {
  std::lock_guard lock{mutex_};
  return {letters_.begin(), letters_.end()};
}

} // namespace troupe
