#include "actors/domain/domain.hpp"

namespace troupe {

error conflict(std::string sentence, std::string state, std::vector<std::string> const& allowed) {
  json::array next;
  for (auto const& one : allowed)
    next.emplace_back(one);
  return fail(errc::conflict, std::move(sentence),
              {{"state", std::move(state)}, {"allowed", std::move(next)}});
}

agent_spec const* with_role(project_config const& c, std::string_view role) {
  auto const found = std::find_if(c.roster.begin(), c.roster.end(),
                                  [&](agent_spec const& a) { return a.role == role; });
  return found == c.roster.end() ? nullptr : &*found;
}

agent_id agent_for(project_id const& p, project_config const& c, std::string_view role) {
  for (auto const wanted : {role, std::string_view{"chief-of-staff"}, std::string_view{"pm"},
                            std::string_view{"tech-lead"}}) {
    if (auto const* spec = with_role(c, wanted))
      return project::agent_of(p, spec->name);
  }
  return c.roster.empty() ? agent_id{} : project::agent_of(p, c.roster.front().name);
}

principal_id principal_of(entity_kind kind, std::string_view id) {
  return principal_id{std::string{to_string(kind)} + ":" + std::string{id}};
}

std::optional<entity_ref> entity_of(tenant_id const& t, principal_id const& p) {
  std::string_view const text{p.value};
  auto const colon = text.find(':');
  entity_ref out{t, {}, {}};
  if (colon == std::string_view::npos || !parse(text.substr(0, colon), out.kind))
    return std::nullopt;
  out.id = std::string{text.substr(colon + 1)};
  return out;
}

bool is_human(principal_id const& p) {
  return p.value.starts_with("human:");
}

envelope request_to(agent_id const& to, entity_ref const& from, std::string id,
                    std::string correlation, std::string text, json::value data) {
  envelope out;
  out.id = std::move(id);
  out.correlation = std::move(correlation);
  out.kind = message_kind::request;
  out.from = principal_of(from);
  out.to = principal_of(to);
  out.parts = {text_part(std::move(text)), data_part(std::move(data))};
  return out;
}

} // namespace troupe
