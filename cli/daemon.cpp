#include "cli/commands.hpp"
#include "cli/log.hpp"
#include "cli/text/table.hpp"
#include "daemon/clean.hpp"

#include <unistd.h>

namespace troupe {

namespace {

std::filesystem::path daemon_data(console const& out) {
  auto const& set = out.configured().daemon.data;
  return set.empty() ? out.data() / "daemon" : std::filesystem::path{set};
}

/// What a script has to know; docs/runners.md says the rest.
constexpr std::string_view contract =
    "A command of yours (--command) is run by /bin/sh in a Git worktree, once for each\n"
    "attempt of work and once for each review. It reads its task in the file\n"
    "$TROUPE_PROMPT_FILE (as JSON in $TROUPE_ORDER_FILE); $TROUPE_KIND (work or review),\n"
    "$TROUPE_STAGE, $TROUPE_ROLE, $TROUPE_TICKET, $TROUPE_BASE and $TROUPE_HEAD say what\n"
    "it is about. Standard input is empty. Exit code 0: done, in a review: approved; 2:\n"
    "changes requested; anything else: failed. A script that always ends with 0 approves\n"
    "everything: look at [ \"$TROUPE_KIND\" = review ]. The last lines that it prints are\n"
    "its summary. All of it, with an example: docs/runners.md.";

/// `NAME=VALUE` of a list setting.
bool split(std::string const& text, std::string& name, std::string& value) {
  auto const equals = text.find('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == text.size())
    return false;
  name = text.substr(0, equals);
  value = text.substr(equals + 1);
  return true;
}

/// False, with the reason printed, where the settings cannot be meant.
bool settings_of(console const& out, local::daemon_settings& d) {
  auto const& s = out.configured();
  // Programs run in folders of their own, where a relative path would name something else.
  std::error_code ec;
  d.data = std::filesystem::absolute(daemon_data(out), ec);
  d.slots = s.daemon.slots;
  d.profiles =
      s.daemon.profiles.empty() ? d.data / "profiles" : std::filesystem::path{s.daemon.profiles};
  d.runners = s.daemon.runners;
  d.any_repository = s.daemon.any_repository;
  d.allow_process = s.daemon.allow_process;
  d.command = s.daemon.command;
  d.environment = s.daemon.environment;
  d.ca_file = s.daemon.ca_file;
  d.drain = s.daemon.drain;
  d.grace = s.daemon.grace;
  for (auto const& text : s.daemon.repositories) {
    std::string name, from;
    if (!split(text, name, from)) {
      (void)out.misuse("daemon.repositories: " + text + " is not NAME=PATH or NAME=URL",
                       "See `troupe daemon run --help`.");
      return false;
    }
    auto& source = d.repositories[name];
    source.url = from;
    if (std::filesystem::is_directory(from, ec))
      source.checkout = from; // files outside of git are copied from there
  }
  return true;
}

/// The daemon's exit codes in ours.
int exit_code_of_daemon(int code) {
  return code == local::daemon_unauthorized ? exit_code::unauthorised
         : code == local::daemon_busy       ? exit_code::busy
                                            : code;
}

/// The program of a command that names one by its whole path, if that cannot be run; another
/// command is the shell's, and known only when it runs.
std::string missing_program(std::string const& command) {
  auto const end = command.find_first_of(" \t\n;&|<>()");
  auto const program = command.substr(0, end);
  if (!program.starts_with('/') || program.find_first_of("\"'`$\\*?[{") != std::string::npos)
    return {};
  std::error_code ec;
  bool const runs =
      std::filesystem::is_regular_file(program, ec) && ::access(program.c_str(), X_OK) == 0;
  return runs ? std::string{} : program;
}

int run(console& out) {
  local::daemon_settings d;
  if (!settings_of(out, d))
    return exit_code::usage;
  // The server that it enrolled with, unless another one was named on purpose.
  if (out.loaded().origins.at("client.server") != "default")
    d.server = out.configured().client.server;
  // Who lets agents' own command lines run, and says so, may want nothing else.
  d.require_runner =
      !(d.allow_process && out.loaded().origins.at("daemon.allow_process") != "default");
  auto const& s = out.configured();
  if (auto const program = missing_program(s.daemon.command); !program.empty())
    return out.misuse("--command: " + program + " is no program that can be run here",
                      "Name one that is there, and executable (`chmod +x`).");
  set_up_log("troupe-daemon", s.log);
  return exit_code_of_daemon(local::run_daemon(d));
}

std::string host_name() {
  char text[256] = {};
  if (::gethostname(text, sizeof text - 1) != 0)
    return "daemon";
  return text;
}

int enroll(console& out, std::string code, std::string const& name, bool replace) {
  if (code == "-") {
    auto const read = read_input("-", 1024);
    if (!read)
      return out.fail(read.error());
    code = read->substr(0, read->find_first_of("\r\n"));
  }
  local::daemon_settings d;
  if (!settings_of(out, d))
    return exit_code::usage;
  d.server = out.configured().client.server;
  d.name = name.empty() ? host_name() : name;
  auto const who = local::enroll_daemon(d, code, replace);
  if (!who)
    return out.fail(who.error(), who.error().code == errc::unauthorized
                                     ? "Ask an administrator for a code: `troupe daemon code`."
                                 : who.error().code == errc::conflict
                                     ? "Start it with `troupe daemon run`, use another --data, or "
                                       "give the identity up with --replace."
                                     : "");
  auto const shown = out.show(json::object{{"daemon", who->daemon.value},
                                           {"name", who->name},
                                           {"server", who->server},
                                           {"data", d.data.string()}},
                              "Enrolled as " + who->daemon.value + " (" + who->name + ") at " +
                                  who->server + ".\n");
  auto const runners = local::offered_runners(d);
  bool const idle = !runners || runners->empty();
  out.note("Next: `troupe daemon run" +
           (out.configured().daemon.data.empty() ? std::string{} : " --data " + d.data.string()) +
           (idle ? " --command 'your script'`: no coding CLI was found on this machine; what a "
                   "script gets and answers is in docs/runners.md."
                 : "`."));
  return shown;
}

struct clean_flags {
  bool dry_run = false;
  std::int64_t days = 14;
  std::int64_t keep = 1000;
};

int clean(console& out, clean_flags const& f) {
  local::daemon_settings d;
  if (!settings_of(out, d))
    return exit_code::usage;
  local::clean_rule rule;
  rule.age = std::chrono::hours{24 * f.days};
  rule.most = static_cast<std::size_t>(f.keep);
  auto const found = local::clean(d, rule, f.dry_run);
  if (!found)
    return found.error().code == errc::conflict
               ? out.fail(fail(errc::busy, found.error().message),
                          "Stop it first; --dry-run only looks, and goes on beside it.")
               : out.fail(found.error());
  json::array shown;
  std::uintmax_t bytes = 0;
  std::int64_t removed = 0;
  table t{{{"folder"}, {"what"}, {"days", false, true}, {"KiB", false, true}, {"", true}}};
  for (auto const& o : *found) {
    auto const days = std::chrono::duration_cast<std::chrono::hours>(o.age).count() / 24;
    std::string const what = o.worktree ? "worktree" : "logs";
    shown.push_back(json::object{{"folder", o.folder.string()},
                                 {"what", what},
                                 {"age_s", o.age.count()},
                                 {"bytes", o.bytes},
                                 {"snapshot", o.snapshot},
                                 {"kept", o.kept}});
    t.add({o.folder.string(), what, std::to_string(days), std::to_string(o.bytes / 1024),
           !o.kept.empty()       ? "kept: " + o.kept
           : !o.snapshot.empty() ? "saved as " + o.snapshot
                                 : std::string{}});
    if (!o.kept.empty())
      continue;
    ++removed;
    bytes += o.bytes;
  }
  auto const counted =
      look::count(removed, "folder") + ", " + std::to_string(bytes / 1024) + " KiB";
  return out.show(json::object{{"dry_run", f.dry_run}, {"bytes", bytes}, {"folders", shown}},
                  (t.empty() ? std::string{} : t.text(out.style())) +
                      (f.dry_run ? "Would be removed: " : "Removed: ") + counted + ".\n");
}

void add_clean(command_line& line, command group) {
  auto const f = std::make_shared<clean_flags>();
  auto const c = line.add(
      group, "clean",
      "Removes what old attempts left on this machine: logs, and worktrees whose ticket the server "
      "never said was over. What only a worktree has gets a ref first. A daemon that runs removes "
      "old logs itself, once a day.",
      "  troupe daemon clean --dry-run\n  troupe daemon clean --days 30 --keep 200",
      [f](console& out) { return clean(out, *f); });
  c.add_flag("--dry-run", f->dry_run, "only show what would be removed");
  c.add_option("--days", f->days, "what was not touched for N days (14)")
      .between(1, 3650)
      .type_name("N");
  c.add_option("--keep", f->keep, "and logs beyond the newest N attempts (1000)")
      .between(0, 1'000'000)
      .type_name("N");
  add_setting(line, c, "--data", "daemon.data", "its folder").type_name("DIR").not_empty();
}

void add_local(command_line& line, command group) {
  auto const r =
      line.add(group, "run",
               "Runs the daemon on this machine until Ctrl-C: takes work, runs coding CLIs in "
               "worktrees, reports with evidence.",
               "  troupe daemon run --slots 3\n"
               "  troupe daemon run --repository tally=$HOME/src/tally\n"
               "  troupe daemon run --command $HOME/bin/coder.sh\n\n" +
                   std::string{contract},
               run);
  add_setting(line, r, "--data", "daemon.data", "its folder: identity, clones, worktrees, spool")
      .type_name("DIR")
      .not_empty();
  add_setting(line, r, "--slots", "daemon.slots", "attempts at once (2)").type_name("N");
  add_setting(line, r, "--profiles", "daemon.profiles", "folder of further runner profiles")
      .type_name("DIR");
  r.add_option_function(
       "--repository",
       [&line](std::vector<std::string> const& all) {
         line.common().settings["daemon.repositories"] = look::joined(all, ",");
       },
       "where a repository that projects name is; may come again")
      .type_name("NAME=PATH|URL");
  add_setting(line, r, "--command", "daemon.command",
              "what the profile `command` runs; needed without a coding CLI")
      .type_name("COMMAND");
  add_setting(line, r, "--log-level", "log.level", "trace, debug, info, warn, error or off")
      .type_name("LEVEL");

  struct flags {
    std::string code, name;
    bool replace = false;
  };
  auto const f = std::make_shared<flags>();
  auto const e =
      line.add(group, "enroll", "Makes this machine known to a server, with a code.",
               "  troupe daemon enroll --server https://troupe.example --code K7QF-2MXP-9R3T\n"
               "  troupe daemon code | troupe daemon enroll --code -",
               [f](console& out) { return enroll(out, f->code, f->name, f->replace); });
  e.add_option("--code", f->code, "as `troupe daemon code` printed it; - for standard input")
      .required()
      .type_name("CODE");
  e.add_option("--name", f->name, "name of this machine (its host name)").type_name("NAME");
  e.add_flag("--replace", f->replace, "give up the identity that this folder has");
  add_setting(line, e, "--data", "daemon.data", "its folder").type_name("DIR").not_empty();
  add_clean(line, group);
}

} // namespace

void add_daemon_commands(command_line& line) {
  auto const group =
      line.add_group("daemon", "Operators' machines, where code is written.",
                     "  troupe daemon code                 # on any machine\n"
                     "  troupe daemon enroll --code CODE   # on the machine that works\n"
                     "  troupe daemon run                  # with the coding CLIs "
                     "that are installed\n"
                     "  troupe daemon run --command 'your script'");
  add_local(line, group);
  line.add(group, "code",
           "Makes a single-use code with which a machine can enrol in the next "
           "15 minutes.",
           "  troupe daemon code", [](console& out) {
             auto const done = out.api().post("/api/daemons/codes");
             auto const code = show_done(out, done, done ? look::text(*done, "code") + "\n" : "");
             if (done)
               out.note("Valid until " +
                        look::clock(look::number(*done, "expires"), out.style().local_time) +
                        ". On the machine: `troupe daemon enroll --server " + out.api().server() +
                        " --code CODE`.");
             return code;
           });
  {
    auto const f = std::make_shared<list_flags>();
    auto const c =
        line.add(group, "list", "Lists daemons.", "  troupe daemon list --status online",
                 [f](console& out) { return show_list(out, "daemon", "/api/daemons", *f); });
    add_list_flags(c, f, {"status"});
  }
  struct step {
    char const *name, *what;
  };
  for (auto const& s :
       {step{"drain", "Lets a daemon finish what it has, and gives it nothing more."},
        step{"revoke", "Revokes a daemon and its token at once."}}) {
    auto const id = std::make_shared<std::string>();
    std::string const name = s.name;
    auto const c = line.add(
        group, name, s.what, "  troupe daemon " + name + " d-k3f9q2mx", [id, name](console& out) {
          auto const done = out.api().post("/api/daemons/" + segment(*id) + "/" + name);
          return show_done(out, done, done ? status_line(out, "Daemon", *done) : std::string{});
        });
    c.add_option("daemon", *id, "id of the daemon").required().type_name("ID");
  }
}

} // namespace troupe
