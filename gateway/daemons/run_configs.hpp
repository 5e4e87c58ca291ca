#pragma once

#include "protocol/ids.hpp"
#include "protocol/process.hpp"

#include <algorithm>
#include <deque>
#include <memory>

namespace troupe {

/// The configurations of the runs that were worked on last, so that not every order has to read its
/// run. Bounded: one that is forgotten is read again.
class run_configs {
public:
  using config_ptr = std::shared_ptr<project_config const>;
  static constexpr std::size_t most = 32;

  /// Null for a run that is not known, or not any more.
  [[nodiscard]] config_ptr find(run_id const& run) {
    auto const at = std::find_if(known_.begin(), known_.end(),
                                 [&](auto const& one) { return one.first == run; });
    if (at == known_.end())
      return nullptr;
    std::rotate(known_.begin(), at, std::next(at)); // the newest use comes first
    return known_.front().second;
  }
  void keep(run_id const& run, config_ptr config) {
    if (find(run)) {
      known_.front().second = std::move(config);
      return;
    }
    known_.emplace_front(run, std::move(config));
    if (known_.size() > most)
      known_.pop_back();
  }
  [[nodiscard]] std::size_t size() const { return known_.size(); }

private:
  std::deque<std::pair<run_id, config_ptr>> known_; ///< newest use first
};

} // namespace troupe
