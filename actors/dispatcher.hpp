#pragma once

#include "actors/lease_desk.hpp"

#include <caf/event_based_actor.hpp>

namespace troupe {

/// Gives ready tickets to agents and runners, the moment that both are there; who gets what is the
/// matchmaker's. It keeps nothing durable: tickets offer again after a start, and who holds what is
/// read from the log's events.
///
/// It takes `offer_message`, `daemon_presence`, `plans_ptr`, `committed_ptr` (agents, runs, leases)
/// and `match_atom`.
class dispatcher_actor : public caf::event_based_actor {
public:
  dispatcher_actor(caf::actor_config& cfg, runtime const* rt, lease_desk* desk);
  caf::behavior make_behavior() override;

private:
  void plan_match(duration after);
  void match();
  void send_grant(lease_grant const& g);

  runtime const& rt_;
  lease_desk& desk_;
  bool match_planned_ = false;
  std::uint64_t match_round_ = 0;
};

} // namespace troupe
