#include "cli/commands.hpp"
#include "cli/text/table.hpp"
#include "daemon/git.hpp"
#include "daemon/profile.hpp"
#include "daemon/spool.hpp"

namespace troupe {

namespace {

enum class mark {
  good,
  missing, ///< nothing works without it
  wanting, ///< something will not work
  neutral  ///< is so, and may be so
};

struct finding {
  std::string what;
  mark is = mark::good;
  std::string said;
};

class checkup {
public:
  explicit checkup(console& out) : out_(out) {}

  int run() {
    git();
    ledger();
    server();
    bool const enrolled = identity();
    auto const& set = out_.configured().daemon.profiles;
    auto const profiles = local::load_profiles(set.empty() ? daemon_folder() / "profiles"
                                                           : std::filesystem::path{set});
    if (!profiles)
      add("profiles", mark::missing, profiles.error().message);
    auto const known = profiles ? *profiles : local::load_profiles().value();
    auto const found = local::detect_clis(known);
    runners(known, found, enrolled);
    return report(found);
  }

private:
  void add(std::string what, mark is, std::string said) {
    all_.push_back({std::move(what), is, std::move(said)});
  }

  [[nodiscard]] std::filesystem::path daemon_folder() const {
    auto const& set = out_.configured().daemon.data;
    return set.empty() ? out_.data() / "daemon" : std::filesystem::path{set};
  }

  void git() {
    auto const v = local::git{"."}.out({"--version"});
    if (v)
      add("git", mark::good, *v);
    else
      add("git", mark::missing, "not found; install it: `apt-get install git`");
  }

  void ledger() {
    auto const data = out_.data();
    std::error_code ec;
    if (std::filesystem::exists(data / "ledger.db", ec))
      add("ledger", mark::good, (data / "ledger.db").string());
    else
      add("ledger", mark::neutral,
          "none in " + data.string() +
              "; a server on this machine makes it there (`troupe serve`), "
              "or in its --data folder");
  }

  void server() {
    auto& api = out_.api();
    auto const health = api.get("/healthz");
    if (!health) {
      add("server", mark::wanting, health.error().message);
      return;
    }
    add("server", mark::good, api.server());
    auto const page = api.get("/api/daemons", {{"status", "online"}});
    if (!page) {
      // The server is there, and no command may do anything on it.
      add("token", mark::missing,
          page.error().message + ". " + way_out_of(page.error()) +
              " Of a server with --data DIR it is DIR/admin.token.");
      return;
    }
    add("token", mark::good, "accepted");
    incidents();
    auto const n = look::number(*page, "total");
    online_ = n > 0;
    add("daemons", n > 0 ? mark::good : mark::wanting,
        n > 0 ? look::count(n, "daemon") + " online"
              : "none online; enrol one: `troupe daemon code`, `troupe daemon enroll`");
  }

  /// What went wrong on the server since it started; nothing is said of nothing.
  void incidents() {
    auto const now = out_.api().get("/readyz");
    if (!now)
      return; // its reason is in what the commands answer
    std::string said;
    auto const tell = [&](char const* member, char const* one, char const* many,
                          char const* where) {
      if (auto const n = look::number(*now, member); n > 0)
        said += (said.empty() ? "" : "; ") + look::count(n, one, many) + where;
    };
    tell("dead_letters", "dead letter", "dead letters", ", see `troupe dead-letters`");
    tell("quarantined", "entity is in quarantine", "entities are in quarantine", "");
    tell("crashes", "crash of an entity", "crashes of entities", " since it started");
    tell("invariant_violations", "broken invariant", "broken invariants", " in the ledger");
    if (!said.empty())
      add("incidents", mark::wanting, said + "; the server's log has each");
  }

