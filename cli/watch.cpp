#include "cli/traffic.hpp"
#include "protocol/ids.hpp"

#include <chrono>
#include <deque>
#include <functional>
#include <set>
#include <thread>

namespace troupe {

namespace {

struct watch_flags {
  bool live = false; ///< traffic in place of the ledger
  traffic_flags traffic;
  std::map<std::string, std::string> filters;
  std::int64_t history = 0;
  bool everything = false;
};

/// Follows the ledger live. The stream resumes by itself, also after the server was started again;
/// where it cannot (the connection was away too long), it begins anew with a snapshot, and what was
/// missed is read. What was told is remembered as the last sequence number of each shard: that is
/// the ledger's own, while `n` counts anew after each start of the server.
class watcher {
public:
  watcher(console& out, watch_flags const& flags)
      : out_(out), flags_(flags), teller_(out.style(), what_of(flags)) {}

  int run() {
    // A stream would wait for a server that is not there; a person wants to know.
    auto const there = out_.api().get("/api/events", with({{"limit", "1"}}));
    if (!there)
      return out_.fail(there.error());
    if (auto const ok = remember_now(); !ok)
      return out_.fail(ok.error());
    say_unknown();
    auto& stop = stop_on_interrupt();
    auto const followed = out_.api().follow(
        "/api/stream", with({}),
        [&](std::string const& name, json::value const& data) {
          if (name == "snapshot")
            behind_ = true;
          // What comes live must not be told before what was missed: it would hide it.
          while (behind_ && !stop) {
            if (auto const caught_up = begun_ ? catch_up() : begin(); caught_up)
              break;
            else if (caught_up.error().code != errc::unavailable &&
                     caught_up.error().code != errc::timeout) {
              out_.note("cannot read what happened before: " + caught_up.error().message);
              return;
            }
            std::this_thread::sleep_for(std::chrono::milliseconds{250}); // it is being started
          }
          if (stop)
            return;
          if (name == "progress") // in no ledger, so it has no place to be remembered
            tell(data);
          else if (name == "snapshot")
            say_lacks(with({}));
          else
            take(data);
        },
        stop, [&](bool up, std::string const& why) { tell_link(up, why); });
    if (!followed)
      return out_.fail(followed.error());
    return exit_code::ok;
  }

private:
  /// What comes of all kinds is a story; of some kinds, each event speaks for itself.
  static telling_of what_of(watch_flags const& flags) {
    if (flags.everything)
      return telling_of::everything;
    for (auto const* filter : {"kind", "type", "agent"})
      if (flags.filters.contains(filter))
        return telling_of::some;
    return telling_of::story;
  }

  /// An agent may still be hired, so it is waited for; a name that was mistyped never comes. (Of a
  /// ticket or brief that is not there the server says so, and nothing is followed.)
  void say_unknown() {
    auto const wanted = flags_.filters.find("agent");
    if (wanted == flags_.filters.end())
      return;
    auto const agents = out_.api().all("/api/agents", {});
    if (!agents)
      return;
    for (auto const& a : look::list(*agents, "items"))
      if (look::text(a, "id").find(wanted->second) != std::string::npos) // as the server does
        return;
    out_.remark("there is no agent " + wanted->second + " yet; waiting for it");
  }

  /// That nothing comes may mean that nothing happens; when nobody is there it must be said.
  void tell_link(bool up, std::string const& why) {
    if (!up)
      out_.remark(out_.api().link_broken(why));
    else if (lost_ && !linked_)
      out_.remark("connected");
    else if (lost_)
      out_.remark("connected again; " + (last_.empty() ? std::string{"nothing was told before"}
                                                       : "resumed after " + last_));
    lost_ = !up;
    linked_ = linked_ || up;
  }

