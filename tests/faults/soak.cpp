#include "tests/faults/soak.hpp"

#include "tests/support/eventually.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <csignal>
#include <exception>
#include <limits>
#include <mutex>
#include <random>
#include <thread>

namespace troupe::faults {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using steady = std::chrono::steady_clock;

constexpr int clients = 16;
constexpr int targets = 20;    ///< tickets that are written to
constexpr int most_kept = 200; ///< comments of a ticket that its state has
constexpr seconds window{10};
constexpr seconds drain{60};     ///< what a fault held up is worked off
constexpr int most_worked = 400; ///< tickets for the daemons; the checkers look at 500

double seconds_since(steady::time_point begun, steady::time_point at = steady::now()) {
  return std::chrono::duration<double>(at - begun).count();
}

/// Writes comments, each by the clock or one after the other, and knows how long each took.
class writers {
public:
  writers(lab& on, std::vector<std::string> tickets, std::string keys)
      : lab_(on), tickets_(std::move(tickets)), keys_(std::move(keys)) {}

  /// As fast as they can, until `count` are written or the time is over. Writes a second.
  double rush(std::int64_t count, milliseconds limit) {
    auto const begun = steady::now();
    auto const all = run([&](std::int64_t n) -> std::optional<steady::time_point> {
      return n < count && steady::now() - begun < limit ? std::optional{steady::now()}
                                                        : std::nullopt;
    });
    return static_cast<double>(all) / seconds_since(begun);
  }

  /// `rate` a second, until it is told to stop. A write that comes late counts from when it was
  /// due.
  void pace(double rate, std::stop_token const& stop) {
    auto const begun = begun_;
    (void)run([&, begun](std::int64_t n) -> std::optional<steady::time_point> {
      auto const due = begun + std::chrono::duration_cast<steady::duration>(
                                   std::chrono::duration<double>(static_cast<double>(n) / rate));
      std::this_thread::sleep_until(due); // the clock of an open loop
      return stop.stop_requested() ? std::nullopt : std::optional{due};
    });
  }

  /// Since the beginning: writes that were refused for good, and that were given up.
  [[nodiscard]] std::int64_t refused() const { return refused_; }
  [[nodiscard]] std::int64_t unknown() const { return unknown_; }

  void begin() { begun_ = steady::now(); }
  [[nodiscard]] steady::time_point begun() const { return begun_; }
  [[nodiscard]] std::vector<soak_sample> take() {
    std::lock_guard const lock{mutex_};
    return std::exchange(samples_, {});
  }

private:
  /// `next(n)`: when the n-th is due; none: it was the last. How many were written.
  template <class Next>
  std::int64_t run(Next const& next) {
    std::atomic<std::int64_t> drawn{0};
    std::atomic<std::int64_t> written{0};
    std::vector<std::thread> threads;
    for (int c = 1; c <= clients; ++c)
      threads.emplace_back([&, c] {
        for (;;) {
          auto const n = drawn++;
          auto const due = next(n);
          if (!due)
            return;
          auto const how = write(c, n);
          if (how != outcome::ok) {
            ++(how == outcome::refused ? refused_ : unknown_);
            continue;
          }
          ++written;
          std::lock_guard const lock{mutex_};
          samples_.push_back(
              {seconds_since(begun_, *due),
               std::chrono::duration<double, std::milli>(steady::now() - *due).count()});
        }
      });
    for (auto& t : threads)
      t.join();
    ++round_;
    return written;
  }

  outcome write(int client, std::int64_t n) {
    operation o;
    o.client = client;
    o.kind = op_kind::comment;
    o.key = keys_ + std::to_string(round_) + "-" + std::to_string(n);
    auto const& ticket = tickets_[static_cast<std::size_t>(n) % tickets_.size()];
    auto const body = json::canonical(json::object{{"text", "Seen " + mark_of(o.key)}});
    lab_.record().invoked(o);
    auto wait = milliseconds{20};
    auto const patience = steady::now() + seconds{60};
    for (;;) {
      ++o.sendings;
      auto const a = lab_.call("POST", "/api/tickets/" + ticket + "/comments", body, o.key);
      o.status = a.status;
      if (a.ok()) {
        o.entity = "ticket/" + ticket;
        if (auto const* v = a.json.if_contains("version"))
          o.version = v->to_number<std::int64_t>();
        return told(std::move(o), outcome::ok);
      }
      if (a.status != 0 && a.status != 429 && a.status < 500)
        return told(std::move(o), outcome::refused);
      if (steady::now() > patience)
        return told(std::move(o), outcome::unknown);
      std::this_thread::sleep_for(wait); // a client's backoff
      wait = std::min(wait * 2, milliseconds{200});
    }
  }

  outcome told(operation o, outcome how) {
    lab_.record().answered(std::move(o), how);
    return how;
  }

