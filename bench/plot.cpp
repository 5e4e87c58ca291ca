#include "bench/plot.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace troupe::bench {

namespace {

constexpr double width = 860;
constexpr double plot_left = 70;
constexpr double plot_right = 680; // names of the lines stand to the right of it
constexpr double plot_height = 250;
constexpr double chart_height = 340;
constexpr double head = 46;

constexpr std::array<char const*, 9> colours{"#0b6e4f", "#c1440e", "#1f5fa8", "#8a5a00", "#7b2d8b",
                                             "#00798c", "#9e2a2b", "#4d4d4d", "#5f7d0e"};

template <class... Ts>
std::string print(char const* format, Ts... xs) {
  std::array<char, 512> line{};
  std::snprintf(line.data(), line.size(), format, xs...);
  return line.data();
}

std::string escaped(std::string_view text) {
  std::string out;
  for (char const c : text) {
    switch (c) {
    case '&':
      out += "&amp;";
      break;
    case '<':
      out += "&lt;";
      break;
    case '>':
      out += "&gt;";
      break;
    case '"':
      out += "&quot;";
      break;
    default:
      if (static_cast<unsigned char>(c) >= 0x20) // XML has no other control characters
        out += c;
    }
  }
  return out;
}

std::string short_number(double n) {
  if (n >= 1e6)
    return print("%gM", n / 1e6);
  if (n >= 1e3)
    return print("%gk", n / 1e3);
  return print("%g", n);
}

/// From one power of ten to another.
struct range {
  double low = 0;
  double high = 1;
  [[nodiscard]] double share(double v) const { return (std::log10(v) - low) / (high - low); }
};

template <class Get>
range range_of(chart const& c, Get get) {
  double least = INFINITY;
  double most = 0;
  for (auto const& line : c.lines) {
    for (auto const& p : line.points) {
      least = std::min(least, get(p));
      most = std::max(most, get(p));
    }
  }
  if (most <= 0)
    return {};
  range r{std::floor(std::log10(least)), std::ceil(std::log10(most))};
  if (r.high <= r.low)
    r.high = r.low + 1;
  return r;
}

std::string text(double x, double y, char const* more, std::string_view what) {
  return print("<text x=\"%.1f\" y=\"%.1f\" %s>", x, y, more) + escaped(what) + "</text>\n";
}

/// Another shape for each line, so that colour is not needed to tell them apart.
std::string mark(std::size_t kind, double x, double y, char const* colour) {
  switch (kind % 4) {
  case 0:
    return print("<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\" fill=\"%s\"/>\n", x, y, colour);
  case 1:
    return print("<rect x=\"%.1f\" y=\"%.1f\" width=\"7\" height=\"7\" fill=\"%s\"/>\n", x - 3.5,
                 y - 3.5, colour);
  case 2:
    return print("<path d=\"M%.1f %.1fl4.5 8h-9z\" fill=\"%s\"/>\n", x, y - 5, colour);
  default:
    return print("<path d=\"M%.1f %.1fl4.5 4.5l-4.5 4.5l-4.5 -4.5z\" fill=\"%s\"/>\n", x, y - 4.5,
                 colour);
  }
}

class drawing {
public:
  drawing(chart const& c, double top)
      : chart_(c), top_(top), x_(range_of(c, [](auto const& p) { return p.first; })),
        y_(range_of(c, [](auto const& p) { return p.second; })) {}

  std::string draw() {
    std::string out = text(plot_left, top_ - 10, "font-weight=\"600\"", chart_.title);
    out += grid();
    for (std::size_t i = 0; i < chart_.lines.size(); ++i)
      out += line(i);
    return out + names();
  }

private:
  [[nodiscard]] double at_x(double v) const {
    return plot_left + x_.share(v) * (plot_right - plot_left);
  }
  [[nodiscard]] double at_y(double v) const { return top_ + (1 - y_.share(v)) * plot_height; }

  std::string grid() {
    std::string out;
    for (double e = x_.low; e <= x_.high; ++e) {
      auto const x = at_x(std::pow(10, e));
      out += print("<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" class=\"grid\"/>\n", x,
                   top_, x, top_ + plot_height);
      out +=
          text(x, top_ + plot_height + 17, "text-anchor=\"middle\"", short_number(std::pow(10, e)));
    }
    for (double e = y_.low; e <= y_.high; ++e) {
      auto const y = at_y(std::pow(10, e));
      out += print("<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" class=\"grid\"/>\n",
                   plot_left, y, plot_right, y);
      out += text(plot_left - 8, y + 4, "text-anchor=\"end\"", short_number(std::pow(10, e)));
    }
    return out + text((plot_left + plot_right) / 2, top_ + plot_height + 36,
                      "text-anchor=\"middle\"", chart_.x);
  }

  std::string line(std::size_t i) {
    auto const& l = chart_.lines[i];
    auto const* const colour = colours[i % colours.size()];
    std::string marks;
    std::string way;
    for (auto const& p : l.points) {
      auto const x = at_x(p.first);
      auto const y = at_y(p.second);
      way += print("%s%.1f,%.1f", way.empty() ? "" : " ", x, y);
      marks += mark(i, x, y, colour);
    }
    if (!l.points.empty())
      ends_.push_back({at_y(l.points.back().second), i});
    return "<polyline points=\"" + way +
           print("\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\"/>\n", colour) + marks;
  }

