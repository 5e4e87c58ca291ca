#include "cli/commands.hpp"

namespace troupe {

namespace {

std::string run_path(std::string const& id) {
  return "/api/runs/" + segment(id);
}

bool is_over(json::value const& run) {
  auto const status = look::text(run, "status");
  return !status.empty() && status.front() >= 'A' && status.front() <= 'Z';
}

int show(console& out, std::string const& id, bool follow) {
  auto run = out.api().get(run_path(id));
  if (!run)
    return out.fail(run.error());
  if (follow) {
    run = wait_for(out, run_path(id), look::text(*run, "brief"), is_over);
    if (!run) {
      auto const code =
          out.fail(run.error(), "`troupe run show " + id + " --follow` follows it again.");
      return look::flag(json::value(run.error().details), "interrupted") ? exit_code::interrupted
                                                                         : code;
    }
  }
  out.show(*run, render_run(*run, out.style()));
  bool const bad = follow && look::text(*run, "status") != "COMPLETED";
  return bad ? exit_code::failed : exit_code::ok;
}

} // namespace

void add_run_commands(command_line& line) {
  auto& group = line.add_group("run", "Executions of approved plans.",
                               "  troupe run show k3f9q2mx.r1 --follow\n"
                               "  troupe run pause k3f9q2mx.r1");
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
  struct step {
    char const *name, *what;
    bool has_why;
  };
  for (auto const& s : {step{"pause", "Pauses a run: no new attempts begin.", true},
                        step{"resume", "Goes on with a paused run.", false},
                        step{"cancel", "Cancels a run with its tickets.", true}}) {
    struct flags {
      std::string id, why;
    };
    auto const f = std::make_shared<flags>();
    std::string const name = s.name;
    bool const has_why = s.has_why;
    auto& c = line.add(
        group, name, s.what, "  troupe run " + name + " k3f9q2mx.r1",
        [f, name, has_why](console& out) {
          auto const done =
              out.api().post(run_path(f->id) + "/" + name,
                             has_why ? json::value(json::object{{"why", f->why}}) : json::value{});
          return show_done(out, done, done ? status_line(out, "Run", *done) : std::string{});
        });
    c.add_option("run", f->id, "id of the run")->required()->type_name("ID");
    if (has_why)
      c.add_option("--why", f->why, "for the ledger")->type_name("TEXT");
  }
}

} // namespace troupe