  lab& lab_;
  std::vector<std::string> tickets_;
  std::string keys_;
  std::atomic<std::int64_t> refused_{0};
  std::atomic<std::int64_t> unknown_{0};
  std::atomic<int> round_{0};
  steady::time_point begun_ = steady::now();
  std::mutex mutex_;
  std::vector<soak_sample> samples_;
};

/// Something that goes on beside the run, and ends with it whatever ends it. What it throws is
/// thrown where it is joined.
class background {
public:
  explicit background(std::function<void(std::stop_token const&)> work)
      : thread_([this, work = std::move(work)](std::stop_token const& stop) {
          try {
            work(stop);
          } catch (...) {
            failed_ = std::current_exception();
          }
        }) {}
  void join() {
    thread_.request_stop();
    thread_.join();
    if (failed_)
      std::rethrow_exception(failed_);
  }

private:
  std::exception_ptr failed_;
  std::jthread thread_; ///< the last, so that it ends first
};

/// Its id; empty: none was made in time.
std::string make_ticket(lab& l, std::string const& key) {
  operation o;
  o.kind = op_kind::ticket;
  o.key = key;
  auto const body = json::canonical(
      json::object{{"project", "p"}, {"title", "Work " + mark_of(key)}, {"role", "dev"}});
  l.record().invoked(o);
  for (auto const patience = steady::now() + seconds{60};;) {
    ++o.sendings;
    auto const a = l.call("POST", "/api/tickets", body, key);
    o.status = a.status;
    if (a.ok()) {
      auto const* id = a.json.if_contains("id");
      std::string made{id != nullptr ? std::string_view{id->get_string()} : std::string_view{}};
      o.entity = "ticket/" + made;
      l.record().answered(std::move(o), outcome::ok);
      return made;
    }
    if (steady::now() > patience) {
      l.record().answered(std::move(o), outcome::unknown);
      return {};
    }
    std::this_thread::sleep_for(milliseconds{100}); // a client's backoff
  }
}

/// What is struck: the first one once, the others in turn.
struct fault {
  std::string what;
  std::function<void()> harm;
  std::function<void()> give_back;
};

std::vector<fault> faults_of(lab& l, soak_settings const& s) {
  auto const restart = [&l] {
    l.start_server();
    (void)l.await_ready();
  };
  std::vector<fault> out{
      {"kill -9 of the server", [&l] { l.server().kill(); }, restart},
      {"kill -9 of the daemon", [&l] { l.daemon(0).kill(); }, [&l] { l.start_daemon(0); }},
      {"server stopped for 2 s (SIGSTOP)", [&l] { l.signal_server(SIGSTOP); },
       [&l] {
         std::this_thread::sleep_for(seconds{2}); // the length of the pause
         l.signal_server(SIGCONT);
       }}};
  if (s.store == store_kind::postgres) {
    auto const name = l.settings().url.substr(l.settings().url.rfind('/') + 1);
    out.push_back({"PostgreSQL stopped at once", [&s] { s.db->stop(); }, [&s] { s.db->start(); }});
    out.push_back({"every backend of the server is terminated",
                   [&s, name] {
                     (void)s.db->sql("postgres", "select count(pg_terminate_backend(pid)) from "
                                                 "pg_stat_activity where datname = '" +
                                                     name + "'");
                   },
                   [] {}});
  }
  return out;
}

/// The latencies of a part of the run, sorted.
std::vector<double> of(std::vector<soak_sample> const& all, double from, double to) {
  std::vector<double> out;
  for (auto const& x : all)
    if (x.due >= from && x.due < to)
      out.push_back(x.ms);
  std::sort(out.begin(), out.end());
  return out;
}

} // namespace

findings compare_ends(std::vector<soak_window> const& windows,
                      std::vector<soak_sample> const& samples, soak_settings const& s) {
  findings found;
  auto const end = static_cast<double>(std::chrono::seconds{s.length}.count());
  auto const quiet = static_cast<double>(s.quiet.count());
  // The first and last windows of a quiet part are left out: the load has just begun, or a fault's
  // last wake is in it.
  auto const before = of(samples, 20, quiet - 1);
  auto const after = of(samples, end - quiet + 30, end);
  auto const p99_before = quantile(before, 0.99);
  auto const p99_after = quantile(after, 0.99);
  auto const say = [](double x) { return std::to_string(std::llround(x)); };
  if (before.empty() || after.empty())
    found.push_back("there is nothing to compare: too few writes");
  else if (p99_after > 2 * p99_before + 5)
    found.push_back("p99 is " + say(p99_after) + " ms at the end, " + say(p99_before) +
                    " ms at the beginning");
  auto const usage = [&](double from, double to, auto of_window) {
    std::vector<double> v;
    for (auto const& w : windows)
      if (w.at >= from && w.at < to && w.rss_kb > 0)
        v.push_back(static_cast<double>(of_window(w)));
    std::sort(v.begin(), v.end());
    return quantile(v, 0.5);
  };
  auto const rss = [](soak_window const& w) { return w.rss_kb; };
  auto const fds = [](soak_window const& w) { return w.fds; };
  auto const rss_before = usage(20, quiet, rss);
  auto const rss_after = usage(end - quiet + 30, end, rss);
  if (rss_after > 1.5 * rss_before + 32 * 1024)
    found.push_back("the server has " + say(rss_after / 1024) + " MiB at the end, " +
                    say(rss_before / 1024) + " at the beginning");
  auto const fds_before = usage(20, quiet, fds);
  auto const fds_after = usage(end - quiet + 30, end, fds);
  if (fds_after > fds_before + clients)
    found.push_back("the server has " + say(fds_after) + " open files at the end, " +
                    say(fds_before) + " at the beginning");
  return found;
}

