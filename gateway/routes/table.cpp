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
  return out;
}

} // namespace troupe
