#include "protocol/entities/brief.hpp"

#include "cli/entity_commands.hpp"

namespace troupe {

namespace {

entity_words const brief_words{"brief", "/api/briefs/", "k3f9q2mx"};

/// The plan of a brief that waits for approval; empty where none does.
std::string waiting_plan(console& out, std::string const& brief) {
  auto const page = out.api().get("/api/plans", {{"brief", brief}, {"status", "pending_approval"}});
  if (!page || look::list(*page, "items").empty())
    return {};
  return look::text(look::list(*page, "items").front(), "id");
}

/// What to do next with a brief, as a hint.
std::string next_step(console& out, json::value const& brief) {
  auto const id = look::text(brief, "id");
  auto const status = look::text(brief, "status");
  if (status == "pending_approval")
    return "Next: `troupe brief approve " + id + "`, or `troupe brief revise " + id +
           " --notes TEXT`.";
  if (status == "expired")
    return "Next: `troupe brief resend " + id + "`.";
  if (status == "REJECTED" && look::list(look::at(brief, "content"), "requirements").empty())
    return "Next: say in it what is wanted, then hand it in again with `troupe brief submit`.";
  if (status == "planning" || status == "approved" || status == "in_delivery")
    if (auto const plan = waiting_plan(out, id); !plan.empty())
      return "Next: `troupe plan show " + plan + "`, then `troupe plan approve " + plan + "`.";
  if (status == "planning" || status == "approved")
    return "It is being planned: `troupe watch --brief " + id + "`.";
  if (status == "in_delivery")
    return "Next: `troupe watch --brief " + id + "`.";
  if (status == "on_hold") {
    auto const run = look::text(brief, "run");
    auto const of = run.empty() ? result<json::value>{json::value{}}
                                : out.api().get("/api/runs/" + segment(run));
    auto const lacking = of ? lack_sentence(look::at(*of, "lacks")) : std::string{};
    return lacking.empty() ? "Next: `troupe brief resume " + id + "`." : "It waits for " + lacking;
  }
  return {};
}

/// The project, where the server has exactly one that is not archived. Errors: invalid_argument
/// with those that there are, not_found where there is none.
result<std::string> only_project(console& out) {
  auto const page = out.api().all("/api/projects", {});
  if (!page)
    return page.error();
  std::vector<std::string> ids;
  for (auto const& p : page->at("items").get_array())
    if (look::text(p, "status") != "ARCHIVED")
      ids.push_back(look::text(p, "id"));
  if (ids.empty())
    return fail(errc::not_found, "the server has no project yet");
  if (ids.size() > 1)
    return fail(errc::invalid_argument, "there are several projects: " + look::joined(ids));
  return ids.front();
}

int submit(console& out, std::string const& file, std::string project, std::string const& name,
           std::string const& kind, bool wait) {
  // The server refuses more; one byte over the bound is enough to know.
  auto const bytes = read_input(file, brief::max_source_bytes + 1);
  if (!bytes)
    return out.fail(bytes.error(), bytes.error().code == errc::too_large
                                       ? "Split the meeting, or leave out what is not about it."
                                       : "Name a transcript, or - for standard input.");
  if (bytes->find_first_not_of(" \t\r\n") == std::string::npos)
    return out.fail(fail(errc::invalid_argument,
                         (file == "-" ? std::string{"standard input"} : file) + " is empty"),
                    "Hand in what was said: WebVTT, SRT, lines as `Name: text`, or prose.");
  if (project.empty()) {
    auto const only = only_project(out);
    if (!only && only.error().code == errc::invalid_argument)
      return out.misuse(only.error().message, "Say for which one with --project ID.");
    if (!only)
      return out.fail(only.error(), only.error().code == errc::not_found
                                        ? "Make one: `troupe init` in your repository."
                                        : "");
    project = *only;
    out.note("For project " + project + ".");
  }
  auto title = name;
  if (title.empty())
    title = file == "-" ? "standard input" : std::filesystem::path{file}.filename().string();
  auto done = out.api().post_bytes("/api/sources",
                                   {{"project", project}, {"name", title}, {"kind", kind}}, *bytes);
  if (!done)
    return out.fail(done.error());
  auto const id = look::text(*done, "id");
  if (wait) {
    if (!out.json())
      out.note("brief " + id + " is being drafted …");
    done = wait_for(out, brief_words.path_of(id), id,
                    [](json::value const& b) { return look::text(b, "status") != "drafting"; });
    if (!done)
      return fail_waiting(out, done.error(),
                          "Brief " + id + " is there: `troupe brief show " + id + "`.");
  }
  auto const text = wait ? render_brief(*done, out.style()) : status_line(out, "Brief", *done);
  auto const code = out.show(*done, text);
  auto const step = wait ? next_step(out, *done) : "Next: `troupe brief show " + id + "`.";
  if (!step.empty())
    out.note(step);
  if (wait && look::text(*done, "status") == "REJECTED")
    return exit_code::failed;
  return code;
}

} // namespace

void add_brief_commands(command_line& line) {
  auto const group =
      line.add_group("brief", "What is wanted: submit a transcript, approve its brief.",
                     "  troupe brief submit meeting.vtt --project tally --wait\n"
                     "  troupe brief approve k3f9q2mx");
  {
    struct flags {
      std::string file, project, name, kind = "transcript";
      bool wait = false;
    };
    auto const f = std::make_shared<flags>();
    auto const c = line.add(
        group, "submit", "Hands in a transcript or a message.",
        "  troupe brief submit meeting.vtt --wait\n"
        "  pbpaste | troupe brief submit - --project tally --name notes.txt",
        [f](console& out) { return submit(out, f->file, f->project, f->name, f->kind, f->wait); });
    c.add_option("file", f->file, "WebVTT, SRT, Zoom, Teams or plain text; - for standard input")
        .required()
        .type_name("FILE");
    c.add_option("--project", f->project, "for which project (the only one there is)")
        .type_name("ID")
        .not_empty();
    c.add_option("--name", f->name, "name of the source (that of the file)").type_name("TEXT");
    c.add_option("--kind", f->kind, "transcript, message or ticket")
        .one_of({"transcript", "message", "ticket"})
        .type_name("KIND");
    c.add_flag("--wait", f->wait, "wait for the draft and show it");
  }
  {
    auto const f = std::make_shared<list_flags>();
    auto const c = line.add(group, "list", "Lists briefs, newest change first.",
                            "  troupe brief list --status pending_approval", [f](console& out) {
                              return show_list(out, "brief", "/api/briefs", *f);
                            });
    add_list_flags(c, f, {"project", "status"});
  }
  {
    auto const id = std::make_shared<std::string>();
    auto const c = line.add(
        group, "show", "Shows a brief: requirements, criteria, and the sentences they come from.",
        "  troupe brief show k3f9q2mx\n"
        "  troupe brief show k3f9q2mx --json | jq .content.requirements",
        [id](console& out) {
          auto const brief = out.api().get(brief_words.path_of(*id));
          if (!brief)
            return out.fail(brief.error());
          auto const code = out.show(*brief, render_brief(*brief, out.style()));
          if (auto const step = next_step(out, *brief); !step.empty())
            out.note("\n" + step);
          return code;
        });
    c.add_option("brief", *id, "id of the brief").required().type_name("ID");
  }
  add_entity_decision(
      line, group, brief_words,
      {"approve", "Approves a brief: now it is planned.", "", [](console&, json::value const& b) {
         return "Next: `troupe brief show " + look::text(b, "id") +
                "` names its plan when that waits for you.";
       }});
  add_entity_decision(line, group, brief_words,
                      {"revise", "Sends a brief back for another draft.", "leave months out", {}});
  add_entity_decision(line, group, brief_words, {"reject", "Rejects a brief for good.", "", {}});
  add_entity_edit(
      line, group, brief_words, "Edits the draft by hand, in $EDITOR or from a file.",
      [](console const& out, json::value const& b) { return status_line(out, "Brief", b); });
  add_entity_steps(line, group, brief_words,
                   {{"cancel", "Cancels a brief with all its work.", true},
                    {"resend", "Asks for the approval again after it expired.", false},
                    {"hold", "Puts the delivery on hold.", true},
                    {"resume", "Goes on with a brief that is on hold.", false}});
}

} // namespace troupe
