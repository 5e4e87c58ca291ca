#include "cli/commands.hpp"
#include "cli/text/table.hpp"

namespace troupe {

namespace {

std::string project_path(std::string const& id) {
  return "/api/projects/" + segment(id);
}

/// Flags that shape a configuration; the file comes first, the flags go over it.
struct config_flags {
  std::string file, repository, target, test, mode;
};

void add_config_flags(command c, std::shared_ptr<config_flags> const& f) {
  c.add_option("--patch", f->file,
               "JSON of what differs from the configuration (RFC 7396); - for standard input")
      .type_name("FILE");
  c.add_option("--repository", f->repository, "name, path or URL of the repository")
      .type_name("REPOSITORY");
  c.add_option("--target", f->target, "branch that work is merged into (main)").type_name("BRANCH");
  c.add_option("--test", f->test, "command that runs the tests").type_name("COMMAND");
  c.add_option("--autonomy", f->mode,
               "ask: brief and plan wait for a person; plan: the brief does; "
               "full: only the first brief")
      .one_of({"ask", "plan", "full"})
      .type_name("MODE");
}

/// What the file of a flag holds. A file that holds no object is a wrong argument: nothing was
/// sent.
result<json::object> object_in(std::string const& file, char const* flag) {
  auto const text = read_input(file, 2 * 1024 * 1024);
  if (!text)
    return text.error();
  auto v = json::parse(*text);
  if (!v)
    return fail(errc::invalid_argument, v.error().message, {{"flag", flag}});
  if (!v->is_object())
    return fail(errc::invalid_argument, file + " holds no JSON object", {{"flag", flag}});
  return std::move(v->get_object());
}

void put_flags(config_flags const& f, json::object& config) {
  for (auto const& [name, value] :
       {std::pair{"repository", &f.repository}, std::pair{"target_branch", &f.target},
        std::pair{"test_command", &f.test}, std::pair{"mode", &f.mode}}) {
    if (!value->empty())
      config[name] = *value;
  }
}

result<json::object> config_of(config_flags const& f) {
  auto out = f.file.empty() ? result<json::object>{json::object{}} : object_in(f.file, "--patch");
  if (out)
    put_flags(f, *out);
  return out;
}

int fail_file(console& out, error const& e) {
  auto const* said = e.details.if_contains("flag");
  if (said == nullptr)
    return out.fail(e);
  std::string const flag{said->as_string()};
  return out.misuse(flag + ": " + e.message,
                    flag == "--patch"
                        ? "It must be a JSON object of what differs; docs/content.md has examples."
                        : "It must be a request as `troupe init --print` writes it.");
}

struct create_flags {
  std::string id, name, base, request;
  config_flags config;
};

/// What is sent to make a project: of a template, or as it was written before; flags go over it.
result<json::object> request_of(create_flags const& f) {
  json::object out;
  if (f.request.empty()) {
    auto const config = config_of(f.config);
    if (!config)
      return config.error();
    out = {{"name", f.name}, {"template_name", "standard"}, {"config", *config}};
  } else {
    auto given = object_in(f.request, "--file");
    if (!given)
      return given.error();
    out = std::move(*given);
    auto& config = out["config"];
    if (config.is_null())
      config.emplace_object();
    if (config.is_object()) // else the server says what is wrong with it
      put_flags(f.config, config.get_object());
  }
  for (auto const& [member, said] :
       {std::pair{"id", &f.id}, std::pair{"name", &f.name}, std::pair{"template_name", &f.base}}) {
    if (!said->empty())
      out[member] = *said;
  }
  return out;
}

int create(console& out, create_flags const& f) {
  if (!f.request.empty() && !f.config.file.empty())
    return out.misuse("--file holds the whole configuration, --patch what differs from a "
                      "template; choose one",
                      "See `troupe project create --help`.");
  if (f.id.empty() && f.request.empty())
    return out.misuse("which project?", "Give its id, or --file FILE; see "
                                        "`troupe project create --help`.");
  auto const body = request_of(f);
  if (!body)
    return fail_file(out, body.error());
  auto const done = out.api().post("/api/projects", *body);
  return show_done(out, done, done ? render_project(*done, out.style()) : "");
}

int templates(console& out) {
  auto const page = out.api().get("/api/templates");
  if (!page)
    return out.fail(page.error());
  table t{{{"template"}, {"process"}, {"agents", true}, {"summary", true}}};
  for (auto const& x : look::list(*page, "items")) {
    std::vector<std::string> names;
    auto const& config = look::at(x, "config");
    for (auto const& a : look::list(config, "roster"))
      names.push_back(look::text(a, "name"));
    t.add({{look::text(x, "name") + "@" + std::to_string(look::number(x, "version", 1)), ink::name},
           look::text(look::at(config, "process"), "name"),
           look::joined(names, " "),
           look::text(x, "summary")});
  }
  return out.show(*page, t.text(out.style()));
}

} // namespace

void add_project_commands(command_line& line) {
  auto const group = line.add_group("project", "Products: repository, team, process, limits.",
                                    "  troupe init                        # in your repository\n"
                                    "  troupe project show tally");
  {
    auto const f = std::make_shared<create_flags>();
    auto const c =
        line.add(group, "create", "Makes a project from a template.",
                 "  troupe project create tally --repository https://example.org/tally.git "
                 "--test \"prove -l t\"\n"
                 "  troupe project create tally --template company --patch config.json\n"
                 "  troupe init --print > project.json; troupe project create --file "
                 "project.json",
                 [f](console& out) { return create(out, *f); });
    c.add_option("project", f->id, "its id: a-z, 0-9 and -, at most 40").type_name("ID");
    c.add_option("--name", f->name, "for people").type_name("TEXT");
    c.add_option("--template", f->base, "solo, standard or company, or NAME@VERSION (standard)")
        .type_name("NAME");
    c.add_option("--file", f->request,
                 "all of it, as `troupe init --print` writes it; - for standard input")
        .type_name("FILE");
    add_config_flags(c, std::shared_ptr<config_flags>{f, &f->config});
  }
  {
    auto const f = std::make_shared<list_flags>();
    auto const c =
        line.add(group, "list", "Lists projects.", "  troupe project list",
                 [f](console& out) { return show_list(out, "project", "/api/projects", *f); });
    add_list_flags(c, f, {"status"});
  }
  auto const id = std::make_shared<std::string>();
  auto const show = line.add(
      group, "show", "Shows a project: roster, process, limits.", "  troupe project show tally",
      [id](console& out) { return show_one(out, project_path(*id), render_project); });
  show.add_option("project", *id, "id of the project").required().type_name("ID");
  {
    auto const of = std::make_shared<std::string>();
    auto const config = std::make_shared<config_flags>();
    auto const c = line.add(
        group, "change", "Changes the configuration; briefs and runs that exist keep theirs.",
        "  troupe project change tally --test \"make check\"\n"
        "  echo '{\"limits\":{\"attempts\":5}}' | troupe project change tally --patch -",
        [of, config](console& out) {
          auto const patch = config_of(*config);
          if (!patch)
            return fail_file(out, patch.error());
          if (patch->empty())
            return out.misuse("nothing to change",
                              "Give --patch FILE or one of the other flags; see "
                              "`troupe project change --help`.");
          auto const done = out.api().patch(project_path(*of), *patch);
          return show_done(out, done, done ? render_project(*done, out.style()) : "");
        });
    c.add_option("project", *of, "id of the project").required().type_name("ID");
    add_config_flags(c, config);
  }
  {
    auto const of = std::make_shared<std::string>();
    auto const c =
        line.add(group, "archive", "Archives a project: it takes no more briefs.",
                 "  troupe project archive tally", [of](console& out) {
                   auto const done = out.api().post(project_path(*of) + "/archive");
                   return show_done(out, done, done ? status_line(out, "Project", *done) : "");
                 });
    c.add_option("project", *of, "id of the project").required().type_name("ID");
  }
  line.add(group, "templates", "Lists the templates of projects.", "  troupe project templates",
           templates);
}

} // namespace troupe
