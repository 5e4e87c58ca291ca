#include "protocol/json.hpp"
#include "tests/sim/command_line.hpp"
#include "tests/sim/plants.hpp"

#include <spdlog/spdlog.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <map>

/// `troupe-sim`: runs simulated worlds, looks for one that goes wrong, makes it smaller, and says
/// how to run it again. Exit code 0: all went well; 1: one did not; 2: wrong arguments.
using namespace troupe;
using namespace troupe::sim;

namespace {

/// What a worker says of one world, through a pipe; small enough to be written at once.
struct line {
  std::uint64_t seed = 0;
  std::uint64_t events = 0, commits = 0, steps = 0, requests = 0, reports = 0, doubtful = 0;
  double hours = 0;
  double seconds = 0; ///< that it took
  int worker = 0;
  int starts = 0, tickets = 0, done = 0;
  bool begins = false; ///< only says that the worker is at this seed now
  bool failed = false;
  coverage happened{};
};
static_assert(sizeof(line) < PIPE_BUF);

struct totals {
  std::uint64_t worlds = 0;
  line sum;
  line slowest;
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
  t.sum.hours += l.hours;
  t.sum.starts += l.starts;
  t.sum.tickets += l.tickets;
  t.sum.done += l.done;
  for (std::size_t i = 0; i < happenings; ++i)
    t.sum.happened[i] += l.happened[i];
  if (l.seconds > t.slowest.seconds)
    t.slowest = l;
  if (l.failed && (!t.failed || l.seed < *t.failed))
    t.failed = l.seed;
}

double seconds_since(std::chrono::steady_clock::time_point begun) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
}

/// With `twice` also what differs between two runs is a problem.
outcome run_world(options const& o, bool twice) {
  auto r = run(o);
  if (!twice)
    return r;
  auto const again = run(o);
  if (again.hash != r.hash || again.digest != r.digest || again.steps != r.steps ||
      again.problems != r.problems || again.happened != r.happened)
    r.problems.push_back("the same options gave two different runs");
  return r;
}

line summary(options const& o, bool twice) {
  auto const begun = std::chrono::steady_clock::now();
  auto const r = run_world(o, twice);
  line l;
  l.seed = o.seed;
  l.events = r.events;
  l.commits = r.commits;
  l.steps = r.steps;
  l.requests = r.requests;
  l.reports = r.reports;
  l.doubtful = r.doubtful;
  l.hours = r.hours;
  l.seconds = seconds_since(begun);
  l.starts = r.starts;
  l.tickets = r.tickets;
  l.done = r.done;
  l.failed = !r.problems.empty();
  l.happened = r.happened;
  return l;
}

/// Every `jobs`th seed; ends at the first world that goes wrong.
void work(command_line const& c, int worker, int out) {
  for (auto seed = c.first + static_cast<std::uint64_t>(worker); seed <= c.last;
       seed += static_cast<std::uint64_t>(c.jobs)) {
    auto o = c.world;
    o.seed = seed;
    line l;
    l.seed = seed;
    l.begins = true;
    l.worker = worker;
    if (write(out, &l, sizeof l) != sizeof l)
      return;
    l = summary(o, c.twice);
    l.worker = worker;
    if (write(out, &l, sizeof l) != sizeof l || l.failed)
      return;
  }
}

/// Says now and then how far it is, and remembers it where a later run may go on.
class progress {
public:
  explicit progress(command_line const& c) : c_(c) {}
  void done(std::uint64_t seed, std::uint64_t worlds) {
    done_.insert(seed);
    while (done_.erase(below_ + c_.first) != 0)
      ++below_;
    if (seconds_since(told_) < (isatty(2) != 0 ? 1 : 60))
      return;
    told_ = std::chrono::steady_clock::now();
    auto const all = c_.last - c_.first + 1;
    auto const gone = seconds_since(begun_);
    std::fprintf(stderr, "%s%llu of %llu worlds, %.0f s, about %.0f s to go%s",
                 isatty(2) != 0 ? "\r" : "", static_cast<unsigned long long>(worlds),
                 static_cast<unsigned long long>(all), gone,
                 gone / static_cast<double>(worlds) * static_cast<double>(all - worlds),
                 isatty(2) != 0 ? "  " : "\n");
    save();
  }
  /// All seeds before this one are done.
  void save() const {
    if (!c_.resume.empty())
      std::ofstream{c_.resume} << below_ + c_.first << "\n";
  }

private:
  command_line const& c_;
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point told_ = begun_;
  std::set<std::uint64_t> done_;
  std::uint64_t below_ = 0;
};

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
      work(c, i, ends[1]);
      std::fflush(nullptr);
      _exit(0);
    }
    workers.push_back(pid);
  }
  close(ends[1]);
  progress far{c};
  std::map<int, std::uint64_t> at; ///< the seed of each worker
  line l;
  while (read(ends[0], &l, sizeof l) == sizeof l) {
    at[l.worker] = l.seed;
    if (l.begins)
      continue;
    add(t, l);
    if (!l.failed)
      far.done(l.seed, t.worlds);
    if (t.failed)
      for (auto const pid : workers)
        kill(pid, SIGTERM);
  }
  far.save();
  close(ends[0]);
  for (std::size_t i = 0; i < workers.size(); ++i) {
    int status = 0;
    waitpid(workers[i], &status, 0);
    if (WIFSIGNALED(status) && WTERMSIG(status) != SIGTERM)
      t.died = std::string{strsignal(WTERMSIG(status))} + " at seed " +
               std::to_string(at[static_cast<int>(i)]);
  }
  return t;
}

