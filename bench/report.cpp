#include "bench/report.hpp"

#include <sqlite3.h>
#include <sys/utsname.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <thread>

namespace troupe::bench {

namespace {

template <class... Ts>
std::string print(char const* format, Ts... xs) {
  std::array<char, 256> line{};
  std::snprintf(line.data(), line.size(), format, xs...);
  return line.data();
}

std::string latency(double us) {
  return us < 1000 ? print("%.1f µs", us) : print(us < 100'000 ? "%.2f ms" : "%.0f ms", us / 1000);
}

std::string number(double n) {
  return print(n < 10 ? "%.1f" : "%.0f", n);
}

/// The value after `key` in a file of `key : value` lines.
std::string field(char const* file, std::string_view key) {
  std::ifstream in{file};
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with(key))
      continue;
    auto const colon = line.find(':');
    auto const begin =
        colon == std::string::npos ? colon : line.find_first_not_of(" \t", colon + 1);
    return begin == std::string::npos ? "" : line.substr(begin);
  }
  return {};
}

std::string file_system(std::string const& folder) {
  struct statfs s {};
  if (::statfs(folder.c_str(), &s) != 0)
    return "unknown";
  switch (s.f_type) {
  case 0xEF53:
    return "ext4";
  case 0x01021994:
    return "tmpfs (nothing is durable here)";
  case 0x794C7630:
    return "overlayfs";
  case 0x58465342:
    return "xfs";
  case 0x9123683E:
    return "btrfs";
  default:
    return print("0x%lx", static_cast<unsigned long>(s.f_type));
  }
}

std::string now() {
  std::time_t const t = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&t, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M UTC", &parts);
  return text.data();
}

} // namespace

machine this_machine(std::string const& folder) {
  machine m;
  m.at = now();
  m.processor = field("/proc/cpuinfo", "model name");
  m.processors = static_cast<int>(std::thread::hardware_concurrency());
  m.memory_mib = std::atoll(field("/proc/meminfo", "MemTotal").c_str()) / 1024;
  utsname u{};
  if (::uname(&u) == 0)
    m.kernel = std::string{u.sysname} + ' ' + u.release;
  m.file_system = file_system(folder);
#ifdef TROUPE_PROFILE_GUIDED
  m.build = print("g++ %d.%d, optimised by a profile (./dev release)", __GNUC__, __GNUC_MINOR__);
#elif defined TROUPE_PROFILE_RECORDS
  m.build = print("g++ %d.%d, recording its time: not for comparison", __GNUC__, __GNUC_MINOR__);
#elif defined NDEBUG
  m.build = print("g++ %d.%d, optimised, without assertions", __GNUC__, __GNUC_MINOR__);
#else
  m.build = print("g++ %d.%d, development build: not for comparison", __GNUC__, __GNUC_MINOR__);
#endif
  m.sqlite = std::string{sqlite3_libversion()} + ", WAL, synchronous=FULL";
  std::array<double, 1> load{};
  if (::getloadavg(load.data(), 1) == 1)
    m.load = load[0];
  return m;
}

measure median(std::vector<measure> runs) {
  std::sort(runs.begin(), runs.end(), [](auto const& a, auto const& b) { return a.rate < b.rate; });
  auto m = runs[(runs.size() - 1) / 2];
  m.rate_low = runs.front().rate;
  m.rate_high = runs.back().rate;
  return m;
}

void add_latencies(measure& m, histogram const& h) {
  auto const us = [](std::uint64_t ns) { return static_cast<double>(ns) / 1000; };
  m.count = h.count();
  m.p50_us = us(h.at(0.5));
  m.p90_us = us(h.at(0.9));
  m.p99_us = us(h.at(0.99));
  m.p999_us = us(h.at(0.999));
  m.max_us = us(h.max());
}

namespace {

std::string or_blank(double x, std::string text) {
  return x > 0 ? std::move(text) : std::string{};
}

std::string head_of(report const& r) {
  auto const& on = r.on;
  std::string out =
      "Commit " + (on.commit.empty() ? "unknown" : on.commit) + ", " + on.at + ".\n\n";
  out +=
      "- " + print("%d × %s, %.1f GiB, %s, load before %.1f\n", on.processors, on.processor.c_str(),
                   static_cast<double>(on.memory_mib) / 1024, on.kernel.c_str(), on.load);
  out += "- stores on " + on.file_system + "; SQLite " + on.sqlite + "; Postgres " +
         (on.postgres.empty() ? "not measured" : on.postgres) + "\n";
  out += "- " + on.build + "; rates are medians of " + std::to_string(r.repeats) + " repeat" +
         (r.repeats == 1 ? "" : "s") + " of " + print("%g", r.seconds) +
         " s after a warm-up, with the lowest and highest\n";
  return out;
}

/// Adds the rows that `write` makes of the measures that `wants` accepts, under a head; nothing
/// where there are none.
template <class Wants, class Write>
void add_table(std::string& out, report const& r, char const* head, Wants wants, Write write) {
  bool first = true;
  for (auto const& m : r.measures) {
    if (!wants(m))
      continue;
    if (first)
      out += std::string{"\n"} + head;
    first = false;
    out += write(m);
  }
}

} // namespace