  /// The names of the lines beside their ends, moved apart where they would overlap.
  std::string names() {
    std::sort(ends_.begin(), ends_.end());
    double free = top_;
    for (auto& [y, i] : ends_) {
      y = std::max(y, free);
      free = y + 16;
    }
    double last = top_ + plot_height;
    std::string out;
    for (auto end = ends_.rbegin(); end != ends_.rend(); ++end) {
      auto const y = std::min(end->first, last);
      last = y - 16;
      out += mark(end->second, plot_right + 16, y, colours[end->second % colours.size()]);
      out += text(plot_right + 27, y + 4, "", chart_.lines[end->second].name);
    }
    return out;
  }

  chart const& chart_;
  double top_;
  range x_;
  range y_;
  std::vector<std::pair<double, std::size_t>> ends_;
};

double number_of(json::object const& o, char const* name) {
  auto const* v = o.if_contains(name);
  return v != nullptr && v->is_number() ? v->to_number<double>() : 0;
}

std::string text_of(json::object const& o, char const* name) {
  auto const* v = o.if_contains(name);
  return v != nullptr && v->is_string() ? std::string{std::string_view{v->get_string()}} : "";
}

/// Adds a point to the line of this name.
void add(chart& c, std::string const& name, double x, double y) {
  if (x <= 0 || y <= 0)
    return;
  auto at =
      std::find_if(c.lines.begin(), c.lines.end(), [&](auto const& l) { return l.name == name; });
  if (at == c.lines.end())
    at = c.lines.insert(at, {name, {}});
  at->points.emplace_back(x, y);
}

/// Several points of the same place (controls run again and again) become their median.
void settle(chart& c) {
  for (auto& line : c.lines) {
    std::sort(line.points.begin(), line.points.end());
    std::vector<std::pair<double, double>> kept;
    for (std::size_t i = 0; i < line.points.size();) {
      auto end = i;
      while (end < line.points.size() && line.points[end].first == line.points[i].first)
        ++end;
      kept.push_back(line.points[i + (end - i - 1) / 2]);
      i = end;
    }
    line.points = std::move(kept);
  }
}

} // namespace

std::string svg(std::string const& title, std::vector<chart> const& charts) {
  auto const height = head + static_cast<double>(charts.size()) * chart_height;
  std::string out = print(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" "
      "height=\"%.0f\" font-family=\"system-ui, sans-serif\" font-size=\"12\" fill=\"#222\">\n",
      width, height, width, height);
  out += "<title>" + escaped(title) + "</title>\n";
  out += "<style>.grid{stroke:#ddd;stroke-width:1}</style>\n";
  out += "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n";
  out += text(plot_left, 24, "font-size=\"13\" fill=\"#555\"", title);
  auto top = head + 24;
  for (auto const& c : charts) {
    out += drawing{c, top}.draw();
    top += chart_height;
  }
  return out + "</svg>\n";
}

result<std::string> plot_of(json::value const& report) {
  chart rate{"tickets a second", "tickets in flight", {}};
  chart p50{"latency of a ticket, median, ms", "tickets in flight", {}};
  chart p99{"latency of a ticket, 99th percentile, ms", "tickets in flight", {}};
  std::string on;
  auto const* all = report.is_object() ? &report.get_object() : nullptr;
  auto const* own = all != nullptr ? all->if_contains("measures") : nullptr;
  auto const* peers = all != nullptr ? all->if_contains("medians") : nullptr;
  if (all != nullptr && (peers == nullptr || !peers->is_array()))
    peers = all->if_contains("records");
  if (own != nullptr && own->is_array()) {
    for (auto const& v : own->get_array()) {
      auto const& m = v.as_object();
      if (text_of(m, "what") != "tickets")
        continue;
      bool const open = text_of(m, "loop") == "open";
      auto const where = text_of(m, "where") + (open ? ", by the clock" : "");
      auto const level = number_of(m, "level");
      add(rate, where, level, number_of(m, "rate"));
      add(p50, where, level, number_of(m, "p50_us") / 1000);
      add(p99, where, level, number_of(m, "p99_us") / 1000);
      if (open)
        rate.x = p50.x = p99.x = "tickets in flight; by the clock: that arrive a second";
    }
    if (auto const* m = all->if_contains("on"); m != nullptr && m->is_object())
      on = "commit " + text_of(m->get_object(), "commit") + ", " + text_of(m->get_object(), "at");
  } else if (peers != nullptr && peers->is_array()) {
    for (auto const& v : peers->get_array()) {
      auto const& m = v.as_object();
      auto const level = number_of(m, "in_flight");
      auto const name = text_of(m, "engine");
      add(rate, name, level, number_of(m, "tickets_per_s"));
      add(p50, name, level, number_of(m, "p50_ms"));
      add(p99, name, level, number_of(m, "p99_ms"));
    }
    on = text_of(*all, "at_commit");
    if (auto const* m = all->if_contains("machine"); m != nullptr && m->is_object())
      on += ", " + text_of(m->get_object(), "at");
  } else {
    return fail(errc::invalid_argument, "this is no report of troupe bench or of bench/peers");
  }
  std::vector<chart> charts{std::move(rate), std::move(p50), std::move(p99)};
  for (auto& c : charts)
    settle(c);
  return svg("Tickets of four durable stages, " + on, charts);
}

} // namespace troupe::bench
