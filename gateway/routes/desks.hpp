#pragma once

#include "actors/board.hpp"

namespace troupe {

/// What agents have in hand, for those who look at them: an agent's own stream knows its messages,
/// a lease is its ticket's. A view of one moment.
class desks {
public:
  desks(board const& view, tenant_id const& tenant) : leases_(view.leases(tenant)) {}

  /// The status of an agent's state: one who holds a ticket works.
  [[nodiscard]] std::string status(json::value const& state) const;
  /// Adds `leases` and puts the status right in what is shown of an agent (see `present`).
  void show(json::object& shown) const;

private:
  [[nodiscard]] std::string at_work(std::string_view agent, std::string_view status) const;
  leases_by_agent leases_;
};

} // namespace troupe
