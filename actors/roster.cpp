#include "actors/roster.hpp"

namespace troupe {

namespace {

/// Whether a lease could be given to this one now.
bool has_room(roster::member const& m) {
  return m.hired && m.available && m.used < m.spec.capacity &&
         (m.spec.engine == engine_kind::human || works_on_daemon(m.spec));
}

} // namespace

std::string profile_of(agent_spec const& spec) {
  if (spec.engine == engine_kind::scripted)
    return spec.profile.empty() ? "scripted" : spec.profile;
  if (spec.engine == engine_kind::daemon)
    return spec.profile.empty() ? "command" : spec.profile;
  return {};
}

bool works_on_daemon(agent_spec const& spec) {
  return spec.engine == engine_kind::daemon || spec.engine == engine_kind::process ||
         spec.engine == engine_kind::scripted;
}

bool roster::freer::operator()(member const* a, member const* b) const {
  return std::tie(a->used, *a->id) < std::tie(b->used, *b->id);
}

roster::member& roster::known(tenant_id const& of, agent_id const& who) {
  auto const at = members_.try_emplace({of, who}).first;
  at->second.id = &at->first.second;
  return at->second;
}

/// Changes a member, who stands in line by what is changed.
template <class Change>
void roster::change(member& m, Change const& how) {
  line::node_type place;
  if (has_room(m))
    place = m.own->extract(&m);
  how(m);
  if (!has_room(m))
    return;
  if (place)
    m.own->insert(std::move(place));
  else
    m.own->insert(&m);
}

void roster::hired(tenant_id const& of, agent_id const& who, project_id project, agent_spec spec) {
  auto& own = lines_[{of, project, spec.role}];
  change(known(of, who), [&](member& m) {
    m.project = std::move(project);
    m.spec = std::move(spec);
    m.own = &own;
    m.hired = true;
    m.available = true;
  });
}

bool roster::moved(tenant_id const& of, agent_id const& who, bool available) {
  auto const at = members_.find({of, who});
  if (at == members_.end() || !at->second.hired)
    return false;
  change(at->second, [&](member& m) { m.available = available; });
  return true;
}

void roster::count(tenant_id const& of, agent_id const& who, std::int32_t by) {
  change(known(of, who), [&](member& m) { m.used += by; });
}

roster::member const* roster::find(tenant_id const& of, agent_id const& who) const {
  auto const at = members_.find({of, who});
  return at == members_.end() || !at->second.hired ? nullptr : &at->second;
}

roster::line const* roster::with_room(tenant_id const& of, project_id const& project,
                                      std::string const& role) const {
  auto const at = lines_.find(std::tie(of, project, role));
  return at == lines_.end() ? nullptr : &at->second;
}

} // namespace troupe
