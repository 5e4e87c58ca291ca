#include "tests/faults/report.hpp"

#include "tests/faults/scenario.hpp"

#include <algorithm>
#include <iomanip>
#include <sstream>

namespace troupe::faults {

namespace {

std::string milliseconds_of(std::int64_t us) {
  return std::to_string(us / 1000);
}

std::string reached(crash_place::when w) {
  switch (w) {
  case crash_place::when::load:
    return "under load";
  case crash_place::when::start:
    return "at the start";
  case crash_place::when::first_start:
    return "at the first start";
  case crash_place::when::stop:
    return "at the end";
  case crash_place::when::daemon:
    return "daemon";
  }
  return {};
}

/// The same fault on one store, over all its runs.
std::vector<row> summed(std::vector<row> const& rows) {
  std::vector<row> out;
  for (auto const& r : rows) {
    auto const same = std::find_if(
        out.begin(), out.end(), [&](auto const& o) { return o.id == r.id && o.store == r.store; });
    if (same == out.end()) {
      out.push_back(r);
      continue;
    }
    same->faults += r.faults;
    same->seconds += r.seconds;
    same->count += r.count;
    same->how = r.bad() ? r.how : same->how;
    same->figures = r.figures;
    same->found.insert(same->found.end(), r.found.begin(), r.found.end());
  }
  return out;
}

std::string body_of(std::vector<row> const& rows) {
  std::ostringstream out;
  tally all;
  int faults = 0;
  out << "| fault | what | store | result | faults | acknowledged | lost | duplicated | longest "
         "recovery (ms) | seconds |\n|---|---|---|---|---:|---:|---:|---:|---:|---:|\n";
  for (auto const& r : summed(rows)) {
    out << "| " << r.id << " | " << r.title << " | " << r.store << " | " << r.how << " | "
        << r.faults << " | " << r.count.acknowledged << " | " << r.count.lost << " | "
        << r.count.duplicated << " | " << milliseconds_of(r.count.longest_recovery) << " | "
        << std::fixed << std::setprecision(0) << r.seconds << " |\n";
    all += r.count;
    faults += r.faults;
  }
  out << "| **all** | | | | " << faults << " | " << all.acknowledged << " | " << all.lost << " | "
      << all.duplicated << " | " << milliseconds_of(all.longest_recovery) << " | |\n";
  return out.str();
}

} // namespace

void replace_part(std::string& text, std::string const& name, std::string const& by) {
  auto const begin = "<!-- begin " + name + " -->\n";
  auto const end = "<!-- end " + name + " -->";
  auto const from = text.find(begin);
  auto const to = text.find(end);
  if (from == std::string::npos || to == std::string::npos || to < from)
    return;
  text.replace(from + begin.size(), to - from - begin.size(), by);
}

std::string row::as_line() const {
  std::ostringstream out;
  out << std::left << std::setw(5) << id << std::setw(9) << store << std::setw(8) << how
      << std::right << std::fixed << std::setprecision(1) << std::setw(6) << seconds << " s  "
      << title << ": " << faults << " faults, " << count.acknowledged << " acknowledged, "
      << count.lost << " lost, " << count.duplicated << " duplicated, recovery "
      << milliseconds_of(count.longest_recovery) << " ms";
  for (auto const& f : figures)
    out << "\n         " << f;
  std::size_t told = 0;
  for (auto const& f : found) {
    if (++told > 12) {
      out << "\n       ! and " << found.size() - 12 << " more";
      break;
    }
    out << "\n       ! " << f.substr(0, 1500);
  }
  if (bad())
    out << "\n       ! again with: --only " << id << " --store " << store << " --seed " << seed;
  return out.str();
}

std::string row::as_json() const {
  return json::canonical(json::object{{"id", id},
                                      {"title", title},
                                      {"store", store},
                                      {"result", how},
                                      {"faults", faults},
                                      {"acknowledged", count.acknowledged},
                                      {"lost", count.lost},
                                      {"duplicated", count.duplicated},
                                      {"unknown", count.unknown},
                                      {"recovery_us", count.longest_recovery},
                                      {"seconds", seconds},
                                      {"seed", seed},
                                      {"findings", json::to(found)},
                                      {"figures", json::to(figures)}});
}

std::string table_of(std::vector<row> const& rows) {
  return body_of(rows);
}

void write_report(std::filesystem::path const& file, std::vector<row> const& rows, bool quick) {
  auto text = read_text(file);
  std::ostringstream points;
  points << "| point | where | reached | what the crash takes away |\n|---:|---|---|---|\n";
  for (auto const& p : crash_places())
    points << "| " << p.number << " | " << p.name << " | " << reached(p.reached) << " | " << p.loses
           << " |\n";
  replace_part(text, "crash points", points.str());
  if (!rows.empty()) {
    std::ostringstream report;
    report << (quick ? "The bounded form (`--quick`).\n\n" : "") << body_of(rows);
    std::ostringstream figures;
    for (auto const& r : summed(rows))
      for (auto const& f : r.figures)
        figures << "- " << r.id << " (" << r.store << "): " << f << '\n';
    if (!figures.str().empty())
      report << "\nWhat was measured or told:\n\n" << figures.str();
    for (auto const& r : summed(rows))
      if (r.how == "skipped")
        report << "\n" << r.id << " (" << r.store << ") was skipped: " << r.found.front() << '\n';
    replace_part(text, "report", report.str());
  }
  std::ofstream{file} << text;
}

} // namespace troupe::faults
