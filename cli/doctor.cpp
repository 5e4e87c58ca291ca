#include "cli/commands.hpp"
#include "cli/text/table.hpp"
#include "daemon/git.hpp"
#include "daemon/profile.hpp"
#include "daemon/spool.hpp"

namespace troupe {

namespace {

struct finding {
  std::string what;
  bool good = false;
  bool needed = true; ///< else: only good to know
  std::string said;
};

class checkup {
public:
  explicit checkup(console& out) : out_(out) {}

  int run() {
    git();
    settings_and_data();
    server();
    identity();
    auto const profiles_folder = daemon_folder() / "profiles";
    auto const profiles = local::load_profiles(profiles_folder);
    if (!profiles)
      add("profiles", false, true, profiles.error().message);
    auto const found = local::detect_clis(profiles ? *profiles : local::load_profiles().value());
    return report(found);
  }

private:
  void add(std::string what, bool good, bool needed, std::string said) {
    all_.push_back({std::move(what), good, needed, std::move(said)});
  }

  [[nodiscard]] std::filesystem::path daemon_folder() const {
    auto const& set = out_.configured().daemon.data;
    return set.empty() ? out_.data() / "daemon" : std::filesystem::path{set};
  }

  void git() {
    auto const v = local::git{"."}.out({"--version"});
    if (v)
      add("git", true, true, *v);
    else
      add("git", false, true, "not found; install it: `apt-get install git`");
  }

  void settings_and_data() {
    auto const data = out_.data();
    std::error_code ec;
    if (std::filesystem::exists(data / "ledger.db", ec))
      add("ledger", true, false, (data / "ledger.db").string());
    else
      add("ledger", true, false, "none yet; `troupe serve` makes it in " + data.string());
  }

  void server() {
    auto& api = out_.api();
    auto const health = api.get("/healthz");
    if (!health) {
      add("server", false, false, health.error().message);
      return;
    }
    add("server", true, false, api.server());
    auto const page = api.get("/api/daemons", {{"status", "online"}});
    if (!page) {
      add("token", false, false, page.error().message + ". " + way_out_of(page.error()));
      return;
    }
    add("token", true, false, "accepted");
    auto const n = look::number(*page, "total");
    add("daemons", n > 0, false,
        n > 0 ? look::count(n, "daemon") + " online"
              : "none online; enrol one: `troupe daemon code`, `troupe daemon enroll`");
  }

  void identity() {
    auto const who = local::load_identity(daemon_folder());
    if (who)
      add("this machine", true, false,
          "enrolled as " + who->daemon.value + " (" + who->name + ") at " + who->server);
    else
      add("this machine", who.error().code == errc::not_found, false,
          who.error().code == errc::not_found ? "not enrolled as a daemon" : who.error().message);
  }

  int report(std::vector<local::detected_cli> const& clis) {
    auto const& style = out_.style();
    json::array checks;
    std::string text;
    bool sound = true;
    for (auto const& f : all_) {
      sound = sound && (f.good || !f.needed);
      checks.push_back(
          json::object{{"what", f.what}, {"ok", f.good}, {"needed", f.needed}, {"said", f.said}});
      text += paint(style,
                    f.good     ? ink::good
                    : f.needed ? ink::bad
                               : ink::attention,
                    f.good     ? "✓ "
                    : f.needed ? "✗ "
                               : "! ") +
              f.what + ": " + f.said + "\n";
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
    text += "\nCoding CLIs on this machine (the profile `command` runs any other command):\n" +
            t.text(style, 2);
    out_.show(
        json::object{{"ok", sound}, {"checks", std::move(checks)}, {"clis", std::move(found)}},
        text);
    return sound ? exit_code::ok : exit_code::failed;
  }

  console& out_;
  std::vector<finding> all_;
};

} // namespace

void add_doctor_command(command_line& line) {
  line.add(line.root(), "doctor",
           "Looks at this machine: git, server, token, daemon, installed coding CLIs. Exit code 1 "
           "if something needed is missing.",
           "  troupe doctor\n  troupe doctor --json | jq '.clis[] | select(.installed)'",
           [](console& out) { return checkup{out}.run(); });
}

} // namespace troupe
