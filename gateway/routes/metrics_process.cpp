#include "gateway/routes/metric_text.hpp"
#include "gateway/routes/metrics.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>

/// The metrics that every process has, under the names that all exporters give them, from
/// proc(5). What cannot be read is left out.
namespace troupe {

namespace {

/// The fields of /proc/self/stat from the third on: the second may hold spaces and brackets.
std::vector<std::string> stat_fields() {
  std::ifstream in{"/proc/self/stat"};
  std::string line;
  std::getline(in, line);
  auto const end = line.rfind(')');
  std::istringstream rest{end == std::string::npos ? std::string{} : line.substr(end + 1)};
  std::vector<std::string> out;
  for (std::string word; rest >> word;)
    out.push_back(std::move(word));
  return out;
}

/// When the machine was started, in seconds since 1970.
double boot_time() {
  std::ifstream in{"/proc/stat"};
  for (std::string word; in >> word;) {
    double at = 0;
    if (word == "btime" && in >> at)
      return at;
  }
  return 0;
}

double open_files() {
  std::error_code ec;
  std::filesystem::directory_iterator const all{"/proc/self/fd", ec};
  // One of them is that of this very look.
  return ec ? 0 : static_cast<double>(std::distance(begin(all), end(all)) - 1);
}

} // namespace

void add_process_metrics(metric_page& out) {
  auto const stat = stat_fields();
  // proc(5) counts from 1; the third is the first of ours.
  auto const field = [&](std::size_t n) { return std::stod(stat[n - 3]); };
  constexpr std::size_t utime = 14, stime = 15, threads = 20, start = 22, vsize = 23, rss = 24;
  if (stat.size() > rss - 3) {
    auto const ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
    out.counter("process_cpu_seconds_total", "CPU time, of user and system.")
        .at((field(utime) + field(stime)) / ticks);
    out.gauge("process_resident_memory_bytes", "Memory that is in RAM.")
        .at(field(rss) * static_cast<double>(::sysconf(_SC_PAGESIZE)));
    out.gauge("process_virtual_memory_bytes", "Address space.").at(field(vsize));
    out.gauge("process_threads", "Threads.").at(field(threads));
    if (auto const boot = boot_time(); boot > 0)
      out.gauge("process_start_time_seconds", "When it was started, since 1970.")
          .at(boot + field(start) / ticks);
  }
  out.gauge("process_open_fds", "Open file descriptors.").at(open_files());
  rlimit most{};
  if (::getrlimit(RLIMIT_NOFILE, &most) == 0)
    out.gauge("process_max_fds", "How many there may be.").at(static_cast<double>(most.rlim_cur));
}

} // namespace troupe
