#include "cli/commands.hpp"
#include "cli/scripted_coder.hpp"
#include "demo/story.hpp"

namespace troupe {

void add_demo_command(command_line& line) {
  struct flags {
    bool yes = false, keep = false, plain = false;
    std::string folder;
    demo::options o;
  };
  auto const f = std::make_shared<flags>();
  auto const c = line.add(
      line.root(), "demo",
      "The main job on a real repository, offline: from a meeting to merged, tested "
      "commits. A script plays the model and says so; the rest is real.",
      "  troupe demo\n  troupe demo --yes --keep\n  troupe demo --json", [f](console& out) {
        if (auto const wrong = wrong_store_url(f->o.store); !wrong.empty())
          return out.misuse("--store " + wrong, "See `troupe demo --help`.");
        auto o = f->o;
        o.yes = f->yes || !out.interactive();
        o.json = out.json();
        o.keep = f->keep;
        o.color = out.style().colour && !f->plain;
        o.folder = f->folder;
        o.stop = &stop_on_interrupt();
        return demo::run(o);
      });
  c.add_flag("--yes", f->yes, "approve after showing, without asking");
  c.add_flag("--keep", f->keep, "keep the folder with repository, ledger and logs");
  c.add_flag("--plain", f->plain, "no colours");
  c.add_option("--folder", f->folder, "where its folder is made (the temporary folder)")
      .type_name("DIR");
  c.add_option("--store", f->o.store, "PostgreSQL database instead of SQLite").type_name("URL");
  // For tests: chaos. Hidden from help, because nobody else needs it.
  c.add_option("--kill-server", f->o.kill_server, "").hide();
  c.add_option("--kill-daemon", f->o.kill_daemon, "").hide();
  c.add_option("--seed", f->o.seed, "").hide();
  c.add_option("--time-limit", f->o.time_limit_s, "").hide();

  auto const script = std::make_shared<std::string>();
  auto const coder = line.add(line.root(), "scripted-coder",
                              "Stands in for a coding CLI: replays a scene of a script.", "",
                              [script](console&) { return run_scripted_coder(*script); });
  coder.add_option("--script", *script, "the script").required().type_name("FILE");
  coder.hide();
  line.without_settings(coder);
}

} // namespace troupe