  /// Tickets that nobody takes: said once each, until a daemon or an agent comes.
  void say_lacks(api_client::query const& which) {
    if (out_.json() || flags_.filters.contains("kind") || flags_.filters.contains("type") ||
        flags_.filters.contains("agent"))
      return;
    json::array waiting;
    if (auto const ticket = flags_.filters.find("ticket"); ticket != flags_.filters.end()) {
      if (auto const t = out_.api().get("/api/tickets/" + segment(ticket->second)))
        waiting.push_back(*t);
    } else {
      for (auto const* status : {"ready", "rework", "in_review", "in_gates", "merging"}) {
        auto q = which;
        q.emplace_back("status", status);
        q.emplace_back("limit", "500");
        if (auto const page = out_.api().get("/api/tickets", q))
          for (auto const& t : look::list(*page, "items"))
            waiting.push_back(t);
      }
    }
    json::array fresh;
    for (auto const& t : waiting)
      if (!lacks_told_.contains(lack_sentence(look::at(t, "lacks"))))
        fresh.push_back(t);
    for (auto const& t : fresh)
      lacks_told_.insert(lack_sentence(look::at(t, "lacks")));
    note_lacks(out_, fresh);
  }

  /// A ticket that could be taken may be one that nobody takes.
  void look_for_lacks(json::value const& event) {
    auto const type = look::text(event, "type");
    if (type == "daemon.connected" || type == "agent.moved" || type == "agent.hired")
      lacks_told_.clear();
    auto const to = look::text(look::at(event, "data"), "to");
    bool const offered =
        type.starts_with("ticket.") && (to == "ready" || to == "rework" || to == "in_review" ||
                                        to == "in_gates" || to == "merging");
    if (!offered || out_.json())
      return;
    auto const t = out_.api().get("/api/tickets/" + segment(look::text(event, "entity")));
    if (!t)
      return;
    if (auto const said = lack_sentence(look::at(*t, "lacks"));
        !said.empty() && lacks_told_.insert(said).second)
      note_lacks(out_, {*t});
  }

  [[nodiscard]] api_client::query with(api_client::query more) const {
    for (auto const& [name, value] : flags_.filters)
      more.emplace_back(name, value);
    return more;
  }

  /// Where the ledger stands before anything is followed: what is there counts as told, and need
  /// not be read.
  result<void> remember_now() {
    auto const now = out_.api().get("/api/system");
    if (!now)
      return now.error();
    first_ = look::number(look::at(*now, "events"), "last");
    for (auto const& s : look::list(*now, "shards"))
      if (look::number(s, "seq") > 0)
        reached(s);
    return {};
  }

  /// Gives each event behind `n` of the server's count to `take`. Where it fails, some were given.
  result<void> read_after(std::int64_t n, std::function<void(json::value const&)> const& take) {
    for (auto after = std::to_string(n); !after.empty();) {
      auto const page = out_.api().get("/api/events", with({{"after", after}, {"limit", "1000"}}));
      if (!page)
        return page.error();
      for (auto const& e : look::list(*page, "items"))
        take(e);
      auto const next = look::number(*page, "after");
      after = next > 0 ? std::to_string(next) : std::string{};
    }
    return {};
  }

  /// At the first snapshot: the last lines of the past, as many as were asked for and are told at
  /// all (a story leaves most events out), and what came since. It looks further and further back
  /// until these are enough. Where it fails nothing was told, and it can be called again.
  result<void> begin() {
    auto const wanted = static_cast<std::size_t>(flags_.history);
    std::deque<json::value> past;
    std::vector<json::value> since;
    std::int64_t back = wanted == 0 ? 0 : 8 * (flags_.history + 16);
    for (;; back *= 4) {
      auto const from = std::max<std::int64_t>(0, first_ - back);
      auto trial = teller_;
      past.clear();
      since.clear();
      auto const read = read_after(from, [&](json::value const& e) {
        if (!is_told(e))
          since.push_back(e);
        else if (wanted != 0 && (out_.json() || trial.tell(e)))
          past.push_back(e);
        if (past.size() > wanted)
          past.pop_front();
      });
      if (!read)
        return read;
      if (from == 0 || past.size() == wanted)
        break;
    }
    behind_ = false;
    begun_ = true;
    if (past.empty())
      out_.note("watching " + out_.api().server() + " from now on; Ctrl-C ends it");
    for (auto const& e : past)
      tell(e);
    for (auto const& e : since)
      tell_once(e);
    return {};
  }

