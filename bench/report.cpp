#include "bench/report.hpp"

#include <algorithm>
#include <cstdio>

namespace troupe::bench {

measure median(std::vector<measure> runs) {
  std::sort(runs.begin(), runs.end(), [](auto const& a, auto const& b) { return a.rate < b.rate; });
  return runs[runs.size() / 2];
}

double percentile(std::vector<double>& samples_us, double share) {
  if (samples_us.empty())
    return 0;
  std::sort(samples_us.begin(), samples_us.end());
  auto const at = static_cast<std::size_t>(share * static_cast<double>(samples_us.size() - 1));
  return samples_us[at];
}

std::string table(std::vector<measure> const& all) {
  std::string out = "| what | where | level | per second | p50 | p99 | count |\n"
                    "|---|---|---:|---:|---:|---:|---:|\n";
  for (auto const& m : all) {
    char line[256];
    if (m.what == "memory")
      std::snprintf(line, sizeof line, "| bytes per live idle ticket | | | %.0f | | | %llu |\n",
                    m.bytes, static_cast<unsigned long long>(m.count));
    else
      std::snprintf(line, sizeof line, "| %s | %s | %d | %.0f | %.2f ms | %.2f ms | %llu |\n",
                    m.what.c_str(), m.where.c_str(), m.level, m.rate, m.p50_us / 1000,
                    m.p99_us / 1000, static_cast<unsigned long long>(m.count));
    out += line;
  }
  return out;
}

} // namespace troupe::bench
