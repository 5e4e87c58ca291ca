#include "cli/entity_commands.hpp"

namespace troupe {

namespace {

entity_words const plan_words{"plan", "/api/plans/", "k3f9q2mx.p1"};

/// The tickets of the plan's brief, for how far each is; null before there are some.
json::value tickets_of(console& out, json::value const& plan) {
  auto const status = look::text(plan, "status");
  // The first version has none before it is active; a later one stands beside those that are.
  bool const any = status == "active" || status == "COMPLETED" || status == "FAILED" ||
                   status == "SUPERSEDED" || look::number(plan, "number", 1) > 1;
  if (!any)
    return {};
  auto found = out.api().all("/api/tickets", {{"brief", look::text(plan, "brief")}});
  return found ? std::move(*found) : json::value{};
}

int show(console& out, std::string const& id) {
  auto const plan = out.api().get(plan_words.path_of(id));
  if (!plan)
    return out.fail(plan.error());
  auto const code = out.show(*plan, render_plan(*plan, out.style(), tickets_of(out, *plan)));
  if (look::text(*plan, "status") == "pending_approval")
    out.note("\nNext: `troupe plan approve " + id + "`, `troupe plan edit " + id +
             "`, or `troupe plan revise " + id + " --notes TEXT`.");
  return code;
}

/// What to do when a plan was approved. Nothing is worked where nobody can.
std::string after_approval(console& out, json::value const& plan) {
  auto next = "Next: `troupe watch --brief " + look::text(plan, "brief") + "`.";
  auto const project = out.api().get("/api/projects/" + segment(look::text(plan, "project")));
  if (project)
    for (auto const& lack : look::list(*project, "lacks"))
      next += "\nTickets will wait for " + lack_sentence(lack);
  return next;
}

} // namespace

void add_plan_commands(command_line& line) {
  auto const group = line.add_group("plan", "The tickets of a brief and what they wait for.",
                                    "  troupe plan show k3f9q2mx.p1\n"
                                    "  troupe plan approve k3f9q2mx.p1");
  {
    auto const f = std::make_shared<list_flags>();
    auto const c = line.add(group, "list", "Lists plans, newest change first.",
                            "  troupe plan list --brief k3f9q2mx",
                            [f](console& out) { return show_list(out, "plan", "/api/plans", *f); });
    add_list_flags(c, f, {"project", "brief", "status"});
  }
  {
    auto const id = std::make_shared<std::string>();
    auto const c =
        line.add(group, "show", "Shows a plan as a graph, with the critique.",
                 "  troupe plan show k3f9q2mx.p1", [id](console& out) { return show(out, *id); });
    c.add_option("plan", *id, "id of the plan").required().type_name("ID");
  }
  add_entity_decision(line, group, plan_words,
                      {"approve", "Approves a plan: its run begins.", "", after_approval});
  add_entity_decision(
      line, group, plan_words,
      {"revise", "Sends a plan back for another proposal.", "one ticket a module", {}});
  add_entity_decision(line, group, plan_words, {"reject", "Rejects a plan.", "", {}});
  add_entity_edit(
      line, group, plan_words,
      "Edits a plan by hand, in $EDITOR or from a file; a cycle is refused with its "
      "path.",
      [](console const& out, json::value const& p) { return render_plan(p, out.style()); });
}

} // namespace troupe
