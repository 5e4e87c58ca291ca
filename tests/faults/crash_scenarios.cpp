#include "tests/faults/scenario.hpp"

#include <csignal>

namespace troupe::faults {

namespace {

using when = crash_place::when;
using std::chrono::seconds;

bool died_at(std::string const& log, std::size_t from, crash_place const& p) {
  return log.find("crash point " + std::to_string(p.number) + " " + p.name, from) !=
         std::string::npos;
}

/// Arrivals at a point before it strikes: many pass the journal, few are leases and reports.
int most_arrivals(crash_place const& p) {
  if (p.reached == when::start || p.reached == when::stop)
    return 1;
  if (p.number == 14)
    return 1;
  return p.number == 12 || (p.number >= 15 && p.number <= 18) || p.reached == when::daemon ? 2 : 6;
}

variables armed(setting& s, crash_place const& p) {
  auto const most = most_arrivals(p);
  return {{"TROUPE_CRASH_AT", std::to_string(p.number) + ":" + std::to_string(s.random(1, most))}};
}

/// Starts the server so that it dies at the point, sees it die, and starts it again.
void crash_server(setting& s, lab& l, crash_place const& p, findings& out) {
  auto const before = l.server_log().size();
  bool died = false;
  // A ticket gets its lease with the commit that makes it wanted, or, where there is no place, of
  // the dispatcher when one gets free: with slow tools there are more tickets than places.
  bool const wants_waiting = p.number == 14;
  auto const tools_take = [&](char const* how_long) {
    if (wants_waiting)
      std::ofstream{l.home() / "tool.seconds"} << how_long << '\n';
  };
  l.strike(
      "crash point " + std::to_string(p.number),
      [&] {
        tools_take("6");
        l.start_server(armed(s, p));
        if (p.reached == when::stop && comes([&] { return l.ready(); }, seconds{15}))
          l.signal_server(SIGTERM);
        died = comes([&] { return !l.server_runs(); }, seconds{wants_waiting ? 40 : 15});
      },
      [&] {
        tools_take("0");
        if (!died)
          l.server().kill();
        l.start_server();
      });
  if (!died || !died_at(l.server_log(), before, p))
    out.push_back("crash point " + std::to_string(p.number) + " (" + p.name + ") was not reached");
  l.await_ready();
}

void crash_daemon(setting& s, lab& l, crash_place const& p, findings& out) {
  auto const before = l.daemon_log(0).size();
  bool died = false;
  l.strike(
      "crash point " + std::to_string(p.number),
      [&] {
        l.daemon(0).kill();
        l.start_daemon(0, armed(s, p));
        died = comes([&] { return !l.daemon(0).running(); }, seconds{20});
      },
      [&] {
        if (!died)
          l.daemon(0).kill();
        l.start_daemon(0);
      });
  if (!died || !died_at(l.daemon_log(0), before, p))
    out.push_back("crash point " + std::to_string(p.number) + " (" + p.name + ") was not reached");
}

/// All points one after the other in one history, each with load before and after.
findings crash_points(setting& s) {
  constexpr int slow_point = 14; ///< slow tools must have taken every place
  constexpr int sample = 3;      ///< of the quick form, by the seed
  std::vector<crash_place> at_server;
  for (auto const& p : crash_places())
    if ((p.reached == when::load || p.reached == when::start || p.reached == when::stop) &&
        !(s.quick && p.number == slow_point))
      at_server.push_back(p);
  load_settings how;
  how.clients = 4;
  how.tickets = 400;
  how.briefs = 100;
  // Some at any time: a crash point of leases and reports must find one that is on its way.
  how.ticket_gap = std::chrono::milliseconds{1500};
  how.pause = std::chrono::milliseconds{40};
  auto where = s.place();
  return under_load(s, where, how, [&](lab& l, load& w) {
    findings out;
    std::size_t done = 0;
    for (std::size_t i = 0; i < at_server.size(); ++i) {
      auto const at =
          s.quick ? static_cast<std::size_t>(s.random(0, static_cast<int>(at_server.size()) - 1))
                  : i;
      if (s.quick && done == sample)
        break;
      s.tell("crash point " + std::to_string(at_server[at].number) + " " + at_server[at].name);
      l.server().stop(seconds{10});
      crash_server(s, l, at_server[at], out);
      ++s.runs;
      ++done;
      if (!w.await_more(3))
        out.push_back("C6: no progress after crash point " + std::to_string(at_server[at].number));
    }
    return out;
  });
}

findings daemon_crash_points(setting& s) {
  load_settings how;
  how.clients = 2;
  how.tickets = 400;
  how.briefs = 0;
  how.ticket_gap = std::chrono::milliseconds{800};
  how.pause = std::chrono::milliseconds{50};
  return under_load(s, s.place(), how, [&](lab& l, load& w) {
    findings out;
    int done = 0;
    for (auto const& p : crash_places()) {
      if (p.reached != when::daemon || (s.quick && done == 3))
        continue;
      s.tell("crash point " + std::to_string(p.number) + " " + p.name);
      crash_daemon(s, l, p, out);
      ++s.runs;
      ++done;
      if (!w.await_more(1))
        out.push_back("C6: no progress after crash point " + std::to_string(p.number));
    }
    return out;
  });
}

/// The very first start: schema and token.
findings first_start(setting& s) {
  findings out;
  for (auto const& p : crash_places()) {
    if (p.reached != when::first_start)
      continue;
    s.tell("crash point " + std::to_string(p.number) + " " + p.name);
    auto where = s.place("first-" + std::to_string(p.number));
    where.daemons = 0;
    lab l{where};
    l.start_server({{"TROUPE_CRASH_AT", std::to_string(p.number)}});
    ++s.runs;
    if (!comes([&] { return !l.server_runs(); }, seconds{15}) || !died_at(l.server_log(), 0, p))
      out.push_back("crash point " + std::to_string(p.number) + " (" + p.name +
                    ") was not reached");
    l.server().kill();
    l.open(); // as if nothing had been
    auto const made =
        l.call("POST", "/api/projects", R"({"id":"second","config":{"repository":"/srv/x.git"}})");
    if (!made.ok())
      out.push_back("after crash point " + std::to_string(p.number) +
                    " the first token is of no use: " + made.body);
    for (auto& f : l.judge(s.count))
      out.push_back(std::move(f));
  }
  return out;
}

findings random_kills(setting& s) {
  auto const times = s.quick ? 3 : 12;
  load_settings how;
  how.tickets = 12;
  return under_load(s, s.place(), how, [&](lab& l, load& w) {
    findings out;
    for (int i = 0; i < times; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds{s.random(0, 400)}); // a random moment
      s.tell("kill " + std::to_string(i + 1) + " of " + std::to_string(times));
      l.kill_and_restart();
      ++s.runs;
      l.await_ready();
      if (!w.await_more(3))
        out.push_back("C6: no progress after kill " + std::to_string(i + 1));
    }
    return out;
  });
}

findings all_at_once(setting& s) {
  auto const times = s.quick ? 2 : 5;
  auto where = s.place();
  where.daemons = 2;
  load_settings how;
  how.tickets = 12;
  return under_load(s, where, how, [&](lab& l, load& w) {
    findings out;
    for (int i = 0; i < times; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds{s.random(0, 400)}); // a random moment
      l.strike(
          "kill -9 of everything",
          [&] {
            l.server().kill();
            l.daemon(0).kill();
            l.daemon(1).kill();
          },
          [&] {
            l.start_server();
            l.start_daemon(0);
            l.start_daemon(1);
          });
      ++s.runs;
      l.await_ready();
      if (!w.await_more(3))
        out.push_back("C6: no progress after kill " + std::to_string(i + 1));
    }
    return out;
  });
}

