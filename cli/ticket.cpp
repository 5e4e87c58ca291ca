#include "cli/commands.hpp"

namespace troupe {

namespace {

std::string ticket_path(std::string const& id) {
  return "/api/tickets/" + segment(id);
}

int post(console& out, std::string const& id, std::string const& what, json::value const& body) {
  auto const done = out.api().post(ticket_path(id) + "/" + what, body);
  return show_done(out, done, done ? status_line(out, "Ticket", *done) : std::string{});
}

struct ticket_flags {
  std::string id, text, why, message, reply_to;
  std::vector<std::string> notes, metrics, blockers, next_steps;
  bool approve = false;
  bool changes = false;
};

command add_for_ticket(command_line& line, command group, std::shared_ptr<ticket_flags> const& f,
                       std::string const& name, std::string const& what,
                       std::string const& examples, command_line::action run) {
  auto const c = line.add(group, name, what, examples, std::move(run));
  c.add_option("ticket", f->id, "id of the ticket").required().type_name("ID");
  return c;
}

/// A text of the command line; of standard input where it is `-`.
result<std::string> text_or_input(std::string const& text) {
  return text == "-" ? read_input("-", 64 * 1024) : result<std::string>{text};
}

int comment(console& out, ticket_flags const& f) {
  json::object metrics;
  for (auto const& m : f.metrics) {
    auto const equals = m.find('=');
    if (equals == std::string::npos)
      return out.misuse("--metric " + m + " is not NAME=VALUE",
                        "See `troupe ticket comment --help`.");
    metrics.emplace(m.substr(0, equals), m.substr(equals + 1));
  }
  auto const text = text_or_input(f.text);
  if (!text)
    return out.fail(text.error());
  auto const done = out.api().post(ticket_path(f.id) + "/comments",
                                   json::object{{"text", *text},
                                                {"reply_to", f.reply_to},
                                                {"metrics", std::move(metrics)},
                                                {"blockers", json::to(f.blockers)},
                                                {"next_steps", json::to(f.next_steps)}});
  return show_done(out, done,
                   "Kept on ticket " + paint(out.style(), ink::name, f.id) +
                       "; `troupe ticket show " + f.id + "` shows it.\n");
}

void add_talk(command_line& line, command group) {
  {
    auto const f = std::make_shared<ticket_flags>();
    auto const c =
        add_for_ticket(line, group, f, "comment", "Leaves a note on a ticket.",
                       "  troupe ticket comment k3f9q2mx-2 \"see the mail of Monday\"\n"
                       "  troupe ticket comment k3f9q2mx-2 \"measured\" --metric p99=12ms",
                       [f](console& out) { return comment(out, *f); });
    c.add_option("text", f->text, "the note; - for standard input").required().type_name("TEXT");
    c.add_option("--reply-to", f->reply_to, "id of the comment that this answers").type_name("ID");
    c.add_option("--metric", f->metrics, "a number with its name; may come again")
        .type_name("NAME=VALUE");
    c.add_option("--blocker", f->blockers, "what stands in the way; may come again")
        .type_name("TEXT");
    c.add_option("--next", f->next_steps, "what comes next; may come again").type_name("TEXT");
  }
  {
    auto const f = std::make_shared<ticket_flags>();
    auto const c = add_for_ticket(
        line, group, f, "answer", "Answers the question that a ticket waits for.",
        "  troupe ticket answer k3f9q2mx-2 \"yes, upper case counts\"", [f](console& out) {
          return post(out, f->id, "answer",
                      json::object{{"message", f->message}, {"text", f->text}});
        });
    c.add_option("text", f->text, "the answer").required().type_name("TEXT");
    c.add_option("--message", f->message, "which question, where there are several")
        .type_name("ID");
  }
}

void add_verdicts(command_line& line, command group) {
  {
    auto const f = std::make_shared<ticket_flags>();
    auto const c = add_for_ticket(
        line, group, f, "review", "Reviews a ticket that is in review.",
        "  troupe ticket review k3f9q2mx-2 --approve\n"
        "  troupe ticket review k3f9q2mx-2 --changes --note \"0 must print 0s\"",
        [f](console& out) {
          if (f->approve == f->changes)
            return out.misuse("say either --approve or --changes",
                              "See `troupe ticket review --help`.");
          return post(out, f->id, "review",
                      json::object{{"approved", f->approve}, {"notes", json::to(f->notes)}});
        });
    c.add_flag("--approve", f->approve, "it is good");
    c.add_flag("--changes", f->changes, "it goes back, with notes");
    c.add_option("--note", f->notes, "one point; may come again").type_name("TEXT");
  }
  struct resolution {
    char const *name, *what;
  };
  for (auto const& r : {resolution{"retry", "Tries a ticket again that failed."},
                        resolution{"replan", "Gives a failed ticket up and asks for another plan."},
                        resolution{"fail", "Gives a failed ticket up."}}) {
    auto const f = std::make_shared<ticket_flags>();
    std::string const how = r.name;
    auto const c = add_for_ticket(
        line, group, f, how, r.what, "  troupe ticket " + how + " k3f9q2mx-2",
        [f, how](console& out) {
          return post(out, f->id, "resolve", json::object{{"how", how}, {"why", f->why}});
        });
    c.add_option("--why", f->why, "for the ledger").type_name("TEXT");
  }
  auto const f = std::make_shared<ticket_flags>();
  auto const c = add_for_ticket(line, group, f, "cancel", "Cancels a ticket.",
                                "  troupe ticket cancel k3f9q2mx-2 --why \"no longer wanted\"",
                                [f](console& out) {
                                  return post(out, f->id, "cancel", json::object{{"why", f->why}});
                                });
  c.add_option("--why", f->why, "for the ledger").type_name("TEXT");
}

struct new_ticket {
  std::string project, title, text, role;
  std::string priority = "normal";
  std::vector<std::string> criteria, files;
};

int add(console& out, new_ticket const& f) {
  auto const text = text_or_input(f.text);
  if (!text)
    return out.fail(text.error());
  auto const done = out.api().post("/api/tickets", json::object{{"project", f.project},
                                                                {"title", f.title},
                                                                {"text", *text},
                                                                {"role", f.role},
                                                                {"criteria", json::to(f.criteria)},
                                                                {"files", json::to(f.files)},
                                                                {"importance", f.priority}});
  auto const code = show_done(out, done, done ? status_line(out, "Ticket", *done) : std::string{});
  if (done)
    out.note("Next: `troupe ticket show " + look::text(*done, "id") + "`; it is the only one of " +
             "run " + look::text(*done, "run") + ".");
  return code;
}

struct work_report {
  std::string id, outcome, summary, head, base;
  std::vector<std::string> notes, files;
};

int report(console& out, work_report const& f) {
  auto const done =
      out.api().post(ticket_path(f.id) + "/report", json::object{{"outcome", f.outcome},
                                                                 {"summary", f.summary},
                                                                 {"head", f.head},
                                                                 {"base", f.base},
                                                                 {"notes", json::to(f.notes)},
                                                                 {"files", json::to(f.files)}});
  auto const code = show_done(out, done, done ? status_line(out, "Ticket", *done) : std::string{});
  if (done)
    out.note("Next: `troupe ticket show " + f.id + "` shows what becomes of it.");
  return code;
}

/// Work of people: tickets outside of a plan, and what a person did.
void add_by_hand(command_line& line, command group) {
  {
    auto const f = std::make_shared<new_ticket>();
    auto const c = line.add(group, "add", "Makes a ticket by hand, outside of a plan.",
                            "  troupe ticket add --project tally --title \"Tidy the index\"\n"
                            "  troupe ticket add --project tally --title \"Accept weeks\" --text - "
                            "--criterion \"1w is 604800\" < notes.txt",
                            [f](console& out) { return add(out, *f); });
    c.add_option("--project", f->project, "id of the project").required().type_name("ID");
    c.add_option("--title", f->title, "what is to be done, in a line").required().type_name("TEXT");
    c.add_option("--text", f->text, "the whole of it; - for standard input").type_name("TEXT");
    c.add_option("--criterion", f->criteria, "how to tell that it is done; may come again")
        .type_name("TEXT");
    c.add_option("--role", f->role, "whose work it is, where it is not the stage's")
        .type_name("ROLE");
    c.add_option("--file", f->files, "a file that it is about; may come again").type_name("PATH");
    c.add_option("--priority", f->priority, "low, normal, high or urgent (normal)")
        .one_of({"low", "normal", "high", "urgent"})
        .type_name("HOW");
  }
  auto const f = std::make_shared<work_report>();
  auto const c = line.add(
      group, "report", "Reports what a person did with the ticket that was given to him.",
      "  troupe ticket report k3f9q2mx-2 --outcome done --summary \"called the customer\"\n"
      "  troupe ticket report k3f9q2mx-2 --outcome done --summary \"weeks are read\" --head "
      "\"$(git rev-parse HEAD)\"\n"
      "  troupe ticket report k3f9q2mx-2 --outcome changes_requested --summary \"0 prints "
      "nothing\" --note \"0 must print 0s\"",
      [f](console& out) { return report(out, *f); });
  c.add_option("ticket", f->id, "id of the ticket").required().type_name("ID");
  c.add_option("--outcome", f->outcome, "done, changes_requested or failed")
      .required()
      .one_of({"done", "changes_requested", "failed"})
      .type_name("HOW");
  c.add_option("--summary", f->summary, "what was done, in your own words")
      .required()
      .type_name("TEXT");
  c.add_option("--head", f->head, "commit that holds the work; none: nothing was changed")
      .type_name("COMMIT");
  c.add_option("--base", f->base, "commit that the work began at").type_name("COMMIT");
  c.add_option("--note", f->notes, "one point of a review; may come again").type_name("TEXT");
  c.add_option("--file", f->files, "a file that was changed; may come again").type_name("PATH");
}

} // namespace

void add_ticket_commands(command_line& line) {
  auto const group =
      line.add_group("ticket", "Units of work: state, conversation, evidence.",
                     "  troupe ticket list --brief k3f9q2mx\n"
                     "  troupe ticket show k3f9q2mx-2\n"
                     "  troupe ticket add --project tally --title \"Tidy the index\"");
  {
    auto const f = std::make_shared<list_flags>();
    auto const c =
        line.add(group, "list", "Lists tickets, newest change first.",
                 "  troupe ticket list --project tally --status waiting",
                 [f](console& out) { return show_list(out, "ticket", "/api/tickets", *f); });
    add_list_flags(c, f, {"project", "brief", "run", "status"});
  }
  {
    auto const f = std::make_shared<ticket_flags>();
    add_for_ticket(line, group, f, "show",
                   "Shows a ticket: state, attempts, gates, evidence and its conversation.",
                   "  troupe ticket show k3f9q2mx-2",
                   [f](console& out) { return show_one(out, ticket_path(f->id), render_ticket); });
  }
  add_by_hand(line, group);
  add_talk(line, group);
  add_verdicts(line, group);
}

} // namespace troupe