/// How often each trouble came. True: all did that could.
bool tell_happened(coverage const& h, command_line const& c, std::uint64_t worlds) {
  bool all = true;
  std::printf("what came:");
  for (std::size_t i = 0; i < happenings; ++i) {
    std::printf("%s %s %u", i == 0 ? "" : ",", to_string(static_cast<happening>(i)), h[i]);
    all = all && h[i] != 0;
  }
  std::puts("");
  constexpr std::uint64_t many = 500; // in fewer worlds a rare one may well be missing
  if (all || worlds < many || !c.world.without.empty())
    return true;
  std::puts("not everything came: what is 0 above was not tested");
  return false;
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

void tell_failure(command_line const& c, options o) {
  auto const whole = run_world(o, c.twice);
  std::printf("a world went wrong: troupe-sim %s\n", spell(o).c_str());
  tell(o, whole, false);
  auto const small = shrink(o);
  auto const r = run(small);
  std::printf("smaller: troupe-sim %s\n", spell(small).c_str());
  tell(small, r, false);
  if (c.keep.empty() || r.problems.empty())
    return;
  std::ofstream{c.keep, std::ios::app} << kept_line(small, r.problems.front()) << "\n";
  std::printf("kept in %s\n", c.keep.c_str());
}

int run_worlds(std::string const& file) {
  auto const worlds = read_worlds(file);
  if (!worlds) {
    std::fprintf(stderr, "troupe-sim: %s\n", worlds.error().message.c_str());
    return 2;
  }
  for (auto const& o : *worlds)
    if (auto const r = run(o); !r.problems.empty()) {
      std::printf("a world of %s went wrong: troupe-sim %s\n", file.c_str(), spell(o).c_str());
      tell(o, r, false);
      return 1;
    }
  return 0;
}

/// Plants one bug after the other. The table of docs/simulation.md.
int prove(command_line c) {
  int missed = 0;
  std::puts("| bug | what it is | seeds until caught | caught by |\n|---|---|---:|---|");
  for (auto const& p : plants()) {
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
  spdlog::set_pattern("             %l %v"); // without the time, which is not that of the world
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
  if (!c.file.empty())
    if (int const failed = run_worlds(c.file); failed != 0 || !c.seeds)
      return failed;
  if (c.first == c.last) {
    auto const r = run_world(c.world, c.twice);
    tell(c.world, r, c.json);
    return r.problems.empty() ? 0 : 1;
  }
  if (!c.resume.empty())
    if (std::uint64_t from = 0; std::ifstream{c.resume} >> from && from > c.first) {
      if (from > c.last)
        return 0;
      std::printf("going on at seed %llu\n", static_cast<unsigned long long>(from));
      c.first = from;
    }
  auto const begun = std::chrono::steady_clock::now();
  auto const t = run_all(c);
  auto const seconds = seconds_since(begun);
  std::printf(
      "%llu worlds in %.1f s (%.1f a second): %.0f virtual hours, %llu events in %llu "
      "commits, %llu actor steps, %d server starts, %d tickets (%d merged), %llu requests, "
      "%llu reports, %llu appends in doubt; the slowest was seed %llu with %.1f s\n",
      static_cast<unsigned long long>(t.worlds), seconds, static_cast<double>(t.worlds) / seconds,
      t.sum.hours, static_cast<unsigned long long>(t.sum.events),
      static_cast<unsigned long long>(t.sum.commits), static_cast<unsigned long long>(t.sum.steps),
      t.sum.starts, t.sum.tickets, t.sum.done, static_cast<unsigned long long>(t.sum.requests),
      static_cast<unsigned long long>(t.sum.reports),
      static_cast<unsigned long long>(t.sum.doubtful),
      static_cast<unsigned long long>(t.slowest.seed), t.slowest.seconds);
  bool const all = tell_happened(t.sum.happened, c, t.worlds);
  if (!t.died.empty()) {
    std::printf("a worker died: %s\n", t.died.c_str());
    return 1;
  }
  if (!t.failed)
    return all ? 0 : 1;
  c.world.seed = *t.failed;
  tell_failure(c, c.world);
  return 1;
}