soak_report run_soak(soak_settings const& s) {
  auto const tell = [&](std::string const& what) {
    if (s.tell)
      s.tell(what);
  };
  soak_report r;
  lab_settings where;
  where.store = s.store;
  where.home = s.home;
  if (s.store == store_kind::postgres)
    where.url = s.db->new_database();
  where.server_more = {"--set", "actors.snapshot_after=100"}; // as it is delivered
  lab l{where};
  l.open();

  // Their states are as large as they get before anything is measured.
  std::vector<std::string> tickets;
  for (int i = 0; i < targets; ++i)
    tickets.push_back(make_ticket(l, "target-" + std::to_string(i)));
  if (std::find(tickets.begin(), tickets.end(), std::string{}) != tickets.end())
    throw broken{"no tickets: " + l.server_log()};
  writers w{l, tickets, "w"};
  tell("filling");
  (void)w.rush(std::int64_t{targets} * most_kept, seconds{120});
  tell("calibrating");
  r.reached = w.rush(std::numeric_limits<std::int64_t>::max(), s.calibration);
  r.rate = std::max(1.0, s.share * r.reached);
  (void)w.take();

  w.begin();
  background pacing{[&](std::stop_token const& stop) { w.pace(r.rate, stop); }};
  std::atomic<std::int64_t> made{0};
  auto const ticket_gap =
      std::max<steady::duration>(seconds{5}, steady::duration{s.length} / most_worked);
  background making{[&](std::stop_token const& stop) {
    for (int n = 0; !stop.stop_requested(); ++n) {
      made += make_ticket(l, "worked-" + std::to_string(n)).empty() ? 0 : 1;
      for (auto const next = steady::now() + ticket_gap;
           !stop.stop_requested() && steady::now() < next;)
        std::this_thread::sleep_for(milliseconds{50}); // the rate of new tickets
    }
  }};

  auto const faults = faults_of(l, s);
  std::mt19937_64 random{s.seed};
  auto const offset = static_cast<std::size_t>(random() % (faults.size() - 1));
  auto const which = [&](std::int64_t n) -> fault const& {
    auto const others = faults.size() - 1;
    return n == 0 ? faults[0] : faults[1 + (offset + static_cast<std::size_t>(n)) % others];
  };
  auto const end = w.begun() + s.length;
  auto const last_fault = end - s.quiet - drain;
  auto next_fault = w.begun() + s.quiet;
  std::vector<soak_sample> all;
  for (auto at = w.begun() + window; at <= end; at += window) {
    soak_window seen;
    seen.at = seconds_since(w.begun(), at - window);
    if (auto const now = steady::now(); now >= next_fault && now <= last_fault) {
      auto const& f = which(r.faults);
      tell(f.what);
      l.strike(f.what, f.harm, f.give_back);
      seen.fault = f.what;
      ++r.faults;
      next_fault = std::max(next_fault + s.between, steady::now() + s.between / 2);
    }
    std::this_thread::sleep_until(at); // a window's length
    auto const g = l.usage();
    seen.rss_kb = g.rss_kb;
    seen.fds = g.fds;
    r.windows.push_back(std::move(seen));
    auto fresh = w.take();
    all.insert(all.end(), fresh.begin(), fresh.end());
    tell(std::to_string(std::llround(seconds_since(w.begun()))) + " s, " +
         std::to_string(r.faults) + " faults, " + std::to_string(fresh.size()) + " writes");
  }
  making.join();
  pacing.join();
  r.tickets = made;
  auto fresh = w.take();
  all.insert(all.end(), fresh.begin(), fresh.end());

  for (auto& seen : r.windows) {
    auto const ms = of(all, seen.at, seen.at + static_cast<double>(window.count()));
    seen.writes = static_cast<std::int64_t>(ms.size());
    seen.p50 = quantile(ms, 0.5);
    seen.p99 = quantile(ms, 0.99);
    seen.most = ms.empty() ? 0 : ms.back();
  }
  r.found = compare_ends(r.windows, all, s);
  if (w.refused() + w.unknown() > 0)
    r.found.push_back(std::to_string(w.refused()) + " writes were refused, " +
                      std::to_string(w.unknown()) + " had no answer within a minute");
  tell("judging");
  tally count;
  for (auto& f : l.judge(count, seconds{120}))
    r.found.push_back(std::move(f));
  r.acknowledged = count.acknowledged;
  r.lost = count.lost;
  r.duplicated = count.duplicated;
  r.longest_recovery = static_cast<double>(count.longest_recovery) / 1e6;
  return r;
}

} // namespace troupe::faults
