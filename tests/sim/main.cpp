#include "protocol/json.hpp"
#include "tests/sim/command_line.hpp"
#include "tests/sim/plants.hpp"

#include <spdlog/spdlog.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>

/// `troupe-sim`: runs simulated worlds, looks for one that goes wrong, makes it smaller, and says
/// how to run it again. Exit code 0: all went well; 1: one did not; 2: wrong arguments.
using namespace troupe;
using namespace troupe::sim;

namespace {

/// What a worker says of one world, through a pipe; small enough to be written at once.
struct line {
  std::uint64_t seed = 0;
  std::uint64_t events = 0, commits = 0, steps = 0, requests = 0, reports = 0, doubtful = 0,
                fenced = 0;
  double hours = 0;
  int starts = 0, tickets = 0, done = 0;
  bool failed = false;
};

struct totals {
  std::uint64_t worlds = 0;
  line sum;
  std::optional<std::uint64_t> failed; ///< the lowest seed
  std::string died;                    ///< how a worker ended, if not well
};

void add(totals& t, line const& l) {
  ++t.worlds;
  t.sum.events += l.events;
  t.sum.commits += l.commits;
  t.sum.steps += l.steps;
  t.sum.requests += l.requests;
  t.sum.reports += l.reports;
  t.sum.doubtful += l.doubtful;
  t.sum.fenced += l.fenced;
  t.sum.hours += l.hours;
  t.sum.starts += l.starts;
  t.sum.tickets += l.tickets;
  t.sum.done += l.done;
  if (l.failed && (!t.failed || l.seed < *t.failed))
    t.failed = l.seed;
}

line summary(std::uint64_t seed, outcome const& r) {
  return {seed,     r.events, r.commits, r.steps,   r.requests, r.reports,          r.doubtful,
          r.fenced, r.hours,  r.starts,  r.tickets, r.done,     !r.problems.empty()};
}

/// Every `jobs`th seed; ends at the first world that goes wrong.
void work(command_line const& c, std::uint64_t from, int out) {
  for (auto seed = from; seed <= c.last; seed += static_cast<std::uint64_t>(c.jobs)) {
    auto o = c.world;
    o.seed = seed;
    auto const l = summary(seed, run(o));
    if (write(out, &l, sizeof l) != sizeof l || l.failed)
      return;
  }
}

/// Worlds side by side, each worker a process: one that dies takes no other with it.
totals run_all(command_line const& c) {
  totals t;
  int ends[2];
  if (pipe(ends) != 0)
    return t;
  std::fflush(nullptr);
  std::vector<pid_t> workers;
  for (int i = 0; i < c.jobs; ++i) {
    auto const pid = fork();
    if (pid == 0) {
      close(ends[0]);
      work(c, c.first + static_cast<std::uint64_t>(i), ends[1]);
      std::fflush(nullptr);
      _exit(0);
    }
    workers.push_back(pid);
  }
  close(ends[1]);
  line l;
  while (read(ends[0], &l, sizeof l) == sizeof l) {
    add(t, l);
    if (isatty(2) != 0 && t.worlds % 50 == 0)
      std::fprintf(stderr, "\r%llu worlds", static_cast<unsigned long long>(t.worlds));
    if (t.failed)
      for (auto const pid : workers)
        kill(pid, SIGTERM);
  }
  close(ends[0]);
  for (auto const pid : workers) {
    int status = 0;
    waitpid(pid, &status, 0);
    if (WIFSIGNALED(status) && WTERMSIG(status) != SIGTERM)
      t.died = strsignal(WTERMSIG(status));
  }
  return t;
}

void tell(options const& o, outcome const& r, bool as_json) {
  if (as_json) {
    json::array problems;
    for (auto const& p : r.problems)
      problems.emplace_back(p);
    std::puts(json::canonical(json::object{{"seed", o.seed},
                                           {"hash", r.hash},
                                           {"events", r.events},
                                           {"steps", r.steps},
                                           {"hours", r.hours},
                                           {"starts", r.starts},
                                           {"tickets", r.tickets},
                                           {"done", r.done},
                                           {"problems", std::move(problems)}})
                  .c_str());
    return;
  }
  std::printf("seed %llu: ledger %s, %llu events, %llu steps, %.1f virtual hours, %d starts, "
              "%d of %d tickets merged, %llu appends in doubt\n",
              static_cast<unsigned long long>(o.seed), r.hash.c_str(),
              static_cast<unsigned long long>(r.events), static_cast<unsigned long long>(r.steps),
              r.hours, r.starts, r.done, r.tickets, static_cast<unsigned long long>(r.doubtful));
  for (auto const& p : r.problems)
    std::printf("PROBLEM %s\n", p.c_str());
}

void tell_failure(options o) {
  auto const whole = run(o);
  std::printf("a world went wrong: troupe-sim %s\n", spell(o).c_str());
  tell(o, whole, false);
  auto const small = shrink(o);
  std::printf("smaller: troupe-sim %s\n", spell(small).c_str());
  tell(small, run(small), false);
}

int run_worlds(std::string const& file) {
  std::ifstream in{file};
  if (!in) {
    std::fprintf(stderr, "troupe-sim: cannot read %s\n", file.c_str());
    return 2;
  }
  for (std::string text; std::getline(in, text);) {
    auto const c = parse(text);
    if (!c) {
      std::fprintf(stderr, "troupe-sim: %s: %s\n", file.c_str(), c.error().message.c_str());
      return 2;
    }
    if (text.empty() || text.starts_with('#'))
      continue;
    auto const r = run(c->world);
    if (!r.problems.empty()) {
      tell(c->world, r, false);
      return 1;
    }
  }
  return 0;
}

/// Plants one bug after the other. The table of docs/simulation.md.
int prove(command_line c) {
  int missed = 0;
  std::puts("| bug | what it is | seeds until caught | caught by |\n|---|---|---:|---|");
  for (auto const& p : plants()) {
    set_plant(p.name);
    c.world.plant = p.name;
    std::string by = "not caught";
    auto seed = c.first;
    for (; seed <= c.last; ++seed) {
      c.world.seed = seed;
      auto const r = run(c.world);
      if (r.problems.empty())
        continue;
      by = r.problems.front().substr(0, 90);
      break;
    }
    missed += seed > c.last ? 1 : 0;
    std::printf("| `%s` | %s | %llu | %s |\n", std::string{p.name}.c_str(),
                std::string{p.what}.c_str(), static_cast<unsigned long long>(seed - c.first + 1),
                by.c_str());
    std::fflush(stdout);
  }
  return missed == 0 ? 0 : 1;
}

} // namespace

