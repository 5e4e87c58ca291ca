#pragma once

#include "actors/ports.hpp"

#include <caf/event_based_actor.hpp>

#include <map>
#include <set>

namespace troupe {

/// Gives ready tickets to agents and runners, the moment that both are there. It keeps nothing
/// durable: tickets offer again after a start, and who holds what is read from the log's events.
///
/// It takes `offer_message`, `daemon_presence`, `committed_ptr` (agents, runs, leases) and
/// `match_atom`. Order: priority, then the project with the least in flight, then the oldest offer.
/// Limits: per project (`limits.in_flight`), per agent (`capacity`), per daemon and runner (slots).
/// Two tickets whose planned write sets overlap are not worked at the same time.
class dispatcher_actor : public caf::event_based_actor {
public:
  dispatcher_actor(caf::actor_config& cfg, runtime const* rt);
  caf::behavior make_behavior() override;

private:
  struct waiting {
    std::string key;
    offer what;
    std::uint64_t since = 0;
  };
  struct roster_entry {
    project_id project;
    agent_spec spec;
    bool available = true;
  };
  struct host {
    bool up = false;
    std::int32_t slots = 0;
    std::map<std::string, std::int32_t> profiles; ///< slots by runner profile
    std::set<std::string> repositories;
  };
  /// A lease that is held, or a grant that was sent and not yet answered.
  struct holding {
    std::int64_t token = 0; ///< 0: not answered yet
    project_id project;
    agent_id agent;
    daemon_id daemon;
    std::string profile;
    std::vector<std::string> files;
    bool work = false;
    time_point granted{}; ///< when the grant was sent
  };
  struct choice {
    agent_id agent;
    agent_spec const* spec = nullptr;
    daemon_id daemon;
    std::string profile;
  };

  /// How many leases lie on each agent, daemon, runner and project: kept with `held_`, because a
  /// count over all leases for each candidate would make matching quadratic.
  struct usage_counts {
    std::map<agent_id, std::int32_t> agents;
    std::map<daemon_id, std::int32_t> daemons;
    std::map<std::pair<daemon_id, std::string>, std::int32_t> profiles;
    std::map<project_id, std::int32_t> projects;
    std::map<std::pair<project_id, std::string>, std::int32_t> files; ///< being written
    void count(holding const& h, std::int32_t change);
  };

  void learn(std::vector<stored_event> const& events);
  void learn(stored_event const& e);
  void learn_ticket(stored_event const& e);
  void plan_match(duration after);
  void match();
  [[nodiscard]] std::optional<choice> choose(tenant_id const& tenant, offer const& o) const;
  [[nodiscard]] std::optional<daemon_id> choose_daemon(offer const& o,
                                                       std::string const& profile) const;
  [[nodiscard]] bool overlaps(offer const& o) const;
  void hold(entity_ref const& ticket, holding h);
  bool let_go(entity_ref const& ticket);
  void grant(entity_ref const& ticket, waiting const& w, choice const& c);

  runtime const& rt_;
  std::map<entity_ref, waiting> offers_;
  std::map<agent_id, roster_entry> roster_;
  std::map<daemon_id, host> hosts_;
  std::map<entity_ref, holding> held_;
  usage_counts used_;
  std::map<project_id, std::int32_t> limits_;
  std::uint64_t next_since_ = 0;
  bool match_planned_ = false;
  std::uint64_t match_round_ = 0;
};

/// The runner profile that an agent's engine needs of a daemon; empty: any daemon will do.
[[nodiscard]] std::string profile_of(agent_spec const& spec);
/// Whether the engine of this agent runs on a daemon at all.
[[nodiscard]] bool works_on_daemon(agent_spec const& spec);

} // namespace troupe
