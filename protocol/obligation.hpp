#pragma once

#include "protocol/command.hpp"

/// What must happen next, derived from an entity's state and nothing else. The runtime carries each
/// out, again after a crash, until the state no longer asks for it. Carrying one out twice has no
/// second effect: receivers recognise what they know.
namespace troupe {

/// Give another entity a command.
struct tell {
  entity_ref to;
  any_command command;
};
/// Give a message to an agent; its answer comes back as `hear`.
struct ask {
  envelope message;
};
/// The ticket wants a lease for its present stage; the dispatcher answers with `ticket::grant`.
struct offer {
  project_id project;
  run_id run;
  ticket_id ticket;
  std::string stage;
  stage_kind kind = stage_kind::work;
  bool merge = false;
  std::string role;
  std::int64_t after_token = 0;
  priority importance = priority::normal;
  std::string repository;
  std::vector<std::string> files; ///< planned write set
  std::vector<agent_id> excluded; ///< authors may not review
  agent_id preferred_agent;       ///< rework: the same
  daemon_id preferred_daemon;     ///< where the workspace is
  time_point not_before{};
};
/// Start the attempt of the held lease (order is completed with the run's configuration).
struct launch {
  run_id run;
  daemon_id daemon;
  link::order what; ///< without what only the run's configuration knows
};
/// Say to a daemon: stop an attempt, answer a question, a ticket is over.
struct notify {
  daemon_id daemon;
  link::frame_body what; ///< stop, answer or release
};
/// Wake with `tick` at this time.
struct alarm {
  time_point at{};
};

TROUPE_CHOICE(deed, tell, ask, offer, launch, notify, alarm);

struct obligation {
  std::string key; ///< unique in the entity; the same as long as it is the same obligation
  /// Whether the entity wants `settle{key}` when the receiver has taken it over. Without, it stands
  /// until a later event ends it, and the runtime remembers only for this wake that it is done.
  bool acknowledge = false;
  deed what;
};

} // namespace troupe