int main(int count, char** words) {
  std::string text;
  for (int i = 1; i < count; ++i)
    text += std::string{words[i]} + " ";
  auto parsed = parse(text);
  if (!parsed) {
    std::fprintf(stderr, "troupe-sim: %s\n%s", parsed.error().message.c_str(), usage().c_str());
    return 2;
  }
  auto c = std::move(*parsed);
  spdlog::set_level(c.world.trace ? spdlog::level::debug : spdlog::level::off);
  if (c.list) {
    for (auto const& p : plants())
      std::printf("%-24s %s\n", std::string{p.name}.c_str(), std::string{p.what}.c_str());
    return 0;
  }
  if (c.prove) {
    c.last = std::max<std::uint64_t>(c.last, c.first + 999);
    return prove(c);
  }
  set_plant(c.world.plant);
  if (!c.file.empty())
    if (int const failed = run_worlds(c.file); failed != 0)
      return failed;
  if (c.first == c.last) {
    auto const r = run(c.world);
    tell(c.world, r, c.json);
    return r.problems.empty() ? 0 : 1;
  }
  auto const begun = std::chrono::steady_clock::now();
  auto const t = run_all(c);
  auto const seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  std::printf(
      "%llu worlds in %.1f s (%.1f a second): %.0f virtual hours, %llu events in %llu "
      "commits, %llu actor steps, %d server starts, %d tickets (%d merged), %llu requests, "
      "%llu reports, %llu appends in doubt, %llu fenced\n",
      static_cast<unsigned long long>(t.worlds), seconds, static_cast<double>(t.worlds) / seconds,
      t.sum.hours, static_cast<unsigned long long>(t.sum.events),
      static_cast<unsigned long long>(t.sum.commits), static_cast<unsigned long long>(t.sum.steps),
      t.sum.starts, t.sum.tickets, t.sum.done, static_cast<unsigned long long>(t.sum.requests),
      static_cast<unsigned long long>(t.sum.reports),
      static_cast<unsigned long long>(t.sum.doubtful),
      static_cast<unsigned long long>(t.sum.fenced));
  if (!t.died.empty()) {
    std::printf("a worker died: %s\n", t.died.c_str());
    return 1;
  }
  if (!t.failed)
    return 0;
  c.world.seed = *t.failed;
  tell_failure(c.world);
  return 1;
}
