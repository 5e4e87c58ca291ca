#include "actors/domain/project.hpp"

#include "actors/domain/settling.hpp"
#include "protocol/content_hash.hpp"

#include <numeric>

namespace troupe::project {

namespace {

using events = std::vector<event>;

constexpr transition<status> rows[] = {
    {status::none, status::active, "created"},
    {status::active, status::ARCHIVED, "archived"},
};

bool is_project_id(std::string_view text) {
  return !text.empty() && text.size() <= 40 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

bool has_agent(project_config const& c, std::string_view agent) {
  return std::any_of(c.roster.begin(), c.roster.end(),
                     [&](agent_spec const& a) { return a.name == agent; });
}

/// Decides one command; one small function an alternative.
struct judge {
  state const& s;

  [[nodiscard]] error refuse(std::string sentence) const {
    return conflict(std::move(sentence), s.is, transitions());
  }

  result<events> operator()(create const& c) const {
    if (s.is != status::none) {
      if (c.name == s.name && c.config == s.config)
        return events{};
      return refuse("project " + s.self.id + " exists already; change it, or choose another id");
    }
    if (!is_project_id(s.self.id))
      return fail(errc::invalid_argument, "the id of a project must be 1 to 40 of a-z, 0-9 and -",
                  {{"field", "id"}});
    if (auto ok = check(c.config); !ok)
      return ok.error();
    return events{created{c.name, c.config, status::active}};
  }

  result<events> operator()(change const& c) const {
    if (s.is != status::active)
      return refuse("project " + s.self.id + " is archived and does not change any more");
    auto config = overlay(s.config, c.patch);
    if (!config)
      return config.error();
    for (auto const& gone : s.retired) {
      if (has_agent(*config, gone))
        return refuse("agent " + gone + " was retired; give the new one another name");
    }
    if (*config == s.config)
      return events{};
    return events{changed{std::move(*config)}};
  }

  result<events> operator()(archive const&) const {
    if (s.is == status::ARCHIVED)
      return events{};
    return events{archived{}};
  }

  result<events> operator()(settle const& c) const { return settle_one<event>(obligations(s), c); }
  result<events> operator()(tick const&) const { return events{}; }
};

/// A budget is raised by the difference; lowering it takes nothing back that was granted.
void raise_budget(state& s) {
  auto const granted =
      std::accumulate(s.budget_grants.begin(), s.budget_grants.end(), std::int64_t{0});
  if (s.config.limits.budget_micros > granted)
    s.budget_grants.push_back(s.config.limits.budget_micros - granted);
}

struct fold {
  state& s;
  event_context const& ctx;

  void operator()(created const& e) const {
    s.name = e.name;
    s.config = e.config;
    s.created_at = ctx.at;
    raise_budget(s);
  }
  void operator()(changed const& e) const {
    for (auto const& a : s.config.roster) {
      if (!has_agent(e.config, a.name))
        s.retired.push_back(a.name);
    }
    s.config = e.config;
    raise_budget(s);
    // A spec may change there and back again: only what was said last counts as said.
    std::erase_if(s.settled, [&](std::string const& key) {
      return key.starts_with("hire:") &&
             std::none_of(s.config.roster.begin(), s.config.roster.end(),
                          [&](agent_spec const& a) { return key == hire_key(a); });
    });
  }
  void operator()(archived const&) const {}
  void operator()(settled const& e) const { s.settled.push_back(e.key); }

  static std::string hire_key(agent_spec const& a) {
    return "hire:" + a.name + "@" + content_hash(a).substr(0, 16);
  }
};

} // namespace

transition_table<status> transitions() {
  return rows;
}

result<std::vector<event>> decide(state const& s, command const& c, command_context const&) {
  if (s.is == status::none && !std::holds_alternative<create>(c))
    return fail(errc::not_found, "there is no project " + s.self.id);
  return std::visit(judge{s}, c);
}

state evolve(state s, event const& e, event_context const& ctx) {
  std::visit(fold{s, ctx}, e);
  if (auto const to = target_of<status>(e); to != status::none)
    s.is = to;
  s.version = ctx.version;
  return s;
}

std::vector<obligation> obligations(state const& s) {
  std::vector<obligation> out;
  project_id const self{s.self.id};
  if (s.is != status::active)
    return out;
  for (auto const& spec : s.config.roster)
    out.push_back(telling(fold::hire_key(spec), true, s.self, entity_kind::agent,
                          agent_of(self, spec.name).value,
                          agent::command{agent::hire{self, spec}}));
  for (auto const& gone : s.retired)
    out.push_back(telling("retire:" + gone, true, s.self, entity_kind::agent,
                          agent_of(self, gone).value, agent::command{agent::retire{}}));
  for (std::size_t i = 0; i < s.budget_grants.size(); ++i) {
    auto const scope = "project:" + s.self.id;
    auto const id = scope + "#" + std::to_string(i + 1);
    out.push_back(telling("grant:" + id, true, s.self, entity_kind::budget, scope,
                          budget::command{budget::grant{scope, {}, s.budget_grants[i], id}}));
  }
  return without(s.settled, std::move(out));
}

} // namespace troupe::project
