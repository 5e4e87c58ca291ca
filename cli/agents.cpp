#include "cli/entity_commands.hpp"

namespace troupe {

namespace {

/// `dev-ada` is meant for `tally.dev-ada`, where no other project has one.
result<std::string> find_agent(console& out, std::string const& said) {
  if (said.find('.') != std::string::npos)
    return said;
  auto const page = out.api().all("/api/agents", {});
  if (!page)
    return page.error();
  std::vector<std::string> meant;
  for (auto const& a : look::list(*page, "items")) {
    auto const id = look::text(a, "id");
    if (id == said || id.ends_with("." + said))
      meant.push_back(id);
  }
  if (meant.size() == 1)
    return meant.front();
  if (meant.empty())
    return fail(errc::not_found, "there is no agent " + said);
  return fail(errc::invalid_argument,
              "several agents are called " + said + ": " + look::joined(meant));
}

entity_words const agent_words{"agent", "/api/agents/", "tally.dev-ada", find_agent};

struct answer_flags {
  std::string id, text, file, message, refuse;
};

int answer(console& out, answer_flags const& f) {
  if (f.text.empty() && f.file.empty() && f.refuse.empty())
    return out.misuse("there is no answer",
                      "Give a text, --file FILE with what is asked for, or --refuse WHY.");
  auto text = f.text;
  if (text == "-") {
    auto const read = read_input("-", 64 * 1024);
    if (!read)
      return out.fail(read.error());
    text = *read;
  }
  json::value content;
  if (!f.file.empty()) {
    auto const read = read_input(f.file);
    if (!read)
      return out.fail(read.error(), "Name a file with a brief, plan or review as JSON.");
    auto parsed = json::parse(*read);
    if (!parsed)
      return out.fail(parsed.error(), "`troupe brief show ID --json | jq .content` shows the form "
                                      "of a brief, `troupe plan show` that of a plan.");
    content = std::move(*parsed);
  }
  auto const id = find_agent(out, f.id);
  if (!id)
    return fail_to_find(out, agent_words, id.error());
  auto const done = out.api().post(agent_words.path_of(*id) + "/answer",
                                   json::object{{"message", f.message},
                                                {"text", text},
                                                {"content", std::move(content)},
                                                {"refuse", f.refuse}});
  return show_done(out, done, done ? status_line(out, "Agent", *done) : "");
}

void add_answer(command_line& line, command group) {
  auto const f = std::make_shared<answer_flags>();
  auto const c =
      line.add(group, "answer",
               "Answers, for an agent that is a person, what it was asked (`troupe agents show`).",
               "  troupe agents answer tally.qa-mia \"yes, upper case counts\"\n"
               "  troupe agents answer tally.pm --file brief.json\n"
               "  troupe agents answer tally.pm --refuse \"nothing was decided in that talk\"",
               [f](console& out) { return answer(out, *f); });
  c.add_option("agent", f->id, "id of the agent").required().type_name("ID");
  c.add_option("text", f->text, "the answer; - for standard input").type_name("TEXT");
  c.add_option("--file", f->file,
               "JSON of the brief, plan or review that is asked for; - for standard input")
      .type_name("FILE");
  c.add_option("--message", f->message, "which question, where there are several").type_name("ID");
  c.add_option("--refuse", f->refuse, "there will be no answer, and why").type_name("WHY");
}

} // namespace

void add_agent_commands(command_line& line) {
  auto const top = std::make_shared<list_flags>();
  auto const group =
      line.add(line.root(), "agents", "The team: who works on what.",
               "  troupe agents --project tally\n"
               "  troupe agents pause tally.dev-ada --why \"its laptop is being mended\"",
               [top](console& out) { return show_list(out, "agent", "/api/agents", *top); });
  group.may_choose_below();
  add_list_flags(group, top, {"project", "status"});
  {
    auto const f = std::make_shared<list_flags>();
    auto const c =
        line.add(group, "list", "Lists agents.", "  troupe agents list --status working",
                 [f](console& out) { return show_list(out, "agent", "/api/agents", *f); });
    add_list_flags(c, f, {"project", "status"});
  }
  {
    auto const id = std::make_shared<std::string>();
    auto const c = line.add(group, "show", "Shows an agent with what lies on its desk.",
                            "  troupe agents show tally.dev-ada\n"
                            "  troupe agents show dev-ada      # where only one project has one",
                            [id](console& out) {
                              auto const found = find_agent(out, *id);
                              if (!found)
                                return fail_to_find(out, agent_words, found.error());
                              return show_one(out, agent_words.path_of(*found), render_agent);
                            });
    c.add_option("agent", *id, "id of the agent, or its name where that is enough")
        .required()
        .type_name("ID");
  }
  add_answer(line, group);
  add_entity_steps(line, group, agent_words,
                   {{"pause", "Pauses an agent: it takes no further work.", true},
                    {"resume", "Lets a paused or quarantined agent work again.", false},
                    {"retire", "Retires an agent for good.", false}});
}

} // namespace troupe
