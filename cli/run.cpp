#include "cli/entity_commands.hpp"

namespace troupe {

namespace {

entity_words const run_words{"run", "/api/runs/", "k3f9q2mx.r1"};

bool is_over(json::value const& run) {
  auto const status = look::text(run, "status");
  return !status.empty() && status.front() >= 'A' && status.front() <= 'Z';
}

/// `3 of 5 tickets done`.
std::string progress_of(json::value const& run) {
  std::int64_t done = 0;
  std::int64_t all = 0;
  for (auto const& i : look::list(run, "items")) {
    auto const outcome = look::text(i, "outcome");
    all += outcome != "replaced";
    done += outcome == "done";
  }
  return std::to_string(done) + " of " + look::count(all, "ticket") + " done";
}

/// A failed ticket that is to be replaced: who has the word now.
void note_replans(console& out, json::value const& run) {
  auto const brief = look::text(run, "brief");
  std::vector<std::string> failed;
  for (auto const& i : look::list(run, "items"))
    if (look::text(i, "outcome") == "failed" && look::flag(i, "replan"))
      failed.push_back(look::text(i, "ticket"));
  if (failed.empty() || brief.empty())
    return;
  auto const which = look::joined(failed) +
                     (failed.size() == 1 ? " failed and is" : " failed and are") +
                     " to be replaced by the next version of the plan";
  auto const plans =
      out.api().get("/api/plans", {{"brief", brief}, {"status", "pending_approval"}});
  if (plans && !look::list(*plans, "items").empty()) {
    auto const plan = look::text(look::list(*plans, "items").front(), "id");
    out.note(which + ", which waits for you: `troupe plan show " + plan +
             "`, then `troupe plan approve " + plan + "`.");
    return;
  }
  auto const b = out.api().get("/api/briefs/" + segment(brief));
  auto const status = b ? look::text(*b, "status") : std::string{};
  out.note(which + (status == "planning"
                        ? ", which is being made: `troupe brief show " + brief + "`."
                        : ": `troupe brief show " + brief + "`" +
                              (status.empty() ? "." : " (" + status + ").")));
}

int show(console& out, std::string const& id, bool follow) {
  auto run = out.api().get(run_words.path_of(id));
  if (!run)
    return out.fail(run.error());
  if (follow) {
    auto const stands = "Run " + id + " is " + look::text(*run, "status") + ", " +
                        progress_of(*run) + "; following until it ends …";
    run = wait_for(out, run_words.path_of(id), look::text(*run, "brief"), is_over,
                   [&] { out.note(stands); });
    if (!run)
      return fail_waiting(out, run.error(),
                          "`troupe run show " + id + " --follow` follows it again.");
  }
  auto const tickets = out.json() ? result<json::value>{json::value{}}
                                  : out.api().all("/api/tickets", {{"run", id}});
  out.show(*run, render_run(*run, out.style(), tickets ? *tickets : json::value{}));
  if (!out.json() && look::text(*run, "status") == "running") {
    note_replans(out, *run);
    if (tickets)
      note_lacks(out, look::list(*tickets, "items"));
  }
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
  auto const group =
      line.add_group("run", "Executions of approved plans.",
                     "  troupe run show k3f9q2mx.r1 --follow\n"
                     "  troupe run pause k3f9q2mx.r1\n"
                     "  troupe run stop k3f9q2mx.r1 --why \"the release comes first\"");
  {
    auto const f = std::make_shared<list_flags>();
    auto const c = line.add(group, "list", "Lists runs, newest change first.",
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
    auto const c =
        line.add(group, "show", "Shows a run: its tickets as a graph, and what it cost.",
                 "  troupe run show k3f9q2mx.r1\n"
                 "  troupe run show k3f9q2mx.r1 --follow   # until it ends; 1 unless completed",
                 [f](console& out) { return show(out, f->id, f->follow); });
    c.add_option("run", f->id, "id of the run").required().type_name("ID");
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
