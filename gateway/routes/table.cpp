#include "gateway/routes/table.hpp"

namespace troupe {

void add_health_routes(std::vector<route>& out, api const&) {
  // The listener starts last, so whoever is answered is answered by a node that has started.
  for (auto const* path : {"/healthz", "/readyz"}) {
    auto r = get(path, role::none, [](request const&, reply const& answer) {
      answer(json_response(200, json::object{{"status", "ok"}}));
    });
    r.unlimited = true;
    out.push_back(std::move(r));
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
  add_access_routes(out, a);
  return out;
}

} // namespace troupe