/// The tool of an attempt runs on when its daemon is killed; the next start must not let it work
/// beside the next attempt.
findings tool_outlives(setting& s) {
  auto where = s.place();
  where.tool_seconds = "20";
  where.lease_ms = 3000;
  lab l{where};
  l.open();
  operation o;
  o.client = 1;
  o.kind = op_kind::ticket;
  o.key = "t-" + std::to_string(s.seed);
  l.record().invoked(o);
  auto const made =
      l.call("POST", "/api/tickets",
             R"({"project":"p","role":"dev","title":"Long )" + mark_of(o.key) + "\"}", o.key);
  o.status = made.status;
  auto const* id = made.json.if_contains("id");
  o.entity = "ticket/" + (id == nullptr ? "" : std::string{std::string_view{id->as_string()}});
  l.record().answered(o, made.ok() ? outcome::ok : outcome::refused);
  findings out;
  auto const tool = [&] { return read_text(l.home() / "tool.pid"); };
  if (!comes([&] { return !tool().empty(); }))
    throw broken{"the tool was not started: " + l.daemon_log(0)};
  auto const pid = std::stoi(tool());
  auto const alive = [&] { return ::kill(pid, 0) == 0; };
  std::ofstream{l.home() / "tool.seconds"} << "0\n"; // the next one is quick
  l.daemon(0).kill();
  ++s.runs;
  s.figures.push_back(std::string{"the tool "} + (alive() ? "outlived" : "ended with") +
                      " the killed daemon");
  l.start_daemon(0);
  auto const begun = std::chrono::steady_clock::now();
  if (!comes([&] { return !alive(); }, seconds{15}))
    out.push_back("the tool of the killed daemon is still there after 15 s");
  s.figures.push_back("gone " +
                      std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(
                                         std::chrono::steady_clock::now() - begun)
                                         .count()) +
                      " ms after the daemon came back");
  for (auto& f : l.judge(s.count))
    out.push_back(std::move(f));
  return out;
}

} // namespace

