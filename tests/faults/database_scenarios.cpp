#include "tests/faults/proxy.hpp"
#include "tests/faults/scenario.hpp"

#include <algorithm>

namespace troupe::faults {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::string name_of(std::string const& url) {
  return url.substr(url.rfind('/') + 1);
}

/// The lab's server reaches its database through the proxy, the judge directly.
lab_settings through(setting& s, proxy const& p) {
  auto where = s.place();
  where.direct = where.url;
  where.url =
      "postgresql://postgres@127.0.0.1:" + std::to_string(p.port()) + "/" + name_of(where.direct);
  return where;
}

std::size_t times_in(std::string const& text, std::string_view what) {
  std::size_t n = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1))
    ++n;
  return n;
}

findings goes_down(setting& s) {
  auto const times = s.quick ? 2 : 6;
  load_settings how;
  how.tickets = 10;
  how.patience = seconds{60};
  return under_load(s, s.place(), how, [&](lab& l, load& w) {
    findings out;
    for (int i = 0; i < times; ++i) {
      auto const away = milliseconds{s.random(0, i % 2 == 0 ? 300 : 2500)};
      s.tell("down for " + std::to_string(away.count()) + " ms");
      l.strike(
          "PostgreSQL stopped at once", [&] { s.db->stop(); },
          [&] {
            std::this_thread::sleep_for(away); // the length of the outage
            s.db->start();
          });
      ++s.runs;
      if (!w.await_more(5))
        out.push_back("C6: no progress after outage " + std::to_string(i + 1));
      if (!l.server_runs())
        out.push_back("the server ended with its database");
    }
    return out;
  });
}

/// The commit is done and nobody hears of it.
findings eats_replies(setting& s) {
  auto const times = s.quick ? 5 : 30;
  proxy p{s.db->port()};
  load_settings how;
  how.tickets = 8;
  return under_load(s, through(s, p), how, [&](lab& l, load& w) {
    findings out;
    for (int i = 0; i < times; ++i) {
      auto const before = p.eaten();
      l.strike(
          "the reply to a commit is lost",
          [&] {
            p.eat_reply();
            if (!comes([&] { return p.eaten() > before; }, seconds{15}))
              out.push_back("no reply came by to be eaten");
          },
          [&] { p.pass(); });
      ++s.runs;
      if (!w.await_more(2))
        out.push_back("C6: no progress after a lost reply");
    }
    auto const doubts = times_in(l.server_log(), "append outcome unknown");
    s.figures.push_back(std::to_string(p.eaten()) + " replies to commits lost, " +
                        std::to_string(doubts) + " appends of unknown end, all resolved");
    if (doubts < static_cast<std::size_t>(p.eaten()))
      out.push_back("the server did not notice every lost reply");
    return out;
  });
}

findings backends_ended(setting& s) {
  auto const times = s.quick ? 3 : 15;
  auto where = s.place();
  return under_load(s, where, {}, [&](lab& l, load& w) {
    findings out;
    for (int i = 0; i < times; ++i) {
      l.strike(
          "every backend of the server is terminated",
          [&] {
            (void)s.db->sql("postgres",
                            "select count(pg_terminate_backend(pid)) from pg_stat_activity where "
                            "datname = '" +
                                name_of(where.url) + "'");
          },
          [] {});
      ++s.runs;
      if (!w.await_more(3))
        out.push_back("C6: no progress after termination " + std::to_string(i + 1));
      if (!l.server_runs())
        out.push_back("the server ended with its backends");
    }
    return out;
  });
}

/// No connection is to be had: those that are open are ended, and new ones refused.
findings no_connections(setting& s) {
  auto where = s.place();
  auto const database = name_of(where.url);
  auto const role = "app_" + database;
  (void)s.db->sql("postgres", "create role " + role + " login; alter database " + database +
                                  " owner to " + role);
  where.direct = where.url;
  where.url.replace(where.url.find("postgres@"), 9, role + "@");
  load_settings how;
  how.patience = seconds{60};
  return under_load(s, where, how, [&](lab& l, load& w) {
    findings out;
    l.measure();
    l.strike(
        "connections exhausted",
        [&] {
          (void)s.db->sql("postgres", "alter role " + role + " connection limit 0");
          (void)s.db->sql("postgres",
                          "select count(pg_terminate_backend(pid)) from pg_stat_activity where "
                          "usename = '" +
                              role + "'");
        },
        [&] {
          // Backpressure is visible: a definite refusal, soon.
          if (!comes([&] { return l.call("GET", "/readyz").status == 503; }, seconds{10}))
            out.push_back("/readyz does not say that the store is away");
          auto const begun = std::chrono::steady_clock::now();
          auto const a = l.call("POST", "/api/projects",
                                R"({"id":"no","config":{"repository":"/srv/x.git"}})");
          auto const took = std::chrono::steady_clock::now() - begun;
          if (a.status != 503 || took > seconds{6})
            out.push_back("without connections a command is answered " + std::to_string(a.status) +
                          " after " +
                          std::to_string(std::chrono::duration_cast<milliseconds>(took).count()) +
                          " ms: " + a.body);
          (void)s.db->sql("postgres", "alter role " + role + " connection limit -1");
        });
    ++s.runs;
    if (!w.await_more(5))
      out.push_back("C6: no progress after connections are to be had again");
    l.measure();
    return out;
  });
}

