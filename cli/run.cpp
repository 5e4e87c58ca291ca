#include "cli/entity_commands.hpp"

namespace troupe {

namespace {

entity_words const run_words{"run", "/api/runs/", "k3f9q2mx.r1"};

bool is_over(json::value const& run) {
  auto const status = look::text(run, "status");
  return !status.empty() && status.front() >= 'A' && status.front() <= 'Z';
}

int show(console& out, std::string const& id, bool follow) {
  auto run = out.api().get(run_words.path_of(id));
  if (!run)
    return out.fail(run.error());
  if (follow) {
    run = wait_for(out, run_words.path_of(id), look::text(*run, "brief"), is_over);
    if (!run)
      return fail_waiting(out, run.error(),
                          "`troupe run show " + id + " --follow` follows it again.");
  }
  out.show(*run, render_run(*run, out.style()));
  if (!out.json() && look::text(*run, "status") == "running")
    if (auto const tickets = out.api().all("/api/tickets", {{"run", id}}))
      note_lacks(out, look::list(*tickets, "items"));
  bool const bad = follow && look::text(*run, "status") != "COMPLETED";
  return bad ? exit_code::failed : exit_code::ok;
}

/// A stopped run goes on only when a person says so: which approval that is.
std::string whom_to_ask(json::value const& run) {
  if (auto const next = look::text(run, "next"); !next.empty())
    return "It goes on as run " + next + ": `troupe run show " + next + "`.";
  return "It goes on when a person says so: `troupe approve " + look::text(run, "id") + ".c" +
         std::to_string(look::number(run, "asked", 1)) + "`.";
}

std::string how_to_go_on(json::value const& run) {
  return "What is left of it is kept: `troupe run continue " + look::text(run, "id") + "`.";
}

} // namespace

void add_run_commands(command_line& line) {
  auto& group = line.add_group("run", "Executions of approved plans.",
                               "  troupe run show k3f9q2mx.r1 --follow\n"
                               "  troupe run pause k3f9q2mx.r1\n"
                               "  troupe run stop k3f9q2mx.r1 --why \"the release comes first\"");
  {
    auto const f = std::make_shared<list_flags>();
    auto& c = line.add(group, "list", "Lists runs, newest change first.",
                       "  troupe run list --status running",
                       [f](console& out) { return show_list(out, "run", "/api/runs", *f); });
    add_list_flags(c, f, {"project", "brief", "status"});
  }
  {
    struct flags {
      std::string id;
      bool follow = false;
    };
    auto const f = std::make_shared<flags>();
    auto& c =
        line.add(group, "show", "Shows a run: its tickets as a graph, and what it cost.",
                 "  troupe run show k3f9q2mx.r1\n"
                 "  troupe run show k3f9q2mx.r1 --follow   # until it ends; 1 unless completed",
                 [f](console& out) { return show(out, f->id, f->follow); });
    c.add_option("run", f->id, "id of the run")->required()->type_name("ID");
    c.add_flag("--follow", f->follow, "tell what happens until it ends");
  }
  add_entity_steps(line, group, run_words,
                   {{"start", "Begins a run that is a draft or waits for its turn.", false},
                    {"stop", "Stops a run in good order; what is left of it can be continued.",
                     true, how_to_go_on},
                    {"continue",
                     "Asks a person whether a stopped run shall go on, as a new run with its "
                     "tickets.",
                     true, whom_to_ask},
                    {"pause", "Pauses a run: no new attempts begin.", true},
                    {"resume", "Goes on with a paused run.", false},
                    {"cancel", "Cancels a run with its tickets.", true}});
}

} // namespace troupe
