#include "cli/commands.hpp"

namespace troupe {

namespace {

struct decision_flags {
  std::string id, notes, content;
};

std::string plan_path(std::string const& id) {
  return "/api/plans/" + segment(id);
}

int decide(console& out, decision_flags const& f, std::string const& how) {
  auto const plan = out.api().get(plan_path(f.id));
  if (!plan)
    return out.fail(plan.error());
  auto const hash = look::text(*plan, "content_hash");
  if (!f.content.empty() && !hash.starts_with(f.content))
    return out.fail(fail(errc::conflict, "plan " + f.id + " has other content now (" +
                                             look::short_hash(hash) + ") than you saw"),
                    "Read it again with `troupe plan show " + f.id + "`.");
  auto const done = out.api().post(plan_path(f.id) + "/" + how,
                                   json::object{{"notes", f.notes}, {"content_hash", hash}});
  auto const code = show_done(out, done,
                              "Plan " + f.id + ": " + how + " recorded (content " +
                                  look::short_hash(hash) + ").\n");
  if (done && how == "approve")
    out.note("Next: `troupe watch --brief " + look::text(*plan, "brief") + "`.");
  return code;
}

void add_decision(command_line& line, CLI::App& group, std::string const& how,
                  std::string const& what, bool notes_needed) {
  auto const f = std::make_shared<decision_flags>();
  auto& c = line.add(group, how, what,
                     "  troupe plan " + how + " k3f9q2mx.p1" +
                         (notes_needed ? " --notes \"one ticket a module\"" : ""),
                     [f, how](console& out) { return decide(out, *f, how); });
  c.add_option("plan", f->id, "id of the plan")->required()->type_name("ID");
  auto* notes = c.add_option("--notes", f->notes, "why, or what is to change")->type_name("TEXT");
  if (notes_needed)
    notes->required();
  c.add_option("--content", f->content, "the content that you saw, as `plan show` prints it")
      ->type_name("HASH");
}

int show(console& out, std::string const& id) {
  auto const plan = out.api().get(plan_path(id));
  if (!plan)
    return out.fail(plan.error());
  json::value tickets;
  // How far each ticket is, once there are tickets.
  if (auto const status = look::text(*plan, "status");
      status == "active" || status == "COMPLETED" || status == "FAILED" || status == "SUPERSEDED") {
    if (auto found = out.api().all("/api/tickets", {{"brief", look::text(*plan, "brief")}}))
      tickets = std::move(*found);
  }
  auto const code = out.show(*plan, render_plan(*plan, out.style(), tickets));
  if (look::text(*plan, "status") == "pending_approval")
    out.note("\nNext: `troupe plan approve " + id + "`, `troupe plan edit " + id +
             "`, or `troupe plan revise " + id + " --notes TEXT`.");
  return code;
}

int edit(console& out, std::string const& id, std::string const& file) {
  auto const plan = out.api().get(plan_path(id));
  if (!plan)
    return out.fail(plan.error());
  std::string kept;
  auto const text =
      file.empty() ? edit_text(out, pretty_json(look::at(*plan, "content")), "plan-" + id, kept)
                   : read_input(file);
  if (!text)
    return out.fail(text.error(), "Set EDITOR, or give the content with --file FILE.");
  auto const content = json::parse(*text);
  if (!content)
    return out.fail(content.error(), kept.empty() ? "" : "Your text is in " + kept + ".");
  auto const done = out.api().put(plan_path(id), json::object{{"content", *content}});
  if (!done && !kept.empty())
    out.note("Your text is in " + kept + "; send it with --file.");
  else if (!kept.empty())
    std::filesystem::remove(kept);
  return show_done(out, done, done ? render_plan(*done, out.style()) : std::string{});
}

} // namespace

void add_plan_commands(command_line& line) {
  auto& group = line.add_group("plan", "The tickets of a brief and what they wait for.",
                               "  troupe plan show k3f9q2mx.p1\n"
                               "  troupe plan approve k3f9q2mx.p1");
  {
    auto const f = std::make_shared<list_flags>();
    auto& c = line.add(group, "list", "Lists plans, newest change first.",
                       "  troupe plan list --brief k3f9q2mx",
                       [f](console& out) { return show_list(out, "plan", "/api/plans", *f); });
    add_list_flags(c, f, {"project", "brief", "status"});
  }
  {
    auto const id = std::make_shared<std::string>();
    auto& c =
        line.add(group, "show", "Shows a plan as a graph, with the critique.",
                 "  troupe plan show k3f9q2mx.p1", [id](console& out) { return show(out, *id); });
    c.add_option("plan", *id, "id of the plan")->required()->type_name("ID");
  }
  add_decision(line, group, "approve", "Approves a plan: its run begins.", false);
  add_decision(line, group, "revise", "Sends a plan back for another proposal.", true);
  add_decision(line, group, "reject", "Rejects a plan.", false);
  {
    struct flags {
      std::string id, file;
    };
    auto const f = std::make_shared<flags>();
    auto& c = line.add(group, "edit",
                       "Edits a plan by hand, in $EDITOR or from a file; a cycle is refused with "
                       "its path.",
                       "  troupe plan edit k3f9q2mx.p1\n"
                       "  troupe plan show k3f9q2mx.p1 --json | jq .content > plan.json\n"
                       "  troupe plan edit k3f9q2mx.p1 --file plan.json",
                       [f](console& out) { return edit(out, f->id, f->file); });
    c.add_option("plan", f->id, "id of the plan")->required()->type_name("ID");
    c.add_option("--file", f->file, "JSON of the content; - for standard input")->type_name("FILE");
  }
}

} // namespace troupe
