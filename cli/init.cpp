#include "cli/base_check.hpp"
#include "cli/checkout.hpp"
#include "cli/commands.hpp"
#include "daemon/git.hpp"
#include "daemon/profile.hpp"
#include "protocol/process.hpp"

#include <algorithm>
#include <cctype>
#include <iostream>

namespace troupe {

namespace {

struct init_flags {
  bool yes = false, print = false, no_check = false;
  std::string id, base = "standard", test, profile;
};

/// What is proposed, each with its reason.
struct proposal {
  std::filesystem::path root;
  std::string id, name, repository, target, test, setup, profile;
  std::vector<std::string> copy;
  bool has_commit = true;
  std::vector<std::pair<std::string, std::string>> reasons; ///< what, because of what
};

std::string target_branch(local::git const& g) {
  // What the origin calls its main branch, else the branch that is checked out.
  if (auto const head = g.out({"symbolic-ref", "--short", "refs/remotes/origin/HEAD"}))
    return head->substr(head->find('/') + 1);
  if (auto const here = g.out({"symbolic-ref", "--short", "HEAD"}))
    return *here;
  return "main";
}

/// The first installed coding CLI, in the order in which the profiles are listed; `command` is
/// what is left where there is none.
std::string installed_profile(std::vector<local::detected_cli> const& clis) {
  for (auto const& c : clis) {
    if (!c.path.empty())
      return c.profile;
  }
  return "command";
}

result<proposal> propose(init_flags const& f) {
  auto const top = local::git{"."}.out({"rev-parse", "--show-toplevel"});
  if (!top)
    return fail(errc::invalid_argument, "this folder is in no git repository");
  std::filesystem::path const root{*top};
  local::git const g{root};
  proposal p;
  p.root = root;
  p.name = root.filename().string();
  p.id = f.id.empty() ? project_id_of(p.name) : f.id;
  if (auto const origin = g.out({"remote", "get-url", "origin"}); origin && !origin->empty()) {
    p.repository = without_credentials(*origin);
    p.reasons.emplace_back("repository", "the remote origin");
  } else {
    p.repository = root.string();
    p.reasons.emplace_back("repository", "this folder; it has no remote origin");
  }
  p.target = target_branch(g);
  p.has_commit = g.out({"rev-parse", "--verify", "--quiet", "HEAD"}).has_value();
  if (!f.test.empty()) {
    p.test = f.test;
  } else if (auto const found = detect_test_command(root)) {
    p.test = found->value;
    p.reasons.emplace_back("tests", found->because);
  }
  if (auto const found = detect_setup_command(root)) {
    p.setup = found->value;
    p.reasons.emplace_back("setup", found->because);
  }
  if (auto const ignored =
          g.out({"ls-files", "--others", "--ignored", "--exclude-standard", "-z"})) {
    p.copy = pick_env_files(local::fields_of(*ignored));
    if (!p.copy.empty())
      p.reasons.emplace_back("copied", "files outside of git that a checkout needs");
  }
  if (!f.profile.empty()) {
    p.profile = f.profile;
  } else {
    p.profile = installed_profile(local::detect_clis());
    p.reasons.emplace_back(
        "profile", p.profile == "command"
                       ? "no coding CLI was found on this machine: `troupe daemon run --command`"
                       : "it is installed on this machine");
  }
  return p;
}

/// The body for `POST /api/projects`. The roster is a list, which a merge patch replaces whole: it
/// is the template's, with the profile put in.
result<json::value> body_of(proposal const& p, std::string const& base) {
  auto const from = find_template(base);
  if (!from)
    return from.error();
  auto roster = from->config.roster;
  for (auto& a : roster) {
    if (a.engine == engine_kind::daemon)
      a.profile = p.profile;
  }
  json::object config{
      {"repository", p.repository}, {"target_branch", p.target}, {"roster", json::to(roster)}};
  if (!p.test.empty())
    config.emplace("test_command", p.test);
  json::object recipe;
  if (!p.copy.empty())
    recipe.emplace("copy", json::to(p.copy));
  if (!p.setup.empty())
    recipe.emplace("setup", p.setup);
  if (!recipe.empty())
    config.emplace("recipe", std::move(recipe));
  return json::value(json::object{
      {"id", p.id}, {"name", p.name}, {"template_name", base}, {"config", std::move(config)}});
}

std::string shown(proposal const& p, std::string const& base, text_style const& style) {
  std::string out;
  auto const line = [&](std::string const& label, std::string const& value) {
    std::string because;
    for (auto const& [what, why] : p.reasons) {
      if (what == label)
        because = "  (" + why + ")";
    }
    auto head = label;
    head.resize(12, ' ');
    out += "  " + paint(style, ink::faint, head) + "  " + (value.empty() ? "-" : value) +
           paint(style, ink::faint, because) + "\n";
  };
  line("project", p.id);
  line("template", base);
  line("repository", p.repository);
  line("target", p.target);
  line("tests", p.test);
  line("setup", p.setup);
  line("copied", look::joined(p.copy));
  line("profile", p.profile);
  return out;
}

/// No line came: the person has gone, or said no with Ctrl-D.
bool left_off() {
  return std::cin.fail();
}

/// An answer that was meant for a question of yes or no.
bool is_yes_or_no(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text.size() == 1 || text == "yes" || text == "no";
}

/// Asks what a person may want otherwise; false where there was no answer.
bool ask_all(console& out, proposal& p) {
  for (;;) {
    auto const said = out.ask("Project id?", p.id);
    if (left_off())
      return false;
    if (said == p.id || !is_yes_or_no(said)) {
      p.id = project_id_of(said);
      break;
    }
    out.print("That is asked later; here an id is meant, a-z, 0-9 and -. Ctrl-C ends.\n");
  }
  do {
    p.test = out.ask(p.test.empty() ? "Command that runs the tests? (none: there is nothing to run)"
                                    : "Command that runs the tests?",
                     p.test);
    if (left_off())
      return false;
    if (p.test.empty())
      out.print("A command is wanted, or `none` where there is nothing to run. Ctrl-C ends.\n");
  } while (p.test.empty());
  p.profile = out.ask("Runner profile of the developers?", p.profile);
  return !left_off();
}

/// What to do after the project was made, to be copied line by line.
std::string next_steps(console const& out, proposal const& p) {
  auto const server = out.loaded().origins.at("client.server") == "default"
                          ? std::string{}
                          : " --server " + out.configured().client.server;
  bool const command = p.profile == "command";
  auto const& url = out.configured().client.server;
  bool const here = url.find("//127.") != std::string::npos ||
                    url.find("//localhost") != std::string::npos ||
                    url.find("//[::1]") != std::string::npos;
  // The machine that works is mostly this one where the server is.
  auto const enrol = here ? " | troupe daemon enroll" + server + " --code -\n"
                          : "\n  troupe daemon enroll" + server +
                                " --code CODE      # on the machine that works\n";
  return "\nNext:\n"
         "  troupe daemon code" +
         server + enrol + "  troupe daemon run" +
         std::string{command ? " --command 'your script'" : ""} +
         "      # stays; in a terminal of its own\n"
         "  troupe brief submit notes.txt" +
         server + " --project " + p.id + " --wait" +
         std::string{command ? "\nThe profile `command` runs a script of yours; what it gets and "
                               "answers is in docs/runners.md.\nWith Claude Code, Codex, Cursor or "
                               "Gemini CLI installed no --command is needed: `troupe doctor`."
                             : "\nWithout that CLI, any script works: `troupe daemon run "
                               "--command 'your script'`, docs/runners.md."};
}

/// Runs the tests once where agents will begin. Where they fail, every attempt would end in the
/// tests gate, whatever it has done: that is said. Answers whether it may go on so.
bool tests_pass(console const& out, proposal const& p) {
  if (p.test == "none" || !p.has_commit)
    return true;
  out.note("running the tests once on " + p.target + ": " + p.test + " …");
  base_to_check what;
  what.root = p.root;
  what.target = p.target;
  what.setup = p.setup;
  what.test = p.test;
  what.copy = p.copy;
  auto const said = check_base(what);
  if (!said) {
    out.remark("The tests could not be tried on " + p.target + ": " + said.error().message + ".");
    return true;
  }
  if (said->passes()) {
    out.note("The tests pass on " + p.target + ".");
    return true;
  }
  auto const how =
      said->timed_out
          ? "did not end within " + look::span(static_cast<std::int64_t>(what.patience.count()))
          : "ends with exit code " + std::to_string(said->exit_code);
  out.remark("! On " + p.target + ", before anybody has changed anything, `" + said->command +
             "` " + how + (said->last_lines.empty() ? ".\n" : ":\n" + said->last_lines) +
             "So no work of an agent could pass the tests gate. Mend that on " + p.target +
             " first, or name another command: `troupe project change " + p.id +
             " --test COMMAND`. (--no-check leaves this trial out.)");
  return false;
}

/// A profile that nobody offers is mostly mistyped: its tickets would wait for ever.
void check_profile(console& out, proposal const& p) {
  std::vector<std::string> known;
  auto const& set = out.configured().daemon;
  auto const data = set.data.empty() ? out.data() / "daemon" : std::filesystem::path{set.data};
  if (auto const here = local::load_profiles(
          set.profiles.empty() ? data / "profiles" : std::filesystem::path{set.profiles}))
    for (auto const& [name, profile] : *here)
      known.push_back(name);
  if (auto const daemons = out.api().all("/api/daemons", {}))
    for (auto const& d : look::list(*daemons, "items"))
      for (auto const& r : look::list(d, "runners"))
        if (auto const name = look::text(r, "profile");
            std::find(known.begin(), known.end(), name) == known.end())
          known.push_back(name);
  if (std::find(known.begin(), known.end(), p.profile) != known.end())
    return;
  out.remark("! No daemon offers the profile " + p.profile +
             ", and this machine does not know it; there are: " + look::joined(known) +
             ". Its tickets wait until one does.");
}

int init(console& out, init_flags const& f) {
  auto p = propose(f);
  if (!p)
    return out.fail(p.error(), "Go to your repository, or make one with `git init`.");
  bool const asks = out.interactive() && !f.yes && !f.print && !out.json();
  if (asks) {
    out.print("Proposed for this repository:\n" + shown(*p, f.base, out.style()) + "\n");
    if (!ask_all(out, *p)) {
      out.note("\nNothing was created.");
      return exit_code::failed;
    }
  }
  auto const body = body_of(*p, f.base);
  if (!body)
    return out.fail(body.error());
  if (f.print) {
    if (out.json())
      out.print_json(*body);
    else
      out.print(pretty_json(*body));
    return exit_code::ok;
  }
  if (!asks && !f.yes)
    return out.misuse("without a terminal nothing is created unasked",
                      "Accept the proposal with --yes, or look at it with --print.");
  if (p->test.empty())
    return out.misuse("no test command was found, and without one the tests gate cannot pass",
                      "Give it with --test COMMAND; --test none where there is nothing to run.");
  // The same project made again is no mistake for the server; a person wants to know.
  bool const existed = out.api().get("/api/projects/" + segment(p->id)).has_value();
  check_profile(out, *p);
  bool const sound = existed || f.no_check || tests_pass(out, *p);
  if (asks && (!out.confirm("Create project " + p->id + " on " + out.api().server() + "?", sound) ||
               left_off())) {
    out.note("Nothing was created.");
    return exit_code::failed;
  }
  auto const done = out.api().post("/api/projects", *body);
  if (!done)
    return done.error().code == errc::conflict
               ? out.fail(fail(errc::conflict, "project " + p->id + " exists already"),
                          "`troupe project show " + p->id +
                              "` shows it; another id goes with --project ID.")
               : out.fail(done.error());
  auto const code =
      out.show(*done, existed ? "Project " + p->id + " exists already, just as proposed; nothing " +
                                    "was changed.\n"
                              : render_project(*done, out.style()));
  out.note(next_steps(out, *p));
  if (!p->has_commit)
    out.note("The repository has no commit yet, and agents begin from one: `git add -A && git "
             "commit -m \"Begin\"`.");
  return code;
}

} // namespace

void add_init_command(command_line& line) {
  auto const f = std::make_shared<init_flags>();
  auto const c =
      line.add(line.root(), "init",
               "Proposes a project for the repository of this folder and creates it: finds "
               "the test command, files outside of git, installed coding CLIs. Runs the tests once "
               "on the branch that agents begin from.",
               "  troupe init\n"
               "  troupe init --yes --project tally --test \"make check\"\n"
               "  troupe init --print > project.json",
               [f](console& out) { return init(out, *f); });
  c.add_flag("--yes", f->yes, "accept the proposal without asking");
  c.add_flag("--print", f->print, "print the request's JSON; create nothing");
  c.add_option("--project", f->id, "id of the project (from the folder's name)").type_name("ID");
  c.add_option("--template", f->base, "solo, standard or company (standard)").type_name("NAME");
  c.add_option("--test", f->test, "command that runs the tests; none: there is nothing to run")
      .type_name("COMMAND");
  c.add_flag("--no-check", f->no_check, "do not run the tests once before it is created");
  c.add_option("--profile", f->profile, "runner profile of agents that work on a daemon")
      .type_name("NAME");
}

} // namespace troupe
