#include "bench/audience.hpp"
#include "bench/flow.hpp"

#include <algorithm>
#include <climits>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <thread>

namespace troupe::bench {

namespace {

/// A slow store is not waited for beyond this, as in bench/peers.
seconds limit_of(seconds run) {
  return std::max(run * 3, seconds{10});
}

measure measure_of(ticket_flow::window const& w, std::string const& where) {
  measure m;
  m.what = "tickets";
  m.where = where;
  m.rate = w.tickets / w.took;
  add_latencies(m, w.latency);
  if (w.tickets > 0) {
    m.events_each = static_cast<double>(w.events) / w.tickets;
    m.commits_each = static_cast<double>(w.commits) / w.tickets;
    m.fsyncs_each = w.cost.fsyncs / w.tickets;
    m.log_bytes_each = w.cost.log_bytes / w.tickets;
    m.cpu_us_each = w.cost.cpu_s * 1e6 / w.tickets;
    m.cpu_store_us_each = w.cost.cpu_store_s * 1e6 / w.tickets;
  }
  if (w.commits > 0)
    m.events_per_batch = static_cast<double>(w.events) / static_cast<double>(w.commits);
  m.refused = w.refused;
  m.unfinished = w.unfinished;
  return m;
}

/// Warm-up and measurement of a closed loop.
result<ticket_flow::window> closed_loop(ticket_flow& flow, int level, timing const& t, int cap,
                                        std::function<void()> const& measuring) {
  flow.keep(level);
  if (auto r = flow.wait(t.warm_up, level, limit_of(t.run), cap); !r)
    return r.error();
  flow.open_window();
  if (measuring)
    measuring();
  if (auto r = flow.wait(t.run, level, limit_of(t.run), cap); !r)
    return r.error();
  auto w = flow.close_window(false);
  if (w.tickets == 0)
    return fail(errc::timeout, "no stage ended while it was measured");
  return w;
}

/// A new store with a node on it, and a flow that is gone before the node is.
template <class Use>
result<measure> on_a_stage(stores const& s, int slots, int slowdown, Use use) {
  auto at = s.open();
  if (!at)
    return at.error();
  stage on{slowdown};
  if (auto r = on.open(at->store, slots); !r)
    return r.error();
  ticket_flow flow{on, *at}; // outlives the node's work: answers may still come
  auto m = use(flow);
  if (!on.close())
    return fail(errc::timeout, "the node did not stop");
  return m;
}

/// One repeat of a closed loop.
result<measure> closed_tickets(stores const& s, int level, timing const& t) {
  return on_a_stage(s, level, 0, [&](ticket_flow& flow) -> result<measure> {
    auto const w = closed_loop(flow, level, t, INT_MAX, {});
    if (!w)
      return w.error();
    flow.end();
    if (auto r = flow.drain(seconds{60}); !r)
      return r.error();
    auto m = measure_of(*w, s.name);
    m.loop = "closed";
    m.level = level;
    m.steady = m.count >= static_cast<std::uint64_t>(level);
    return m;
  });
}

/// One repeat of an open loop.
result<measure> arriving_tickets(stores const& s, double rate, timing const& t, int slowdown) {
  // Room for what arrives in a second; more under way than that waits for an agent.
  auto const slots = std::clamp(static_cast<int>(std::ceil(rate)), 100, 10'000);
  return on_a_stage(s, slots, slowdown, [&](ticket_flow& flow) -> result<measure> {
    // One after the other at first, as a server's day begins: it learns how quick it is.
    flow.keep(1);
    if (auto r = flow.wait(t.warm_up / 2, 10, limit_of(t.run), INT_MAX); !r)
      return r.error();
    flow.end();
    if (auto r = flow.arrive(rate, t.warm_up); !r)
      return r.error();
    flow.open_window();
    if (auto r = flow.arrive(rate, t.run); !r)
      return r.error();
    // What was due in the window may end after it; what has not by then counts as it stands.
    auto const drained = flow.drain(limit_of(t.run));
    if (!drained && drained.error().code != errc::timeout)
      return drained.error();
    auto m = measure_of(flow.close_window(true), s.name);
    m.loop = "open";
    m.level = static_cast<int>(std::lround(rate));
    return m;
  });
}

/// Who watches while it is measured.
struct watching {
  char const* name;
  int watchers;
  std::uint32_t rate; ///< records a second and watcher
  double arrivals;    ///< tickets a second, about 50 records each; 0: as many as it can
  int stalled = 0;    ///< more watchers, that take no line
};
constexpr watching audiences[] = {
    {"nobody watches", 0, 0, 0},
    {"one watch at 200/s", 1, 200, 0},
    {"1,000 watch everything at 5,000/s", 1000, 5'000, 0},
    {"nobody watches, 120 arrive a second", 0, 0, 120},
    {"1,000 watch everything, 120 arrive a second", 1000, 10'000, 120},
    {"one watches everything, 120 arrive a second", 1, 10'000, 120},
    {"one watches everything beside 500 that read nothing, 120 arrive a second", 1, 10'000, 120,
     500},
};

/// The tickets, and the lines that the watchers had of them.
result<std::vector<measure>> watched_tickets(stores const& s, int level, timing const& t,
                                             watching const& by) {
  std::optional<audience> there;
  if (by.watchers > 0)
    there.emplace(stage::ref(0).tenant, by.watchers, by.rate, by.stalled);
  auto const begun = clock::now();
  auto work =
      by.arrivals > 0 ? arriving_tickets(s, by.arrivals, t, 0) : closed_tickets(s, level, t);
  if (!work)
    return work.error();
  work->what = "watched";
  work->where = s.name + ", " + by.name;
  std::vector<measure> out{*work};
  if (!there)
    return out;
  auto const h = there->take();
  measure lines;
  lines.what = "lines";
  lines.where = s.name + ", " + by.name;
  lines.loop = work->loop;
  lines.level = by.arrivals > 0 ? work->level : by.watchers;
  lines.rate = static_cast<double>(h.lines) / seconds_since(begun);
  add_latencies(lines, h.delay);
  out.push_back(std::move(lines));
  return out;
}

} // namespace

result<measure> tickets(stores const& s, int level, timing const& t) {
  return repeated(t, [&] { return closed_tickets(s, level, t); });
}

result<std::vector<measure>> watched(stores const& s, int level, timing const& t) {
  // In turns, so that what else the machine does falls on each alike.
  std::map<std::string, std::vector<measure>> runs;
  for (int i = 0; i < t.repeats; ++i) {
    for (auto const& by : audiences) {
      auto one = watched_tickets(s, level, t, by);
      if (!one)
        return one.error();
      for (auto& m : *one)
        runs[m.what + " " + m.where].push_back(std::move(m));
    }
  }
  std::vector<measure> out;
  out.reserve(runs.size());
  for (auto& [name, all] : runs)
    out.push_back(median(std::move(all)));
  return out;
}

result<measure> arrivals(stores const& s, double rate, timing const& t, int slowdown) {
  return repeated(t, [&] { return arriving_tickets(s, rate, t, slowdown); });
}

namespace {

/// With three digits behind the point: figures for people as well.
double rounded(double x) {
  return std::round(x * 1000) / 1000;
}

} // namespace

int record(std::string const& url, int level, double run_seconds, int cap) {
  auto const failed = [](error const& e) {
    std::cout << json::canonical(json::object{{"failed", e.message}}) << std::endl;
    return 1;
  };
  auto store = store_at(url);
  if (!store)
    return failed(store.error());
  auto const settings = postgres_settings(url);
  if (!settings)
    return failed(settings.error());
  place const at{*store, url, nullptr};
  stage on;
  if (auto r = on.open(at.store, level); !r)
    return failed(r.error());
  ticket_flow flow{on, at};
  timing const t{seconds{run_seconds / 5}, seconds{run_seconds}, 1};
  auto const w = closed_loop(flow, level, t, cap, [&] {
    std::cout << json::canonical(json::object{{"phase", "measuring"}, {"in_flight", level}})
              << std::endl;
  });
  if (!w)
    return failed(w.error());
  auto const& h = w->latency;
  auto const ms = [&](double q) {
    return h.count() == 0 ? json::value(nullptr)
                          : json::value(rounded(static_cast<double>(h.at(q)) / 1e6));
  };
  std::cout << json::canonical(json::object{
                   {"engine", "troupe"},
                   {"durability", "every event of a ticket is committed before the next step; "
                                  "group commit; Postgres " +
                                      *settings},
                   {"in_flight", level},
                   {"in_flight_reached", w->under_way},
                   {"tickets", h.count()},
                   {"seconds", rounded(w->took)},
                   {"tickets_per_s", rounded(w->tickets / w->took)},
                   {"steady", h.count() >= static_cast<std::uint64_t>(level)},
                   {"p50_ms", ms(0.5)},
                   {"p90_ms", ms(0.9)},
                   {"p99_ms", ms(0.99)},
                   {"p999_ms", ms(0.999)}})
            << std::endl;
  // The caller reads what the window cost while the process is there.
  for (std::string rest; std::getline(std::cin, rest);) {
  }
  flow.end();
  std::fflush(nullptr);
  ::_Exit(0); // with work under way; its store is thrown away
}

} // namespace troupe::bench
