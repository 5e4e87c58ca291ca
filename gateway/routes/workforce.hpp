#pragma once

#include "actors/domain/kinds.hpp"
#include "gateway/routes/api.hpp"

namespace troupe {

/// Who could take work at this moment: agents and daemons as the board has them. For one request.
class workforce {
public:
  workforce(api const& a, tenant_id const& tenant) : on_(a), tenant_(tenant) {}

  /// Why nobody takes the ticket, although it could be taken:
  /// `{"for":"daemon"|"agent", "role", "profile", "text", "do"}`, where `text` goes on after "waits
  /// for" and `do` says the way out. Nothing where somebody can take it, now or when he is free.
  [[nodiscard]] std::optional<json::object> lack_of(ticket::state const& s);
  /// The same for the kinds of work that the project's process has, each once.
  [[nodiscard]] json::array lacks_of(project_id const& project, project_config const& config);
  /// The roles of the project's agents that are not retired.
  [[nodiscard]] std::vector<std::string> roles_of(project_id const& project);

private:
  [[nodiscard]] std::optional<json::object> lack_of(offer const& o);
  [[nodiscard]] std::optional<json::object> lack_of_daemon(offer const& o,
                                                           std::vector<std::string> profiles);
  [[nodiscard]] std::vector<agent::state> const& agents_of(project_id const& project);
  [[nodiscard]] std::vector<daemon::state> const& daemons();

  api const& on_;
  tenant_id const& tenant_;
  // Read when they are asked for first.
  std::map<project_id, std::vector<agent::state>> agents_;
  std::optional<std::vector<daemon::state>> daemons_;
  std::set<daemon_id> linked_;
};

/// Whether the ticket in this row of the board could be leased. Without reading all of it: what is
/// done, or under way, is most of a page.
[[nodiscard]] bool may_be_leased(json::value const& row);

/// Refuses a plan with an item for a role that nobody has: its ticket would wait for ever. Details:
/// `problems`, and `known` with the roles that there are.
[[nodiscard]] result<void> check_roles(plan_content const& content,
                                       std::vector<std::string> const& known);

} // namespace troupe
