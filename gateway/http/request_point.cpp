#include "gateway/http/request_point.hpp"

#include <array>
#include <chrono>

namespace troupe {

struct request_point::seen {
  traffic::header record;
  tenant_id tenant;
  std::chrono::steady_clock::time_point at;
};

namespace {

/// Which principal an address speaks of, by its beginning.
std::string subject_of(admitted const& a) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kinds = {{
      {"/api/tickets/{id}", "ticket:"},
      {"/api/briefs/{id}", "brief:"},
      {"/api/plans/{id}", "plan:"},
      {"/api/runs/{id}", "run:"},
      {"/api/projects/{id}", "project:"},
      {"/api/agents/{id}", "agent:"},
      {"/api/daemons/{id}", "daemon:"},
  }};
  auto const id = a.req.params.find("id");
  if (id == a.req.params.end())
    return {};
  for (auto const& [pattern, kind] : kinds) {
    if (a.to->pattern.starts_with(pattern))
      return std::string{kind} + id->second;
  }
  return {};
}

traffic::outcome outcome_of(int status) {
  using traffic::outcome;
  switch (status) {
  case 400:
  case 422:
    return outcome::invalid_argument;
  case 401:
    return outcome::unauthorized;
  case 403:
    return outcome::forbidden;
  case 404:
    return outcome::not_found;
  case 405:
  case 415:
  case 426:
    return outcome::unsupported;
  case 409:
    return outcome::conflict;
  case 413:
    return outcome::too_large;
  case 429:
    return outcome::busy;
  case 503:
    return outcome::unavailable;
  case 504:
    return outcome::timeout;
  default:
    return status >= 400 ? outcome::internal : outcome::ok;
  }
}

} // namespace

void request_point::came_in(admitted const& a) {
  traffic::header h{traffic::category::gateway, traffic::direction::in};
  h.set(traffic::field::tenant, a.req.principal.tenant.value);
  h.between(a.req.principal.id.value, subject_of(a));
  h.set(traffic::field::kind, a.to->method + ":" + a.to->pattern);
  h.within({});
  // A trace's id, `00-` and 32 hex digits, is the same for all that one caller's work led to.
  if (a.req.trace.size() > 35)
    h.message = traffic::hash_of(std::string_view{a.req.trace}.substr(3, 32));
  auto const& tenant = a.req.principal.tenant;
  in_ = std::make_shared<seen const>(seen{h, tenant, std::chrono::steady_clock::now()});
  if (traffic::room_for(h.point, tenant) != traffic::room::none)
    traffic::record(h);
}

void request_point::went_out(std::optional<int> status) const {
  auto h = in_->record;
  h.way = traffic::direction::out;
  h.how = outcome_of(status.value_or(200));
  if (status)
    h.took(std::chrono::steady_clock::now() - in_->at);
  auto const place = traffic::room_for(h.point, in_->tenant, h.how, h.latency_us);
  h.notable = place == traffic::room::notable;
  if (place != traffic::room::none)
    traffic::record(h);
}

} // namespace troupe
