#include "gateway/routes/table.hpp"

namespace troupe {

void add_health_routes(std::vector<route>& out, api const& a) {
  // The listener starts last, so whoever is answered is answered by a node that has started.
  auto alive = get("/healthz", role::none, [](request const&, reply const& answer) {
    answer(json_response(200, json::object{{"status", "ok"}}));
  });
  auto ready = get("/readyz", role::none, [&a](request const& r, reply const& answer) {
    a.n.probe([&a, path = r.path, answer](std::optional<error> const& why) {
      if (why) {
        answer(problem(*why, path, 503));
        return;
      }
      auto const c = a.n.counts();
      answer(json_response(200, json::object{{"status", "ok"},
                                             {"invariant_violations", c.invariant_violations},
                                             {"crashes", c.crashes},
                                             {"dead_letters", c.dead_letters},
                                             {"quarantined", c.quarantined},
                                             {"refused", c.refused},
                                             {"under_way", a.n.under_way()}}));
    });
  });
  for (auto* r : {&alive, &ready}) {
    r->unlimited = true;
    out.push_back(std::move(*r));
  }
}

namespace {

/// What these routes read and write is of one tenant: a credential of another one has no business
/// here. Streams need no such guard, they tell each caller of his own tenant alone.
void keep_to_tenant(route& r, api const& a) {
  auto* const open = std::get_if<handler>(&r.handle);
  if (open == nullptr || r.needs == role::none)
    return;
  r.handle = handler{[&a, open = std::move(*open)](request const& q, reply const& answer) {
    if (q.principal.tenant == a.tenant)
      open(q, answer);
    else
      answer(problem(fail(errc::forbidden, "this server works for another tenant"), q.path));
  }};
}

} // namespace

std::vector<route> all_routes(api const& a) {
  std::vector<route> out;
  add_health_routes(out, a);
  add_project_routes(out, a);
  add_brief_routes(out, a);
  add_ticket_routes(out, a);
  add_budget_routes(out, a);
  add_people_routes(out, a);
  add_event_routes(out, a);
  add_watch_routes(out, a);
  add_access_routes(out, a);
  add_incident_routes(out, a);
  add_ledger_routes(out, a);
  add_metrics_route(out, a);
  add_dashboard_routes(out, a);
  for (auto& r : out)
    keep_to_tenant(r, a);
  return out;
}

} // namespace troupe
