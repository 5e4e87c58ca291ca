#include "cli/commands.hpp"

#include <deque>

namespace troupe {

namespace {

struct watch_flags {
  std::map<std::string, std::string> filters;
  std::int64_t history = 0;
  bool everything = false;
};

/// Follows the ledger live. Events are numbered (`n`) in the server's order; what was missed while
/// the connection was away is fetched before what comes next, so that nothing is skipped or twice.
class watcher {
public:
  watcher(console& out, watch_flags const& flags)
      : out_(out), flags_(flags), teller_(out.style(), flags.everything) {}

  int run() {
    // A stream would wait for a server that is not there; a person wants to know.
    auto const there = out_.api().get("/api/events", with({{"limit", "1"}}));
    if (!there)
      return out_.fail(there.error());
    auto& stop = stop_on_interrupt();
    auto const followed = out_.api().follow(
        "/api/stream", with({}),
        [&](std::string const& name, json::value const& data) {
          if (name == "snapshot")
            catch_up();
          else
            take(data);
        },
        stop);
    if (!followed)
      return out_.fail(followed.error());
    return exit_code::ok;
  }

private:
  [[nodiscard]] api_client::query with(api_client::query more) const {
    for (auto const& [name, value] : flags_.filters)
      more.emplace_back(name, value);
    return more;
  }

  /// At the first snapshot: the last events of the past. At a later one (the server was started
  /// again): what happened since the last event that was told.
  void catch_up() {
    std::deque<json::value> past;
    auto after = last_;
    auto const wanted = static_cast<std::size_t>(begun_ ? 1'000'000 : flags_.history);
    while (true) {
      auto const page = out_.api().get("/api/events",
                                       with({{"after", std::to_string(after)}, {"limit", "1000"}}));
      if (!page) {
        out_.note("cannot read what happened before: " + page.error().message);
        break;
      }
      for (auto const& e : look::list(*page, "items")) {
        after = look::number(e, "n");
        past.push_back(e);
        if (past.size() > wanted)
          past.pop_front();
      }
      if (look::at(*page, "after").is_null())
        break;
    }
    begun_ = true;
    for (auto const& e : past)
      take(e);
    last_ = std::max(last_, after);
    if (past.empty() && !told_hint_)
      out_.note("watching " + out_.api().server() + " from now on; Ctrl-C ends it");
    told_hint_ = true;
  }

  void take(json::value const& event) {
    auto const n = look::number(event, "n");
    if (n <= last_)
      return;
    last_ = n;
    if (out_.json()) {
      out_.print_json(event);
      return;
    }
    if (auto const told = teller_.tell(event))
      out_.print(*told + "\n");
  }

  console& out_;
  watch_flags const& flags_;
  event_teller teller_;
  std::int64_t last_ = 0;
  bool begun_ = false;
  bool told_hint_ = false;
};

} // namespace

void add_watch_command(command_line& line) {
  auto const f = std::make_shared<watch_flags>();
  auto& c = line.add(line.root(), "watch",
                     "Follows messages and changes live; reconnects by itself. Ctrl-C ends it.",
                     "  troupe watch --history 20\n"
                     "  troupe watch --agent dev-ada --kind ticket\n"
                     "  troupe watch --type ticket.message_posted --json | jq -r .data.message",
                     [f](console& out) {
                       return watcher{out, *f}.run();
                     });
  struct filter {
    char const *name, *what, *type;
  };
  for (auto const& x :
       {filter{"agent", "only what names this agent", "NAME"},
        filter{"ticket", "only this ticket", "ID"}, filter{"brief", "only this brief's work", "ID"},
        filter{"kind", "only this kind: ticket, brief, plan, run, agent, approval, daemon, …",
               "KIND"},
        filter{"type", "only types that begin so, e.g. ticket.mess", "TYPE"}}) {
    std::string const name = x.name;
    c.add_option_function<std::string>(
         "--" + name, [f, name](std::string const& v) { f->filters[name] = v; }, x.what)
        ->type_name(x.type);
  }
  c.add_option("--history", f->history, "begin with the last N events")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{1'000'000}))
      ->type_name("N");
  c.add_flag("--everything", f->everything,
             "bookkeeping too: lease renewals, acknowledgements, a message at each of its stops");
}

} // namespace troupe
