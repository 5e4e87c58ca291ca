#include "gateway/routes/table.hpp"

/// What went wrong on this node, for whoever runs it.
namespace troupe {

namespace {

json::object shown(dead_letter const& l) {
  auto body = json::parse(l.body);
  return {{"entity", to_string(l.to)}, {"command", l.command_id},
          {"kind", l.command},         {"why", l.why},
          {"at", json::to(l.at)},      {"body", body ? std::move(*body) : json::value{}}};
}

/// The newest first; `total` counts also those that are no longer kept.
void list_dead_letters(api const& a, reply const& answer) {
  auto const letters = a.n.dead_letters();
  json::array items;
  for (auto l = letters.rbegin(); l != letters.rend(); ++l) {
    if (l->to.tenant == a.tenant)
      items.push_back(shown(*l));
  }
  answer(json_response(
      200, json::object{{"items", std::move(items)}, {"total", a.n.counts().dead_letters}}));
}

} // namespace

void add_incident_routes(std::vector<route>& out, api const& a) {
  // For the administrator alone: a body is what somebody sent, and may be of any project.
  out.push_back(get("/api/dead-letters", role::admin,
                    [&a](request const&, reply const& answer) { list_dead_letters(a, answer); }));
}

} // namespace troupe
