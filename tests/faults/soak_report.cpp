#include "tests/faults/soak.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>

namespace troupe::faults {

namespace {

constexpr double left = 64;
constexpr double right = 844;
constexpr double height = 150;  ///< of a panel
constexpr double distance = 60; ///< between two panels

/// A number at which an axis may end: 1, 2 or 5 times a power of ten.
double round_up(double x) {
  if (x <= 0)
    return 1;
  auto const power = std::pow(10, std::floor(std::log10(x)));
  for (auto const step : {1.0, 2.0, 5.0, 10.0})
    if (x <= step * power)
      return step * power;
  return 10 * power;
}

struct curve {
  std::string name;
  std::string dash; ///< told apart without colour
  std::vector<double> values;
};

/// One panel: curves over the windows, with a mark at every fault.
std::string panel(double top, std::string const& title, soak_report const& r,
                  std::vector<curve> const& curves) {
  auto const n = std::max<std::size_t>(r.windows.size(), 2);
  double most = 0;
  for (auto const& c : curves)
    for (auto const v : c.values)
      most = std::max(most, v);
  most = round_up(most);
  auto const x = [&](std::size_t i) {
    return left + (right - left) * static_cast<double>(i) / static_cast<double>(n - 1);
  };
  auto const y = [&](double v) { return top + height * (1 - v / most); };
  auto out =
      fmt::format("<text x=\"{}\" y=\"{}\" font-weight=\"600\">{}</text>\n", left, top - 12, title);
  for (auto const part : {0.0, 0.5, 1.0})
    out +=
        fmt::format("<path d=\"M{0} {1:.1f}H{2}\" stroke=\"#ddd\"/><text x=\"{3}\" y=\"{4:.1f}\" "
                    "text-anchor=\"end\">{5:g}</text>\n",
                    left, y(most * part), right, left - 6, y(most * part) + 4, most * part);
  for (std::size_t i = 0; i < r.windows.size(); ++i)
    if (!r.windows[i].fault.empty())
      out +=
          fmt::format("<path d=\"M{:.1f} {}v{}\" stroke=\"#c1440e\" stroke-dasharray=\"2 3\"/>\n",
                      x(i), top, height);
  for (auto const& c : curves) {
    std::string points;
    for (std::size_t i = 0; i < c.values.size(); ++i)
      points += fmt::format("{}{:.1f} {:.1f}", i == 0 ? "M" : "L", x(i), y(c.values[i]));
    out += fmt::format("<path d=\"{}\" fill=\"none\" stroke=\"#1f5fa8\" stroke-width=\"1.5\"{}/>\n",
                       points, c.dash.empty() ? "" : " stroke-dasharray=\"" + c.dash + "\"");
  }
  std::string names;
  for (auto const& c : curves)
    names += fmt::format("{}{}{}", names.empty() ? "" : ", ", c.name,
                         c.dash.empty() ? " (line)" : " (dashes)");
  if (curves.size() > 1)
    out += fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>\n", right, top - 12,
                       names);
  return out;
}

template <class Get>
std::vector<double> column(soak_report const& r, Get get) {
  std::vector<double> out;
  for (auto const& w : r.windows)
    out.push_back(get(w));
  return out;
}

} // namespace

std::string soak_graph(soak_report const& r) {
  // A stall of seconds would flatten all the rest.
  auto const ms = [](double x) { return std::log10(std::max(x, 1.0)); };
  std::string body;
  double top = 50;
  auto const add = [&](std::string const& title, std::vector<curve> const& curves) {
    body += panel(top, title, r, curves);
    top += height + distance;
  };
  add("latency of a write, as a power of ten of milliseconds",
      {{"median", "4 3", column(r, [&](auto const& w) { return ms(w.p50); })},
       {"p99", "", column(r, [&](auto const& w) { return ms(w.p99); })}});
  add("writes acknowledged, a second",
      {{"", "", column(r, [](auto const& w) { return static_cast<double>(w.writes) / 10; })}});
  add("memory of the server, MiB",
      {{"", "", column(r, [](auto const& w) { return static_cast<double>(w.rss_kb) / 1024; })}});
  add("open files of the server",
      {{"", "", column(r, [](auto const& w) { return static_cast<double>(w.fds); })}});
  auto const last = r.windows.empty() ? 0.0 : r.windows.back().at + 10;
  body += fmt::format("<text x=\"{}\" y=\"{}\">0</text><text x=\"{}\" y=\"{}\" "
                      "text-anchor=\"end\">{:g} minutes; dotted: a fault</text>\n",
                      left, top - distance + 20, right, top - distance + 20, std::round(last / 60));
  return fmt::format("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 860 {0}\" "
                     "font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"860\" "
                     "height=\"{0}\" fill=\"#fff\"/>\n{1}</svg>\n",
                     top - distance + 34, body);
}

std::string soak_text(soak_report const& r, soak_settings const& s) {
  auto const end = static_cast<double>(std::chrono::seconds{s.length}.count());
  auto const quiet = static_cast<double>(s.quiet.count());
  auto const part = [&](double from, double to, auto get) {
    std::vector<double> v;
    for (auto const& w : r.windows)
      if (w.at >= from && w.at < to)
        v.push_back(get(w));
    std::sort(v.begin(), v.end());
    return quantile(v, 0.5);
  };
  auto const row = [&](char const* name, auto get, int digits) {
    return fmt::format("| {} | {:.{}f} | {:.{}f} | {:.{}f} |\n", name, part(20, quiet, get), digits,
                       part(quiet, end - quiet, get), digits, part(end - quiet + 30, end, get),
                       digits);
  };
#ifdef NDEBUG
  constexpr auto build = "Optimised build";
#else
  constexpr auto build = "Development build";
#endif
  std::string out = fmt::format(
      "{}, {} minutes on {}, {:.0f} writes a second offered ({:.0f} % of the {:.0f} that the "
      "clients "
      "reached), {} tickets for a daemon meanwhile, {} faults: {} writes acknowledged, {} lost, {} "
      "doubled, longest recovery {:.1f} s.\n\n",
      build, s.length.count(), s.store == store_kind::postgres ? "PostgreSQL" : "SQLite", r.rate,
      100 * s.share, r.reached, r.tickets, r.faults, r.acknowledged, r.lost, r.duplicated,
      r.longest_recovery);
  out += "| medians of windows of 10 s | quiet beginning | with faults | quiet end |\n"
         "|---|---:|---:|---:|\n";
  out += row(
      "median of a write, ms", [](auto const& w) { return w.p50; }, 1);
  out += row(
      "p99 of a write, ms", [](auto const& w) { return w.p99; }, 1);
  out += row(
      "memory of the server, MiB",
      [](auto const& w) { return static_cast<double>(w.rss_kb) / 1024; }, 0);
  out += row(
      "open files", [](auto const& w) { return static_cast<double>(w.fds); }, 0);
  out += r.found.empty() ? "\nPassed: nothing was found.\n" : "\nFound:\n\n";
  for (auto const& f : r.found)
    out += "- " + f + "\n";
  return out;
}

} // namespace troupe::faults
