#include "protocol/entities/brief.hpp"

#include "cli/commands.hpp"

namespace troupe {

namespace {

struct decision_flags {
  std::string id;
  std::string notes;
  std::string content; ///< hash that the person saw, or the beginning of it
};

std::string brief_path(std::string const& id) {
  return "/api/briefs/" + segment(id);
}

/// What to do next with a brief, as a hint.
std::string next_step(json::value const& brief) {
  auto const id = look::text(brief, "id");
  auto const status = look::text(brief, "status");
  if (status == "pending_approval")
    return "Next: `troupe brief approve " + id + "`, or `troupe brief revise " + id +
           " --notes TEXT`.";
  if (status == "expired")
    return "Next: `troupe brief resend " + id + "`.";
  if (status == "planning" || status == "approved")
    return "Next: `troupe plan list --brief " + id + "`.";
  if (status == "in_delivery")
    return "Next: `troupe watch --brief " + id + "`.";
  return {};
}

int submit(console& out, std::string const& file, std::string const& project,
           std::string const& name, std::string const& kind, bool wait) {
  // The server refuses more; one byte over the bound is enough to know.
  auto const bytes = read_input(file, brief::max_source_bytes + 1);
  if (!bytes)
    return out.fail(bytes.error(), bytes.error().code == errc::too_large
                                       ? "Split the meeting, or leave out what is not about it."
                                       : "Name a transcript, or - for standard input.");
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
    done = wait_for(out, brief_path(id), id,
                    [](json::value const& b) { return look::text(b, "status") != "drafting"; });
    if (!done)
      return out.fail(done.error());
  }
  auto const text = wait ? render_brief(*done, out.style()) : status_line(out, "Brief", *done);
  auto const code = out.show(*done, text);
  auto const step = next_step(*done);
  out.note(step.empty() && !wait ? "Next: `troupe brief show " + id + "`." : step);
  if (wait && look::text(*done, "status") == "REJECTED")
    return exit_code::failed;
  return code;
}

int decide(console& out, decision_flags const& f, std::string const& how) {
  auto const brief = out.api().get(brief_path(f.id));
  if (!brief)
    return out.fail(brief.error());
  auto const hash = look::text(*brief, "content_hash");
  if (!f.content.empty() && !hash.starts_with(f.content))
    return out.fail(fail(errc::conflict, "brief " + f.id + " has other content now (" +
                                             look::short_hash(hash) + ") than you saw"),
                    "Read it again with `troupe brief show " + f.id + "`.");
  // Bound to what was read just now: a draft that changes in between is not approved by accident.
  auto const done = out.api().post(brief_path(f.id) + "/" + how,
                                   json::object{{"notes", f.notes}, {"content_hash", hash}});
  return show_done(out, done,
                   "Brief " + f.id + ": " + how + " recorded (content " + look::short_hash(hash) +
                       ").\n");
}

void add_decision(command_line& line, CLI::App& group, std::string const& how,
                  std::string const& what, bool notes_needed) {
  auto const f = std::make_shared<decision_flags>();
  auto& c = line.add(group, how, what,
                     "  troupe brief " + how + " k3f9q2mx" +
                         (notes_needed ? " --notes \"leave months out\"" : ""),
                     [f, how](console& out) { return decide(out, *f, how); });
  c.add_option("brief", f->id, "id of the brief")->required()->type_name("ID");
  auto* notes = c.add_option("--notes", f->notes, "why, or what is to change")->type_name("TEXT");
  if (notes_needed)
    notes->required();
  c.add_option("--content", f->content, "the content that you saw, as `brief show` prints it")
      ->type_name("HASH");
}

int edit(console& out, std::string const& id, std::string const& file) {
  auto const brief = out.api().get(brief_path(id));
  if (!brief)
    return out.fail(brief.error());
  std::string kept;
  auto const text =
      file.empty() ? edit_text(out, pretty_json(look::at(*brief, "content")), "brief-" + id, kept)
                   : read_input(file);
  if (!text)
    return out.fail(text.error(), "Set EDITOR, or give the content with --file FILE.");
  auto const content = json::parse(*text);
  if (!content)
    return out.fail(content.error(), kept.empty() ? "" : "Your text is in " + kept + ".");
  auto const done = out.api().put(brief_path(id), json::object{{"content", *content}});
  if (!done && !kept.empty())
    out.note("Your text is in " + kept + "; send it with --file.");
  else if (!kept.empty())
    std::filesystem::remove(kept);
  return show_done(out, done, done ? status_line(out, "Brief", *done) : std::string{});
}

} // namespace

