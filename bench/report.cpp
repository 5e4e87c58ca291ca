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
#ifdef NDEBUG
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
  auto m = runs[runs.size() / 2];
  m.rate_low = runs.front().rate;
  m.rate_high = runs.back().rate;
  return m;
}

void add_latencies(measure& m, std::vector<double> samples_us) {
  m.count = samples_us.size();
  if (samples_us.empty())
    return;
  std::sort(samples_us.begin(), samples_us.end());
  auto const at = [&](double share) {
    return samples_us[static_cast<std::size_t>(share * static_cast<double>(samples_us.size() - 1))];
  };
  m.p50_us = at(0.5);
  m.p99_us = at(0.99);
}

std::string table(report const& r) {
  auto const& on = r.on;
  std::string out =
      "Commit " + (on.commit.empty() ? "unknown" : on.commit) + ", " + on.at + ".\n\n";
  out +=
      "- " + print("%d × %s, %.1f GiB, %s, load before %.1f\n", on.processors, on.processor.c_str(),
                   static_cast<double>(on.memory_mib) / 1024, on.kernel.c_str(), on.load);
  out += "- stores on " + on.file_system + "; SQLite " + on.sqlite + "; Postgres " +
         (on.postgres.empty() ? "not measured" : on.postgres) + "\n";
  out += "- " + on.build + "; rates are medians of " + std::to_string(r.repeats) +
         " repeats after a warm-up, with the lowest and highest\n\n";
  out += "| what | where | at once | per second | low to high | p50 | p99 | events each | events "
         "a commit |\n|---|---|---:|---:|---:|---:|---:|---:|---:|\n";
  for (auto const& m : r.measures) {
    if (m.what == "memory")
      continue;
    out += "| " + m.what + " | " + m.where + " | " + std::to_string(m.level) + " | " +
           number(m.rate) + " | " + number(m.rate_low) + " to " + number(m.rate_high) + " | " +
           latency(m.p50_us) + " | " + latency(m.p99_us) + " | " +
           (m.events_each > 0 ? number(m.events_each) : "") + " | " +
           (m.events_per_batch > 0 ? number(m.events_per_batch) : "") + " |\n";
  }
  bool first = true;
  for (auto const& m : r.measures) {
    if (m.what != "memory")
      continue;
    if (first)
      out += "\n| memory of a ticket | bytes | of |\n|---|---:|---:|\n";
    first = false;
    out += "| " + m.where + " | " + number(m.bytes) + " | " + std::to_string(m.count) + " |\n";
  }
  return out;
}

} // namespace troupe::bench
