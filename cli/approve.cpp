#include "cli/commands.hpp"

namespace troupe {

namespace {

/// What waits for a person: open approvals, and tickets that wait for somebody.
int list(console& out) {
  auto approvals = out.api().all("/api/approvals", {{"status", "pending"}});
  auto tickets = approvals ? out.api().all("/api/tickets", {{"status", "waiting"}}) : approvals;
  auto failed = tickets ? out.api().all("/api/tickets", {{"status", "failed_pending"}}) : tickets;
  if (!failed)
    return out.fail(failed.error());
  json::array waiting;
  for (auto const& t : look::list(*tickets, "items")) {
    for (auto const& w : look::list(t, "waits")) {
      if (look::text(w, "owner").starts_with("human:")) {
        waiting.push_back(t);
        break;
      }
    }
  }
  for (auto const& t : look::list(*failed, "items"))
    waiting.push_back(t);
  auto const& asked = look::list(*approvals, "items");
  std::string text;
  if (asked.empty() && waiting.empty())
    text = "Nothing waits for a person.\n";
  if (!asked.empty())
    text += render_list("approval", *approvals, out.style());
  if (!waiting.empty())
    text += (text.empty() ? "" : "\n") +
            render_list("ticket", json::object{{"items", waiting}}, out.style());
  auto const any = !asked.empty();
  auto const code = out.show(json::object{{"approvals", asked}, {"tickets", waiting}}, text);
  if (any)
    out.note("\nNext: `troupe brief show` or `plan show` the subject, then `troupe approve "
             "APPROVAL`.");
  return code;
}

int decide(console& out, std::string const& id, std::string const& how, std::string const& notes) {
  auto const path = "/api/approvals/" + segment(id);
  auto const approval = out.api().get(path);
  if (!approval)
    return out.fail(approval.error(), "`troupe approve` lists what waits for a person.");
  auto const done = out.api().post(
      path + "/decide", json::object{{"how", how},
                                     {"notes", notes},
                                     {"content_hash", look::text(*approval, "content_hash")}});
  return show_done(out, done, done ? status_line(out, "Approval", *done) : std::string{});
}

} // namespace

void add_approve_command(command_line& line) {
  struct flags {
    std::string id, notes;
    bool revise = false, reject = false, show = false;
  };
  auto const f = std::make_shared<flags>();
  auto& c = line.add(
      line.root(), "approve", "Lists what waits for a person, or decides one approval.",
      "  troupe approve                     # what waits\n"
      "  troupe approve k3f9q2mx.a1\n"
      "  troupe approve k3f9q2mx.a1 --revise --notes \"leave months out\"",
      [f](console& out) {
        if (f->id.empty())
          return list(out);
        if (f->revise && f->reject)
          return out.misuse("say either --revise or --reject", "See `troupe approve --help`.");
        if (f->show)
          return show_one(out, "/api/approvals/" + segment(f->id), render_approval);
        return decide(out, f->id,
                      f->reject   ? "reject"
                      : f->revise ? "revise"
                                  : "approve",
                      f->notes);
      });
  c.add_option("approval", f->id, "id of the approval; left out: lists")->type_name("ID");
  c.add_option("--notes", f->notes, "why, or what is to change")->type_name("TEXT");
  c.add_flag("--revise", f->revise, "send it back instead");
  c.add_flag("--reject", f->reject, "reject it instead");
  c.add_flag("--show", f->show, "only show the question");
}

} // namespace troupe