std::string table(report const& r) {
  auto out = head_of(r);
  auto const is = [](char const* what) {
    return [what](measure const& m) { return m.what == what; };
  };
  add_table(
      out, r,
      "| what | where | loop | at once | per second | low to high | p50 | p90 | p99 | p99.9 |\n"
      "|---|---|---|---:|---:|---:|---:|---:|---:|---:|\n",
      [](measure const& m) { return m.rate > 0; },
      [](measure const& m) {
        auto const at = m.loop == "open" ? std::to_string(m.level) + "/s" : std::to_string(m.level);
        return "| " + m.what + " | " + m.where + " | " + m.loop + " | " + at + " | " +
               number(m.rate) + (m.steady ? "" : " *") + " | " + number(m.rate_low) + " to " +
               number(m.rate_high) + " | " + latency(m.p50_us) + " | " + latency(m.p90_us) + " | " +
               latency(m.p99_us) + " | " + latency(m.p999_us) + " |\n";
      });
  if (std::any_of(r.measures.begin(), r.measures.end(), [](auto const& m) { return !m.steady; }))
    out += "\n\\* Fewer finished in the time than were under way: not the steady state.\n";
  add_table(
      out, r,
      "| cost of each | where | at once | events | commits | events a commit | fsyncs | log bytes "
      "| "
      "CPU | CPU of Postgres |\n|---|---|---:|---:|---:|---:|---:|---:|---:|---:|\n",
      [](measure const& m) { return m.commits_each > 0; },
      [](measure const& m) {
        return "| " + m.what + " | " + m.where + " | " + std::to_string(m.level) +
               (m.loop == "open" ? "/s" : "") + " | " +
               or_blank(m.events_each, number(m.events_each)) + " | " +
               print("%.2f", m.commits_each) + " | " + number(m.events_per_batch) + " | " +
               or_blank(m.fsyncs_each, print("%.2f", m.fsyncs_each)) + " | " +
               or_blank(m.log_bytes_each, print("%.0f", m.log_bytes_each)) + " | " +
               or_blank(m.cpu_us_each, latency(m.cpu_us_each)) + " | " +
               or_blank(m.cpu_store_us_each, latency(m.cpu_store_us_each)) + " |\n";
      });
  add_table(
      out, r,
      "| by the clock | store | refused as busy | not done in time |\n|---|---|---:|---:|\n",
      [](measure const& m) { return m.loop == "open"; },
      [](measure const& m) {
        return "| " + m.what + " at " + std::to_string(m.level) + "/s | " + m.where + " | " +
               std::to_string(m.refused) + " | " + std::to_string(m.unfinished) + " |\n";
      });
  add_table(out, r, "| memory of a ticket | bytes | of |\n|---|---:|---:|\n", is("memory"),
            [](measure const& m) {
              return "| " + m.where + " | " + number(m.bytes) + " | " + std::to_string(m.count) +
                     " |\n";
            });
  add_table(
      out, r,
      "| kill -9, then a new start | under way | takes commands | first moves | all move | all "
      "merged |\n|---|---:|---:|---:|---:|---:|\n",
      is("recovery"), [](measure const& m) {
        auto const ms = [](double x) { return latency(x * 1000); };
        return "| " + m.where + " | " + std::to_string(m.level) + " | " + ms(m.ready_ms) + " | " +
               ms(m.first_ms) + " | " + ms(m.all_moving_ms) + " | " + ms(m.all_done_ms) + " |\n";
      });
  add_table(out, r,
            "| idle, a second | tickets | CPU | CPU of Postgres | wakeups | writes | log bytes |\n"
            "|---|---:|---:|---:|---:|---:|---:|\n",
            is("idle"), [](measure const& m) {
              return "| " + m.where + " | " + std::to_string(m.level) + " | " +
                     print("%.2f ms | %.2f ms | %.1f | %.1f | %.0f |\n", m.cpu_ms_s,
                           m.cpu_store_ms_s, m.wakeups_s, m.writes_s, m.log_bytes_s);
            });
  if (!r.failed.empty()) {
    out += "\nFailed:\n";
    for (auto const& f : r.failed)
      out += "- " + f + "\n";
  }
  return out;
}

} // namespace troupe::bench
