#include "net/free_port.hpp"
#include "tests/faults/scenario.hpp"
#include "tests/faults/shared_number.hpp"

#include <csignal>
#include <cstdlib>

namespace troupe::faults {

namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// The server stands still and goes on.
findings frozen_server(setting& s) {
  std::vector<int> const lengths = s.quick ? std::vector<int>{3} : std::vector<int>{5, 15, 60};
  load_settings how;
  how.patience = seconds{120};
  how.tickets = 8;
  return under_load(s, s.place(), how, [&](lab& l, load& w) {
    findings out;
    for (auto const length : lengths) {
      s.tell("SIGSTOP for " + std::to_string(length) + " s");
      l.strike(
          "SIGSTOP of the server for " + std::to_string(length) + " s",
          [&] {
            l.signal_server(SIGSTOP);
            std::this_thread::sleep_for(seconds{length}); // the length of the fault
          },
          [&] { l.signal_server(SIGCONT); });
      ++s.runs;
      if (!w.await_more(5))
        out.push_back("C6: no progress after SIGCONT");
      if (!l.server_runs())
        out.push_back("the server ended");
    }
    return out;
  });
}

/// A daemon stands still for longer than its lease: another one has the ticket when it wakes.
findings frozen_daemon(setting& s) {
  auto where = s.place();
  where.daemons = 2;
  where.lease_ms = 2000;
  where.tool_seconds = "0.3";
  load_settings how;
  how.tickets = 60;
  how.ticket_gap = milliseconds{700};
  return under_load(s, where, how, [&](lab& l, load& w) {
    findings out;
    for (int i = 0; i < (s.quick ? 1 : 4); ++i) {
      auto const which = i % 2;
      l.strike(
          "SIGSTOP of a daemon for 6 s",
          [&] {
            ::kill(l.daemon(which).pid(), SIGSTOP);
            std::this_thread::sleep_for(seconds{6}); // three times the lease
          },
          [&] { ::kill(l.daemon(which).pid(), SIGCONT); });
      ++s.runs;
      (void)w.await_more(10);
    }
    return out;
  });
}

/// A frozen server's database is taken over: when it wakes it must not acknowledge anything.
findings taken_over(setting& s) {
  auto where = s.place();
  where.daemons = 0;
  lab l{where};
  l.open();
  findings out;
  auto const before = l.server_log().size();
  auto const port = free_port();
  auto const url = "http://127.0.0.1:" + std::to_string(port);
  std::optional<demo::child> second;
  l.signal_server(SIGSTOP);
  {
    auto started =
        demo::child::start({TROUPE_BINARY, "serve", "--data", (where.home / "second").string(),
                            "--port", std::to_string(port), "--store", where.url, "--take-over"},
                           where.home / "second.log");
    if (!started)
      throw broken{started.error().message};
    second = std::move(*started);
  }
  ++s.runs;
  auto const serves = [&] {
    return read_text(where.home / "second.log").find("serving url=") != std::string::npos;
  };
  if (!comes(serves, seconds{20}))
    out.push_back("the second server does not take over: " + read_text(where.home / "second.log"));
  // Sent to the frozen one, and read by it when it wakes.
  http_answer late;
  std::thread client{[&] {
    late = l.call("POST", "/api/projects", R"({"id":"late","config":{"repository":"/srv/x.git"}})",
                  "late-1", seconds{15});
  }};
  std::this_thread::sleep_for(milliseconds{300}); // it lies in the socket
  l.signal_server(SIGCONT);
  client.join();
  if (late.ok())
    out.push_back("the fenced server has acknowledged a command");
  s.figures.push_back("the fenced server answers " + std::to_string(late.status));
  if (!comes([&] { return !l.server_runs(); }, seconds{20}))
    out.push_back("the fenced server goes on");
  if (l.server_log().find("another server has taken this ledger over", before) == std::string::npos)
    out.push_back("the fenced server does not say why it ends");
  second->stop(seconds{10});
  l.start_server();
  l.await_ready();
  if (l.call("GET", "/api/projects/late").status != 404)
    out.push_back("what the fenced server was sent is in the ledger");
  for (auto& f : l.judge(s.count))
    out.push_back(std::move(f));
  return out;
}

/// By how many seconds the server's wall clock is ahead of this one; none: it did not answer.
std::optional<std::int64_t> ahead(lab& l) {
  auto const told = l.call("GET", "/api/system");
  if (!told.ok())
    return std::nullopt;
  auto const here =
      std::chrono::duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch());
  return (told.json.at("now").to_number<std::int64_t>() - here.count()) / 1000;
}

/// The server's wall clock jumps under it; the steady clock does not.
findings clock_jumps(setting& s) {
  auto where = s.place();
  where.clocks_agree = false;
  load_settings how;
  how.tickets = 30;
  how.ticket_gap = milliseconds{1000};
  how.patience = seconds{60};
  return under_load(s, where, how, [&](lab& l, load& w) {
    findings out;
    shared_number offset{where.home / "clock"};
    l.kill_and_restart(
        {{"LD_PRELOAD", TROUPE_FAULTY_CLOCK}, {"TROUPE_CLOCK_OFFSET", offset.file().string()}});
    l.await_ready();
    auto const pid = l.server().pid();
    for (int const wrong_by : {3600, 0, -3600, 0, 86400, -86400, 0}) {
      auto const where_to = "the server's clock jumps to " + std::to_string(wrong_by) + " s";
      s.tell(where_to);
      if (!w.await_more(3))
        out.push_back("C6: no progress before " + where_to);
      l.strike(
          where_to, [&] { offset.set(wrong_by); }, [] {});
      ++s.runs;
      if (auto const by = ahead(l); !by || std::abs(*by - wrong_by) > 30)
        out.push_back(where_to + ", but it did not");
      if (!w.await_more(5))
        out.push_back("C6: no progress after " + where_to);
      if (s.quick)
        break;
    }
    if (!l.server_runs() || l.server().pid() != pid)
      out.push_back("the server ended when its clock jumped");
    return out;
  });
}

} // namespace

void add_time_scenarios(std::vector<scenario>& out) {
  out.push_back({"F12", "SIGSTOP of the server for 5, 15 and 60 s", both, false, frozen_server});
  out.push_back(
      {"F12d", "SIGSTOP of a daemon beyond its lease", only_sqlite, false, frozen_daemon});
  out.push_back(
      {"F12t", "a frozen server's database is taken over", only_postgres, true, taken_over});
  out.push_back({"F13", "the server's clock jumps by hours and days", both, false, clock_jumps});
}

} // namespace troupe::faults