void add_brief_commands(command_line& line) {
  auto& group = line.add_group("brief", "What is wanted: submit a transcript, approve its brief.",
                               "  troupe brief submit meeting.vtt --project tally --wait\n"
                               "  troupe brief approve k3f9q2mx");
  {
    struct flags {
      std::string file, project, name, kind = "transcript";
      bool wait = false;
    };
    auto const f = std::make_shared<flags>();
    auto& c = line.add(
        group, "submit", "Hands in a transcript or a message.",
        "  troupe brief submit meeting.vtt --project tally --wait\n"
        "  pbpaste | troupe brief submit - --project tally --name notes.txt",
        [f](console& out) { return submit(out, f->file, f->project, f->name, f->kind, f->wait); });
    c.add_option("file", f->file, "WebVTT, SRT, Zoom, Teams or plain text; - for standard input")
        ->required()
        ->type_name("FILE");
    c.add_option("--project", f->project, "for which project")->required()->type_name("ID");
    c.add_option("--name", f->name, "name of the source (that of the file)")->type_name("TEXT");
    c.add_option("--kind", f->kind, "transcript, message or ticket")
        ->check(CLI::IsMember({"transcript", "message", "ticket"}))
        ->type_name("KIND");
    c.add_flag("--wait", f->wait, "wait for the draft and show it");
  }
  {
    auto const f = std::make_shared<list_flags>();
    auto& c = line.add(group, "list", "Lists briefs, newest change first.",
                       "  troupe brief list --status pending_approval",
                       [f](console& out) { return show_list(out, "brief", "/api/briefs", *f); });
    add_list_flags(c, f, {"project", "status"});
  }
  {
    auto const id = std::make_shared<std::string>();
    auto& c = line.add(group, "show",
                       "Shows a brief: requirements, criteria, and the sentences they come from.",
                       "  troupe brief show k3f9q2mx\n"
                       "  troupe brief show k3f9q2mx --json | jq .content.requirements",
                       [id](console& out) {
                         auto const brief = out.api().get(brief_path(*id));
                         if (!brief)
                           return out.fail(brief.error());
                         auto const code = out.show(*brief, render_brief(*brief, out.style()));
                         if (auto const step = next_step(*brief); !step.empty())
                           out.note("\n" + step);
                         return code;
                       });
    c.add_option("brief", *id, "id of the brief")->required()->type_name("ID");
  }
  add_decision(line, group, "approve", "Approves a brief: now it is planned.", false);
  add_decision(line, group, "revise", "Sends a brief back for another draft.", true);
  add_decision(line, group, "reject", "Rejects a brief for good.", false);
  {
    struct flags {
      std::string id, file;
    };
    auto const f = std::make_shared<flags>();
    auto& c = line.add(group, "edit", "Edits the draft by hand, in $EDITOR or from a file.",
                       "  troupe brief edit k3f9q2mx\n"
                       "  troupe brief edit k3f9q2mx --file content.json",
                       [f](console& out) { return edit(out, f->id, f->file); });
    c.add_option("brief", f->id, "id of the brief")->required()->type_name("ID");
    c.add_option("--file", f->file, "JSON of the content; - for standard input")->type_name("FILE");
  }
  struct step {
    char const *name, *what;
    bool has_why;
  };
  for (auto const& s : {step{"cancel", "Cancels a brief with all its work.", true},
                        step{"resend", "Asks for the approval again after it expired.", false},
                        step{"hold", "Puts the delivery on hold.", true},
                        step{"resume", "Goes on with a brief that is on hold.", false}}) {
    struct flags {
      std::string id, why;
    };
    auto const f = std::make_shared<flags>();
    std::string const name = s.name;
    bool const has_why = s.has_why;
    auto& c = line.add(
        group, name, s.what, "  troupe brief " + name + " k3f9q2mx",
        [f, name, has_why](console& out) {
          auto const done =
              out.api().post(brief_path(f->id) + "/" + name,
                             has_why ? json::value(json::object{{"why", f->why}}) : json::value{});
          return show_done(out, done, done ? status_line(out, "Brief", *done) : std::string{});
        });
    c.add_option("brief", f->id, "id of the brief")->required()->type_name("ID");
    if (has_why)
      c.add_option("--why", f->why, "for the ledger")->type_name("TEXT");
  }
}

} // namespace troupe
