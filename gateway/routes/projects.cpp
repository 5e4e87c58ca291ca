#include "gateway/routes/desks.hpp"
#include "gateway/routes/handlers.hpp"
#include "gateway/routes/table.hpp"
#include "gateway/routes/workforce.hpp"

#include <algorithm>

namespace troupe {

namespace {

struct project_body {
  project_id id;
  std::string name;
  std::string template_name = "standard"; ///< `standard`, `standard@1`, …
  json::value config;                     ///< merge patch on the template's configuration
  TROUPE_FIELDS(project_body, id, name, template_name, config);
};

void create(api const& a, request const& r, reply const& answer) {
  auto b = body_of<project_body>(r);
  if (!b) {
    refuse(r, answer, b.error());
    return;
  }
  auto const& id = b->id.value;
  bool const fits = !id.empty() && id.size() <= 40 && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
  if (!fits) {
    refuse(r, answer,
           fail(errc::invalid_argument,
                "a project's id is 1 to 40 of the characters a-z, 0-9 and -", {{"field", "id"}}));
    return;
  }
  auto base = find_template(b->template_name);
  if (!base) {
    refuse(r, answer, base.error());
    return;
  }
  auto config =
      b->config.is_null() ? result<project_config>{base->config} : overlay(base->config, b->config);
  if (!config) {
    refuse(r, answer, config.error());
    return;
  }
  config->template_ref = base->name + "@" + std::to_string(base->version);
  if (auto ok = check(*config); !ok) {
    refuse(r, answer, ok.error());
    return;
  }
  a.command(r, answer, a.ref(entity_kind::project, id),
            project::command{project::create{b->name.empty() ? id : b->name, std::move(*config)}},
            201);
}

/// With what its tickets would wait for now, although they could be taken.
void show_project(api const& a, request const& r, reply const& answer) {
  a.n.query(
      a.ref(entity_kind::project, r.params.at("id")),
      [&a, answer, path = r.path, tenant = r.principal.tenant](result<json::value> const& state) {
        auto const s =
            state ? json::from<project::state>(*state) : result<project::state>{state.error()};
        if (!s) {
          answer(problem(s.error(), path));
          return;
        }
        auto shown = present(*state, true);
        if (s->is == project::status::active)
          shown.emplace("lacks", workforce{a, tenant}.lacks_of(project_id{s->self.id}, s->config));
        answer(json_response(200, shown));
      });
}

} // namespace

void add_project_routes(std::vector<route>& out, api const& a) {
  out.push_back(get("/api/templates", role::viewer, [](request const&, reply const& answer) {
    json::array items;
    for (auto const& t : shipped_templates())
      items.push_back(json::to(t));
    answer(json_response(200, json::object{{"items", std::move(items)}}));
  }));
  out.push_back(
      get("/api/templates/{ref}", role::viewer, [](request const& r, reply const& answer) {
        auto const t = find_template(r.params.at("ref"));
        answer(t ? json_response(200, json::to(*t)) : problem(t.error(), r.path));
      }));
  out.push_back(post("/api/projects", role::admin, submit_limit,
                     [&a](request const& r, reply const& answer) { create(a, r, answer); }));
  out.push_back(get("/api/projects", role::viewer, [&a](request const& r, reply const& answer) {
    a.list(r, answer, entity_kind::project, {{"status", "is"}});
  }));
  out.push_back(get("/api/projects/{id}", role::viewer,
                    [&a](request const& r, reply const& answer) { show_project(a, r, answer); }));
  out.push_back(patch(
      "/api/projects/{id}", role::admin, submit_limit, [&a](request const& r, reply const& answer) {
        if (!r.json.is_object()) {
          refuse(r, answer,
                 fail(errc::invalid_argument, "the body is a JSON merge patch of the project's "
                                              "configuration"));
          return;
        }
        a.command(r, answer, a.ref(entity_kind::project, r.params.at("id")),
                  project::command{project::change{r.json}});
      }));
  out.push_back(post(
      "/api/projects/{id}/archive", role::admin, small_body,
      bare_command(a, entity_kind::project, any_command{project::command{project::archive{}}})));

  out.push_back(get("/api/agents", role::viewer, [&a](request const& r, reply const& answer) {
    desks const at{a.n.view(), r.principal.tenant};
    auto const restarts = a.n.restarts_of_entities();
    a.list(
        r, answer, entity_kind::agent, {{"project", "project"}, {"status", "is"}},
        [&](json::object& shown, json::value const&) {
          at.show(shown);
          auto const found = restarts.find(
              {r.principal.tenant, entity_kind::agent, std::string{shown.at("id").as_string()}});
          shown["restarts"] = found == restarts.end() ? 0 : found->second;
        },
        [&at](json::value const& state) { return at.status(state); });
  }));
  out.push_back(post("/api/agents/{id}/pause", role::developer, small_body,
                     with_why(a, entity_kind::agent, [](std::string why) {
                       return agent::command{agent::pause{std::move(why)}};
                     })));
  out.push_back(
      post("/api/agents/{id}/resume", role::developer, small_body,
           bare_command(a, entity_kind::agent, any_command{agent::command{agent::resume{}}})));
  out.push_back(
      post("/api/agents/{id}/retire", role::admin, small_body,
           bare_command(a, entity_kind::agent, any_command{agent::command{agent::retire{}}})));
}

} // namespace troupe
