#pragma once

#include "actors/matchmaker.hpp"
#include "actors/ports.hpp"

#include <mutex>

namespace troupe {

/// The matchmaker, for the dispatcher and for tickets that move on within one decision: they ask
/// here on their own threads, because a question by message would put a whole round between two
/// events that belong into one commit. Its calls take microseconds. Thread-safe.
class lease_desk : public lease_port {
public:
  explicit lease_desk(duration lost_after) : lost_after_(lost_after), who_(lost_after) {}

  [[nodiscard]] std::optional<ticket::grant> take_now(entity_ref const& ticket, offer const& what,
                                                      time_point now) override;
  void give_back(entity_ref const& ticket) override;

  /// Forgets everything but what it has given and is not in the log yet: a new dispatcher is about
  /// to be told what there is.
  void renew();

  /// Gives the matchmaker to `use` for the time of the call.
  template <class Use>
  auto with(Use use) {
    std::lock_guard lock{mutex_};
    return use(who_);
  }

private:
  duration lost_after_;
  std::mutex mutex_;
  matchmaker who_;
};

/// The command that gives the lease.
[[nodiscard]] ticket::grant grant_of(offer const& what, lease_choice const& to);
/// Its id, which is the cause of what comes of it.
[[nodiscard]] std::string grant_id(entity_ref const& ticket, offer const& what);

} // namespace troupe
