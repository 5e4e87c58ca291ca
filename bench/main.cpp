#include "bench/measures.hpp"
#include "bench/options.hpp"
#include "bench/plot.hpp"

#include <spdlog/spdlog.h>
#include <sys/prctl.h>

#include <cmath>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <thread>

using namespace troupe;
using namespace troupe::bench;

/// The measuring program behind `troupe bench`. It is a program of its own, so that `troupe`, which
/// is linked again after each edit, does not wait for the dozen files with actors that measure, and
/// because it counts the calls of fsync by standing in front of libc's.
namespace {

class collector {
public:
  explicit collector(report& r) : report_(r) {}

  void add(std::string const& what, result<std::vector<measure>> more) {
    if (!more) {
      report_.failed.push_back(what + ": " + more.error().message);
      std::cerr << "bench: " << report_.failed.back() << std::endl;
      return;
    }
    for (auto& m : *more) {
      tell(m);
      report_.measures.push_back(std::move(m));
    }
  }
  void add(std::string const& what, result<measure> m) {
    add(what, m ? result<std::vector<measure>>{std::vector<measure>{std::move(*m)}}
                : result<std::vector<measure>>{m.error()});
  }

private:
  static void tell(measure const& m) {
    std::cerr << "bench: " << m.what << ' ' << m.where;
    if (m.level > 0)
      std::cerr << ", " << m.level << (m.loop == "open" ? " a second" : " at once");
    if (m.bytes > 0)
      std::cerr << ": " << std::llround(m.bytes) << " bytes";
    else if (m.rate > 0)
      std::cerr << ": " << std::llround(m.rate) << " a second, p50 " << m.p50_us / 1000
                << " ms, p99 " << m.p99_us / 1000 << " ms";
    else if (m.ready_ms > 0)
      std::cerr << ": all move after " << std::llround(m.all_moving_ms) << " ms";
    else
      std::cerr << ": " << m.cpu_ms_s << " ms of CPU and " << m.wakeups_s << " wakeups a second";
    std::cerr << std::endl;
  }
  report& report_;
};

void measure_tickets(collector& all, stores const& s, options const& o, timing const& t) {
  if (o.rates.empty()) {
    for (int const level : o.levels)
      all.add("tickets " + s.name + " " + std::to_string(level), tickets(s, level, t));
  }
  for (double const rate : o.rates)
    all.add("tickets by the clock " + s.name, arrivals(s, rate, t, o.slowdown));
}

void measure_store(collector& all, stores const& s, std::string const& url,
                   std::string const& folder, options const& o, timing const& t) {
  if (o.wants("floor") && s.name == "sqlite")
    all.add("floor", sqlite_floor(folder, t));
  if (o.wants("floor") && s.name == "postgres")
    all.add("floor", postgres_floor(url, t));
  if (o.wants("appends"))
    all.add("appends " + s.name, appends(s, t));
  if (o.wants("tickets"))
    measure_tickets(all, s, o, t);
  if (o.wants("watched"))
    all.add("watched " + s.name, watched(s, 100, t));
  if (o.wants("memory"))
    all.add("memory " + s.name, idle_tickets(s, o.tickets));
  if (o.wants("recovery") && s.name != "memory") // which survives nothing
    all.add("recovery " + s.name, recovery(s, o.in_flight));
  if (o.wants("idle"))
    all.add("idle " + s.name, idle_cost(s, o.tickets, t));
}

report measure_all(options const& o, std::string const& folder) {
  report r;
  timing const t{seconds{o.warm_up}, seconds{o.seconds}, o.repeats};
  r.repeats = t.repeats;
  r.seconds = t.run.count();
  r.on = this_machine(folder);
  r.on.commit = o.commit;
  collector all{r};
  if (o.wants("messages")) {
    all.add("messages", messages(t));
    all.add("messages", queries(t));
  }
  for (auto const& name : o.stores) {
    if (!is_postgres(name)) {
      measure_store(all, name == "memory" ? memory_stores() : sqlite_stores(folder), {}, folder, o,
                    t);
      continue;
    }
    auto const settings = postgres_settings(name);
    if (settings)
      r.on.postgres = *settings;
    if (settings)
      measure_store(all, postgres_stores(name), name, folder, o, t);
    else
      all.add("postgres", result<measure>{settings.error()});
  }
  return r;
}

[[nodiscard]] bool write(std::string const& file, std::string const& text) {
  std::ofstream out{file};
  out << text;
  if (out.flush())
    return true;
  std::cerr << "bench: cannot write " << file << std::endl;
  return false;
}

/// Ctrl-C, in a thread that waits for it: the stores are removed, then it ends at once.
void remove_on_interrupt(std::string const& folder) {
  sigset_t those;
  sigemptyset(&those);
  sigaddset(&those, SIGINT);
  sigaddset(&those, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &those, nullptr); // the threads to come inherit it
  std::thread{[those, folder] {
    int which = 0;
    ::sigwait(&those, &which);
    std::cerr << "bench: interrupted; removing what was made" << std::endl;
    remove_databases();
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
    std::_Exit(130);
  }}.detach();
}

int measure_and_show(options const& o) {
  auto const base = o.folder.empty() ? std::filesystem::temp_directory_path().string() : o.folder;
  auto folder = base + "/troupe-bench.XXXXXX";
  if (::mkdtemp(folder.data()) == nullptr) {
    std::cerr << "troupe bench: cannot make a folder in " << base << std::endl;
    return 2;
  }
  remove_on_interrupt(folder);
  auto const r = measure_all(o, folder);
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
  auto const document = json::to(r);
  auto const text = json::canonical(document) + "\n";
  bool good = r.failed.empty();
  if (!o.out.empty())
    good = write(o.out, text) && good;
  if (!o.plot.empty() && !r.measures.empty()) // a report of failures only has nothing to draw
    good = write(o.plot, plot_of(document).value()) && good;
  std::cout << (o.json ? text : table(r)) << std::flush;
  return good ? 0 : 1;
}

/// `--draw REPORT.json FILE.svg`: for reports of bench/peers as well.
int draw(std::string const& from, std::string const& to) {
  std::ifstream in{from};
  std::ostringstream text;
  text << in.rdbuf();
  auto const report = json::parse(text.str());
  auto const drawn = report ? plot_of(*report) : result<std::string>{report.error()};
  if (!drawn) {
    std::cerr << "bench: " << from << ": " << drawn.error().message << std::endl;
    return 1;
  }
  return write(to, *drawn) ? 0 : 1;
}

/// `--record --postgres URL --levels N --seconds S --tickets CAP`, as bench/peers calls it.
int record_for_peers(std::vector<std::string> const& words) {
  std::string url;
  int level = 1;
  double run_seconds = 5;
  int cap = 100'000;
  for (std::size_t i = 1; i + 1 < words.size(); i += 2) {
    auto const& name = words[i];
    auto const& text = words[i + 1];
    if (name == "--postgres")
      url = text;
    else if (name == "--levels")
      level = std::atoi(text.c_str());
    else if (name == "--seconds")
      run_seconds = std::atof(text.c_str());
    else if (name == "--tickets")
      cap = std::atoi(text.c_str());
  }
  if (!is_postgres(url) || level < 1 || run_seconds <= 0 || cap < 1) {
    std::cerr << "bench: --record needs --postgres URL --levels N --seconds S --tickets CAP\n";
    return 2;
  }
  return record(url, level, run_seconds, cap);
}

int run(std::vector<std::string> const& words) {
  if (words.size() == 4 && words[0] == "--child") {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL); // nothing of a run that was killed stays behind
    return recovery_child(words[1], words[2], std::atoi(words[3].c_str()));
  }
  if (words.size() == 3 && words[0] == "--draw")
    return draw(words[1], words[2]);
  if (!words.empty() && words[0] == "--record")
    return record_for_peers(words);
  auto const o = read_options(words);
  if (!o) {
    std::cerr << "troupe bench: " << o.error().message << "\nSee `troupe bench --help`.\n";
    return 2;
  }
  return measure_and_show(*o);
}

} // namespace

int main(int argc, char** argv) {
  spdlog::set_level(spdlog::level::warn);
  try {
    return run({argv + 1, argv + argc});
  } catch (std::exception const& e) {
    std::cerr << "troupe bench: a bug stopped it: " << e.what() << std::endl;
    return 1;
  }
}
