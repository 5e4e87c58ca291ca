#include "cli/commands.hpp"

namespace troupe {

namespace {

std::string agent_path(std::string const& id) {
  return "/api/agents/" + segment(id);
}

} // namespace

void add_agent_commands(command_line& line) {
  auto const top = std::make_shared<list_flags>();
  auto& group =
      line.add(line.root(), "agents", "The team: who works on what.",
               "  troupe agents --project tally\n"
               "  troupe agents pause tally.dev-ada --why \"its laptop is being mended\"",
               [top](console& out) { return show_list(out, "agent", "/api/agents", *top); });
  group.require_subcommand(0, 1);
  add_list_flags(group, top, {"project", "status"});
  {
    auto const f = std::make_shared<list_flags>();
    auto& c = line.add(group, "list", "Lists agents.", "  troupe agents list --status working",
                       [f](console& out) { return show_list(out, "agent", "/api/agents", *f); });
    add_list_flags(c, f, {"project", "status"});
  }
  {
    auto const id = std::make_shared<std::string>();
    auto& c = line.add(group, "show", "Shows an agent with what lies on its desk.",
                       "  troupe agents show tally.dev-ada",
                       [id](console& out) { return show_one(out, agent_path(*id), render_agent); });
    c.add_option("agent", *id, "id of the agent")->required()->type_name("ID");
  }
  struct step {
    char const *name, *what;
    bool has_why;
  };
  for (auto const& s : {step{"pause", "Pauses an agent: it takes no further work.", true},
                        step{"resume", "Lets a paused or quarantined agent work again.", false},
                        step{"retire", "Retires an agent for good.", false}}) {
    struct flags {
      std::string id, why;
    };
    auto const f = std::make_shared<flags>();
    std::string const name = s.name;
    bool const has_why = s.has_why;
    auto& c = line.add(
        group, name, s.what, "  troupe agents " + name + " tally.dev-ada",
        [f, name, has_why](console& out) {
          auto const done =
              out.api().post(agent_path(f->id) + "/" + name,
                             has_why ? json::value(json::object{{"why", f->why}}) : json::value{});
          return show_done(out, done, done ? status_line(out, "Agent", *done) : std::string{});
        });
    c.add_option("agent", f->id, "id of the agent")->required()->type_name("ID");
    if (has_why)
      c.add_option("--why", f->why, "for the ledger")->type_name("TEXT");
  }
}

} // namespace troupe