  /// Whether this machine is a daemon.
  bool identity() {
    auto const who = local::load_identity(daemon_folder());
    if (who)
      add("this machine", mark::good,
          "enrolled as " + who->daemon.value + " (" + who->name + ") at " + who->server);
    else if (who.error().code == errc::not_found)
      add("this machine", mark::neutral,
          "not enrolled as a daemon in " + daemon_folder().string() +
              "; another folder goes with --daemon-data DIR");
    else
      add("this machine", mark::missing, who.error().message);
    return who.has_value();
  }

  /// What the daemon of this machine could run.
  /// Those that it was started with, with a `--command` of its own perhaps, only it knows: where
  /// one is online, nothing needed is missing here.
  void runners(local::profile_map const& known, std::vector<local::detected_cli> const& clis,
               bool enrolled) {
    std::vector<std::string> names;
    for (auto const& c : clis)
      if (!c.path.empty())
        names.push_back(c.profile);
    for (auto const& [name, p] : known)
      if (p.program.empty() && (!p.command.empty() || !out_.configured().daemon.command.empty()))
        names.push_back(name);
    if (!names.empty())
      add("runners", mark::good, look::joined(names));
    else
      add("runners",
          online_    ? mark::neutral
          : enrolled ? mark::missing
                     : mark::wanting,
          std::string{online_ ? "a daemon is online and runs what it was started with; here: "
                              : ""} +
              "no coding CLI in PATH, and no command; install Claude Code, Codex, Cursor or Gemini "
              "CLI, "
              "or give the daemon a script: `troupe daemon run --command 'your script'` "
              "(docs/runners.md)");
  }

  static std::string sign(text_style const& style, mark is) {
    switch (is) {
    case mark::good:
      return paint(style, ink::good, "✓ ");
    case mark::missing:
      return paint(style, ink::bad, "✗ ");
    case mark::wanting:
      return paint(style, ink::attention, "! ");
    case mark::neutral:
      break;
    }
    return paint(style, ink::faint, "· ");
  }

  int report(std::vector<local::detected_cli> const& clis) {
    auto const& style = out_.style();
    json::array checks;
    std::string text;
    bool sound = true;
    for (auto const& f : all_) {
      sound = sound && f.is != mark::missing;
      checks.push_back(json::object{{"what", f.what},
                                    {"ok", f.is == mark::good},
                                    {"needed", f.is == mark::missing},
                                    {"said", f.said}});
      text += sign(style, f.is) + f.what + ": " + f.said + "\n";
    }
    json::array found;
    table t{{{"profile"}, {"installed"}, {"version", true}, {"what", true}}};
    for (auto const& c : clis) {
      bool const there = !c.path.empty();
      found.push_back(json::object{
          {"profile", c.profile}, {"installed", there}, {"path", c.path}, {"version", c.version}});
      t.add({{c.profile, ink::name},
             {there ? "yes" : "no", there ? ink::good : ink::faint},
             c.version,
             c.summary});
    }
    text += "\nCoding CLIs on this machine (any other command: `troupe daemon run --command`):\n" +
            t.text(style, 2);
    out_.show(
        json::object{{"ok", sound}, {"checks", std::move(checks)}, {"clis", std::move(found)}},
        text);
    return sound ? exit_code::ok : exit_code::failed;
  }

  console& out_;
  std::vector<finding> all_;
  bool online_ = false; ///< a daemon, on this machine or another
};

} // namespace

void add_doctor_command(command_line& line) {
  auto const c = line.add(
      line.root(), "doctor",
      "Looks at this machine: git, server, token, daemon, installed coding CLIs. Exit code 1 "
      "if something needed is missing.",
      "  troupe doctor\n  troupe doctor --json | jq '.clis[] | select(.installed)'",
      [](console& out) { return checkup{out}.run(); });
  add_setting(line, c, "--data", "store.data", "data folder of the server on this machine")
      .type_name("DIR")
      .not_empty();
  add_setting(line, c, "--daemon-data", "daemon.data", "folder of the daemon on this machine")
      .type_name("DIR");
}

} // namespace troupe
