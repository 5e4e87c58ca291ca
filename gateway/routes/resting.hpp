#pragma once

#include "gateway/routes/api.hpp"

namespace troupe {

/// Why runs and tickets rest that could go on if a person said so: as the board has them. For one
/// request.
class resting {
public:
  resting(api const& a, tenant_id const& tenant) : on_(a), tenant_(tenant) {}

  /// Of a run in this row of the board, what it waits for:
  /// `{"for":"run", "text", "do"}`, where `text` goes on after "waits for" and `do` says the way
  /// out. Nothing for one that goes on, or is over for good.
  [[nodiscard]] std::optional<json::object> lack_of_run(json::value const& run) const;
  /// The same of an open ticket whose run rests; nothing for others.
  [[nodiscard]] std::optional<json::object> lack_of_ticket(json::value const& ticket);

private:
  [[nodiscard]] bool needs_money(json::value const& run, std::string const& id) const;

  api const& on_;
  tenant_id const& tenant_;
  std::map<std::string, std::optional<json::object>> runs_; ///< those that were asked for
};

/// Adds to `used` of a run what its open tickets have used so far: the run itself hears of it when
/// they end. A ticket that another run has taken over counts there.
void count_open_tickets(api const& a, tenant_id const& tenant, json::object& shown,
                        json::value const& run);

} // namespace troupe
