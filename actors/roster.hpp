#pragma once

#include "protocol/process.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>

namespace troupe {

/// The agents of every project, and how many leases lie on each.
///
/// Those who could take one more are kept in order of how much they have, so that the freest is
/// found without a look at all the others: with thousands of tickets under way there are hundreds
/// of agents, and one is looked for at every stage.
class roster {
public:
  struct member;
  struct freer {
    bool operator()(member const* a, member const* b) const;
  };
  /// Members of one project and role that have room, the freest first, then by name.
  using line = std::set<member const*, freer>;
  struct member {
    agent_id const* id = nullptr;
    line* own = nullptr; ///< where it stands while it has room
    project_id project;
    agent_spec spec;
    bool hired = false; ///< a lease may be read before its agent
    bool available = false;
    std::int32_t used = 0; ///< leases
  };

  roster() = default;
  roster(roster const&) = delete;
  roster& operator=(roster const&) = delete;
  roster(roster&&) = default;
  roster& operator=(roster&&) = default;

  void hired(tenant_id const& of, agent_id const& who, project_id project, agent_spec spec);
  /// False: no such agent is known.
  [[nodiscard]] bool moved(tenant_id const& of, agent_id const& who, bool available);
  /// So many leases more (or less, if negative).
  void count(tenant_id const& of, agent_id const& who, std::int32_t change);

  /// None: no such agent was hired.
  [[nodiscard]] member const* find(tenant_id const& of, agent_id const& who) const;
  /// Those of this project and role who have room; none or empty: nobody.
  [[nodiscard]] line const* with_room(tenant_id const& of, project_id const& project,
                                      std::string const& role) const;

private:
  /// By tenant: two of them may well have a `tally.dev`.
  using members = std::map<std::pair<tenant_id, agent_id>, member>;
  using desk = std::tuple<tenant_id, project_id, std::string>;

  template <class Change>
  void change(member& m, Change const& how);
  member& known(tenant_id const& of, agent_id const& who);

  members members_;
  std::map<desk, line, std::less<>> lines_;
};

/// The runner profile that an agent's engine needs of a daemon; empty: any daemon will do.
[[nodiscard]] std::string profile_of(agent_spec const& spec);
/// Whether the engine of this agent runs on a daemon at all.
[[nodiscard]] bool works_on_daemon(agent_spec const& spec);

} // namespace troupe
