#pragma once

#include "protocol/json.hpp"

#include <string>
#include <vector>

namespace troupe::bench {

/// A line of a plot, left to right.
struct series {
  std::string name;
  std::vector<std::pair<double, double>> points;
};

/// One pair of axes, both logarithmic.
struct chart {
  std::string title;
  std::string x; ///< what the horizontal axis counts
  std::vector<series> lines;
};

/// Charts below one another as an SVG document of its own: no script, no font, no style sheet from
/// elsewhere; readable in grey as well, because each line has a mark of its own and its name at its
/// end. Points without a positive value are left out.
[[nodiscard]] std::string svg(std::string const& title, std::vector<chart> const& charts);

/// The plot of a report of `troupe bench` (`measures`) or of bench/peers (`records`): tickets a
/// second and their latency over the tickets in flight. Errors: invalid_argument (neither).
[[nodiscard]] result<std::string> plot_of(json::value const& report);

} // namespace troupe::bench