/// Two seconds of latency for each round trip, then a wire again.
findings slow_network(setting& s) {
  proxy p{s.db->port()};
  load_settings how;
  how.patience = seconds{90};
  how.answer_in = seconds{25};
  return under_load(s, through(s, p), how, [&](lab& l, load& w) {
    findings out;
    l.measure();
    l.strike(
        "2 s of latency to the database", [&] { p.delay(seconds{1}); },
        [&] {
          if (!w.await_more(s.quick ? 3 : 8, seconds{60}))
            out.push_back("nothing gets through at 2 s of latency");
          p.pass();
        });
    ++s.runs;
    // p99 is back within 10 s: every answer of the next second after that is a quick one.
    auto const calm = [&] {
      auto const begun = std::chrono::steady_clock::now();
      auto const a = l.call("GET", "/readyz");
      return a.status == 200 && std::chrono::steady_clock::now() - begun < milliseconds{250};
    };
    auto const begun = std::chrono::steady_clock::now();
    if (!comes(calm, seconds{10}))
      out.push_back("answers are still slow 10 s after the network is quick again");
    s.figures.push_back("quick again after " +
                        std::to_string(std::chrono::duration_cast<milliseconds>(
                                           std::chrono::steady_clock::now() - begun)
                                           .count()) +
                        " ms");
    l.measure();
    return out;
  });
}

findings lossy_network(setting& s) {
  proxy p{s.db->port()};
  load_settings how;
  how.patience = seconds{60};
  return under_load(s, through(s, p), how, [&](lab& l, load& w) {
    findings out;
    l.strike(
        "1 % of all pieces break their connection", [&] { p.break_some(10); },
        [&] {
          auto const wanted = s.quick ? 3 : 20;
          if (!comes([&] { return p.broken() >= wanted; }, seconds{60}))
            out.push_back("too little traffic to break");
          p.pass();
        });
    s.runs += p.broken();
    s.figures.push_back(std::to_string(p.broken()) + " connections broken");
    if (!w.await_more(10))
      out.push_back("C6: no progress after the network is well again");
    if (!l.server_runs())
      out.push_back("the server ended");
    return out;
  });
}

/// One way: the database hears and its answers do not come.
findings one_way(setting& s) {
  proxy p{s.db->port()};
  load_settings how;
  how.patience = seconds{90};
  return under_load(s, through(s, p), how, [&](lab& l, load& w) {
    findings out;
    for (int i = 0; i < (s.quick ? 1 : 3); ++i) {
      l.strike(
          "answers of the database do not come",
          [&] {
            p.mute(true);
            std::this_thread::sleep_for(seconds{2}); // the length of the fault
          },
          [&] {
            p.cut(); // what hangs ends, as by the keep-alive
            p.pass();
          });
      ++s.runs;
      if (!w.await_more(5, seconds{40}))
        out.push_back("C6: no progress after the one-way fault");
    }
    (void)l;
    return out;
  });
}

} // namespace

void add_database_scenarios(std::vector<scenario>& out) {
  out.push_back(
      {"F4", "PostgreSQL is stopped at once and started", only_postgres, true, goes_down});
  out.push_back({"F5", "the reply to a commit is lost", only_postgres, true, eats_replies});
  out.push_back(
      {"F5b", "the server's backends are terminated", only_postgres, false, backends_ended});
  out.push_back({"F6a", "no connections to be had", only_postgres, false, no_connections});
  out.push_back({"F6b", "2 s of latency to the database", only_postgres, false, slow_network});
  out.push_back(
      {"F6c", "1 % of the traffic breaks its connection", only_postgres, false, lossy_network});
  out.push_back(
      {"F10", "answers of the database do not come (one way)", only_postgres, false, one_way});
}

} // namespace troupe::faults