  /// At a later snapshot: everything that was not told yet. Where it fails nothing was told, and it
  /// can be called again.
  result<void> catch_up() {
    std::vector<json::value> missed;
    auto const read = read_after(0, [&](json::value const& e) {
      if (!is_told(e))
        missed.push_back(e);
    });
    if (!read)
      return read;
    behind_ = false;
    for (auto const& e : missed)
      tell_once(e);
    return {};
  }

  [[nodiscard]] bool is_told(json::value const& event) const {
    auto const found = told_.find(look::number(event, "shard"));
    return found != told_.end() && look::number(event, "seq") <= found->second;
  }

  void take(json::value const& event) {
    if (tell_once(event))
      look_for_lacks(event);
  }

  bool tell_once(json::value const& event) {
    if (is_told(event))
      return false;
    reached(event);
    tell(event);
    return true;
  }

  /// What has a shard and a sequence number, and is told with all before it.
  void reached(json::value const& place) {
    auto const shard = look::number(place, "shard");
    auto const seq = look::number(place, "seq");
    told_[shard] = seq;
    last_ = "seq " + std::to_string(seq) + " of shard " + std::to_string(shard);
  }

  void tell(json::value const& event) {
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
  std::int64_t first_ = 0; ///< the ledger's last event, by the server's count, when it began
  std::map<std::int64_t, std::int64_t> told_; ///< shard -> last seq
  std::string last_;                          ///< place of the last that was told
  std::set<std::string> lacks_told_;
  bool behind_ = true;
  bool begun_ = false;
  bool lost_ = false;
  bool linked_ = false; ///< it was connected once
};

/// What the server lets be watched: all kinds but credentials.
std::vector<std::string> kinds() {
  std::vector<std::string> out;
  for (int i = 1; i < static_cast<int>(entity_kind::principal); ++i)
    out.emplace_back(to_string(static_cast<entity_kind>(i)));
  return out;
}

/// Of what does not go together, or is of another way to watch.
std::string misplaced(watch_flags const& f) {
  auto const& t = f.traffic;
  bool const follows = !t.follow.empty();
  if (t.stats && follows)
    return "--stats and --follow show the same in two ways; choose one";
  if (f.live && follows)
    return "--traffic shows records as lines and --follow as a sequence; choose one";
  if (f.live && t.stats)
    return "--traffic shows records as lines and --stats counts them; choose one";
  if (t.team && follows)
    return "--follow shows the team as it is: leave --team away";
  bool const live = f.live || t.stats || follows;
  bool const of_traffic = !t.filter.empty() || !t.sample.empty() || !t.rate.empty() ||
                          !t.seconds.empty() || !t.limit.empty() || !t.since.empty() ||
                          t.contents || t.team;
  if (!live && of_traffic)
    return "a filter, --team, --sample, --rate, --seconds, --limit, --since and --contents are of "
           "--traffic, --follow and --stats; choose one of these";
  if (live && (!f.filters.empty() || f.history != 0))
    return "--traffic, --follow and --stats have a filter of their own: --traffic 'agent=dev-ada "
           "and kind=question'";
  if (live && f.everything && !follows)
    return "--traffic and --stats have everything anyway: leave --everything away";
  return {};
}

int run_watch(console& out, watch_flags f) {
  if (auto const wrong = misplaced(f); !wrong.empty())
    return out.misuse(wrong, "See `troupe watch --help`.");
  f.traffic.everything = f.everything;
  bool const live = f.live || f.traffic.stats || !f.traffic.follow.empty();
  return live ? watch_traffic(out, f.traffic) : watcher{out, f}.run();
}

void add_traffic_flags(command c, std::shared_ptr<watch_flags> const& f) {
  auto& t = f->traffic;
  c.add_flag("--traffic", f->live,
             "what passes the server live (messages, commands, commits, requests), not the ledger");
  c.add_option("filter", t.filter, "of --traffic: which records, e.g. errors; docs/watch.md")
      .type_name("FILTER");
  c.add_flag("--team", t.team,
             "of --traffic and --stats: only the team's messages and effects (orders, thoughts)");
  c.add_option("--sample", t.sample, "of --traffic: this part of the conversations, 0 to 1")
      .type_name("PART");
  c.add_option("--rate", t.rate, "of --traffic: at most N records a second (200)").type_name("N");
  c.add_option("--seconds", t.seconds,
               "of --traffic: end after N seconds (600), counted anew after a lost connection")
      .type_name("N");
  c.add_option("--limit", t.limit, "of --traffic: end after N records (10000), the same")
      .type_name("N");
  c.add_option("--since", t.since, "of --traffic: commits from so long ago first: 90s, 5m, 2h, 7d")
      .type_name("TIME");
  c.add_option("--follow", t.follow, "one conversation as a sequence: a brief's or ticket's id")
      .type_name("CONVERSATION");
  c.add_flag("--stats", t.stats,
             "rates, errors, latencies, top talkers, mailboxes and the oldest command that waits");
  c.add_flag("--contents", t.contents,
             "of --traffic: what messages say, too; needs the role observe_contents");
}

} // namespace

void add_watch_command(command_line& line) {
  auto const f = std::make_shared<watch_flags>();
  auto const c = line.add(
      line.root(), "watch",
      "Follows messages and changes live; reconnects by itself. Ctrl-C ends it.",
      "  troupe watch --history 20\n"
      "  troupe watch --agent dev-ada --kind ticket\n"
      "  troupe watch --type ticket.message_posted --json | jq -r .data.message\n"
      "  troupe watch --traffic 'errors or latency >= 250ms' --since 5m\n"
      "  troupe watch --traffic --team 'project=tally'\n"
      "  troupe watch --follow k3f9q2mx\n"
      "\n"
      "A line of --traffic, piece by piece:\n"
      "  12:03:04.123 effect   < order ticket k3-1 ← d-7f ok 1.2 s\n"
      "  send, admit, dispatch, journal, effect, gateway: where it was seen (docs/watch.md)\n"
      "  >  it begins, or is on its way      <  its answer or end; of the journal: stored\n"
      "  a → b  from a to b                  a ← b  what b answered a\n"
      "  of k3-1  its ticket                 1.2 ms  how long it took, once it has ended\n"
      "  #7/99  shard 7, number 99 there: its place in the ledger\n"
      "  …  what is missing, and why\n"
      "A sequence (--follow): ──▶ in the ledger, ╌╌▶ sent and not there yet, #3 the brief's\n"
      "ticket k3f9q2mx-3.\n",
      [f](console& out) { return run_watch(out, *f); });
  struct filter {
    char const *name, *what, *type;
  };
  auto const add_filter = [&](std::string const& name, char const* what, char const* type) {
    return c
        .add_option_function(
            "--" + name, [f, name](std::string const& v) { f->filters[name] = v; }, what)
        .type_name(type);
  };
  add_filter("agent", "only what names this agent", "NAME");
  add_filter("ticket", "only this ticket", "ID");
  add_filter("brief", "only this brief's work", "ID");
  add_filter("kind", "only this kind of thing", "KIND").one_of(kinds());
  add_filter("type", "only types that begin so, e.g. ticket.mess", "TYPE");
  c.add_option("--history", f->history, "begin with the last N lines of the past")
      .between(0, 1'000'000)
      .type_name("N");
  add_traffic_flags(c, f);
  c.add_flag("--everything", f->everything,
             "bookkeeping too: lease renewals, acknowledgements, a message at each of its stops");
}

} // namespace troupe
