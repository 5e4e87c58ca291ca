#include "cli/entity_commands.hpp"

namespace troupe {

namespace {

entity_words const agent_words{"agent", "/api/agents/", "tally.dev-ada"};

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
                       "  troupe agents show tally.dev-ada", [id](console& out) {
                         return show_one(out, agent_words.path_of(*id), render_agent);
                       });
    c.add_option("agent", *id, "id of the agent")->required()->type_name("ID");
  }
  add_entity_steps(line, group, agent_words,
                   {{"pause", "Pauses an agent: it takes no further work.", true},
                    {"resume", "Lets a paused or quarantined agent work again.", false},
                    {"retire", "Retires an agent for good.", false}});
}

} // namespace troupe