std::vector<crash_place> const& crash_places() {
  static std::vector<crash_place> const all{
      {1, "journal: taken into the queue", when::load, "a decided command that nobody was told of"},
      {2, "journal: before the batch is sent", when::load, "a batch"},
      {3, "store: before the commit", when::load, "an open transaction"},
      {4, "store: after the commit", when::load, "the store's answer: stored, and nobody knows"},
      {5, "journal: before the views are told", when::load, "the news of a stored batch"},
      {6, "journal: before the entities are told", when::load, "the answers of a stored batch"},
      {7, "entity: before the decision", when::load, "a command on its way"},
      {8, "entity: durable, not answered", when::load, "the answer to whoever asked"},
      {9, "entity: answered, before its obligations", when::load, "what must happen next"},
      {10, "entity: after its obligations", when::load, "what was sent and not settled"},
      {11, "obligation: before a message is sent", when::load, "a message"},
      {12, "obligation: before it is settled", when::load, "the memory that it was done"},
      {13, "entity: read, before it is folded", when::load, "an entity that wakes"},
      {14, "dispatcher: before a lease is granted", when::load, "a claim"},
      {15, "hub: before an order is sent", when::load, "an order of a granted lease"},
      {16, "hub: order sent, not acknowledged", when::load, "the memory that it was sent"},
      {17, "hub: report come, not recorded", when::load, "a daemon's report"},
      {18, "hub: report recorded, not acknowledged", when::load, "the ack: it comes again"},
      {19, "gateway: before the answer is sent", when::load, "the answer to a client"},
      {20, "start: shards claimed, nothing read", when::start, "a start"},
      {21, "start: views caught up, nobody awake", when::start, "a start"},
      {22, "start: entities woken, not yet serving", when::start, "a start"},
      {23, "stop: listeners closed, actors up", when::stop, "an orderly end"},
      {24, "stop: before the journal ends", when::stop, "an orderly end"},
      {25, "first start: before the schema is committed", when::first_start, "the schema"},
      {26, "first start: schema there, no shard claimed", when::first_start, "the first start"},
      {27, "first start: token in its file, not in the ledger", when::first_start, "the token"},
      {28, "snapshot: made, not stored", when::load, "a snapshot"},
      {29, "snapshot: stored", when::load, "the memory that it was stored"},
      {30, "settle: before the commit", when::load, "an open transaction"},
      {31, "settle: after the commit", when::load, "the memory that it was settled"},
      {40, "spool: before a record is written", when::daemon, "a report"},
      {41, "spool: report written, not sent", when::daemon, "nothing: it is sent later"},
      {42, "link: report sent, not acknowledged", when::daemon, "the memory that it was sent"},
      {43, "daemon: order taken, not begun", when::daemon, "an attempt"},
      {44, "attempt: workspace ready, tool not started", when::daemon, "an attempt"},
      {45, "attempt: tool ended, nothing collected", when::daemon, "the tool's end"},
      {46, "attempt: evidence collected, work not pushed", when::daemon, "evidence"},
      {47, "attempt: work pushed, not reported", when::daemon, "the report of pushed work"},
      {48, "merge: before the push", when::daemon, "a merge"},
      {49, "merge: pushed, not reported", when::daemon, "the report of a merge that is done"},
      {50, "spool: acknowledged, not recorded", when::daemon, "the memory of an ack"},
  };
  return all;
}

void add_crash_scenarios(std::vector<scenario>& out) {
  out.push_back(
      {"F1", "kill at each numbered crash point of the server", both, true, crash_points});
  out.push_back(
      {"F1d", "kill at each numbered crash point of a daemon", both, false, daemon_crash_points});
  out.push_back({"F1s", "kill during the very first start", both, false, first_start});
  out.push_back({"F2", "kill -9 of the server at random moments", both, false, random_kills});
  out.push_back({"F3", "kill -9 of server and daemons at once", both, true, all_at_once});
  out.push_back({"F30", "a tool outlives its killed daemon", both, false, tool_outlives});
}

} // namespace troupe::faults
