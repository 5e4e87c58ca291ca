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

CLI::App& add_for_ticket(command_line& line, CLI::App& group,
                         std::shared_ptr<ticket_flags> const& f, std::string const& name,
                         std::string const& what, std::string const& examples,
                         command_line::action run) {
  auto& c = line.add(group, name, what, examples, std::move(run));
  c.add_option("ticket", f->id, "id of the ticket")->required()->type_name("ID");
  return c;
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
  auto text = f.text;
  if (text == "-") {
    auto const read = read_input("-", 64 * 1024);
    if (!read)
      return out.fail(read.error());
    text = *read;
  }
  return post(out, f.id, "comments",
              json::object{{"text", text},
                           {"reply_to", f.reply_to},
                           {"metrics", std::move(metrics)},
                           {"blockers", json::to(f.blockers)},
                           {"next_steps", json::to(f.next_steps)}});
}

void add_talk(command_line& line, CLI::App& group) {
  {
    auto const f = std::make_shared<ticket_flags>();
    auto& c = add_for_ticket(line, group, f, "comment", "Leaves a note on a ticket.",
                             "  troupe ticket comment k3f9q2mx-2 \"see the mail of Monday\"\n"
                             "  troupe ticket comment k3f9q2mx-2 \"measured\" --metric p99=12ms",
                             [f](console& out) { return comment(out, *f); });
    c.add_option("text", f->text, "the note; - for standard input")->required()->type_name("TEXT");
    c.add_option("--reply-to", f->reply_to, "id of the comment that this answers")->type_name("ID");
    c.add_option("--metric", f->metrics, "a number with its name; may come again")
        ->type_name("NAME=VALUE");
    c.add_option("--blocker", f->blockers, "what stands in the way; may come again")
        ->type_name("TEXT");
    c.add_option("--next", f->next_steps, "what comes next; may come again")->type_name("TEXT");
  }
  {
    auto const f = std::make_shared<ticket_flags>();
    auto& c = add_for_ticket(
        line, group, f, "answer", "Answers the question that a ticket waits for.",
        "  troupe ticket answer k3f9q2mx-2 \"yes, upper case counts\"", [f](console& out) {
          return post(out, f->id, "answer",
                      json::object{{"message", f->message}, {"text", f->text}});
        });
    c.add_option("text", f->text, "the answer")->required()->type_name("TEXT");
    c.add_option("--message", f->message, "which question, where there are several")
        ->type_name("ID");
  }
}

void add_verdicts(command_line& line, CLI::App& group) {
  {
    auto const f = std::make_shared<ticket_flags>();
    auto& c = add_for_ticket(
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
    c.add_option("--note", f->notes, "one point; may come again")->type_name("TEXT");
  }
  struct resolution {
    char const *name, *what;
  };
  for (auto const& r : {resolution{"retry", "Tries a ticket again that failed."},
                        resolution{"replan", "Gives a failed ticket up and asks for another plan."},
                        resolution{"fail", "Gives a failed ticket up."}}) {
    auto const f = std::make_shared<ticket_flags>();
    std::string const how = r.name;
    auto& c = add_for_ticket(
        line, group, f, how, r.what, "  troupe ticket " + how + " k3f9q2mx-2",
        [f, how](console& out) {
          return post(out, f->id, "resolve", json::object{{"how", how}, {"why", f->why}});
        });
    c.add_option("--why", f->why, "for the ledger")->type_name("TEXT");
  }
  auto const f = std::make_shared<ticket_flags>();
  auto& c = add_for_ticket(line, group, f, "cancel", "Cancels a ticket.",
                           "  troupe ticket cancel k3f9q2mx-2 --why \"no longer wanted\"",
                           [f](console& out) {
                             return post(out, f->id, "cancel", json::object{{"why", f->why}});
                           });
  c.add_option("--why", f->why, "for the ledger")->type_name("TEXT");
}

} // namespace

void add_ticket_commands(command_line& line) {
  auto& group = line.add_group("ticket", "Units of work: state, conversation, evidence.",
                               "  troupe ticket list --brief k3f9q2mx\n"
                               "  troupe ticket show k3f9q2mx-2");
  {
    auto const f = std::make_shared<list_flags>();
    auto& c = line.add(group, "list", "Lists tickets, newest change first.",
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
  add_talk(line, group);
  add_verdicts(line, group);
}

} // namespace troupe
