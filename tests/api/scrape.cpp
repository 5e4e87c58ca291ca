#include "tests/api/scrape.hpp"

#include <algorithm>
#include <sstream>

namespace troupe::test {

scrape::scrape(std::string text) : text_(std::move(text)) {
  std::istringstream in{text_};
  for (std::string line; std::getline(in, line);) {
    constexpr std::string_view type = "# TYPE ";
    if (line.starts_with(type)) {
      auto const space = line.rfind(' ');
      types_.emplace(line.substr(type.size(), space - type.size()), line.substr(space + 1));
    } else if (!line.empty() && line.front() != '#') {
      auto const space = line.rfind(' ');
      series_.emplace(line.substr(0, space), std::stod(line.substr(space + 1)));
    }
  }
}

std::optional<double> scrape::value(std::string const& series) const {
  auto const known = series_.find(series);
  return known == series_.end() ? std::nullopt : std::optional{known->second};
}

double scrape::sum(std::string const& name, std::vector<std::string> const& with) const {
  double out = 0;
  for (auto const& [series, value] : series_) {
    bool const fits = series.substr(0, series.find('{')) == name &&
                      std::all_of(with.begin(), with.end(), [&](std::string const& label) {
                        return series.find(label) != std::string::npos;
                      });
    out += fits ? value : 0;
  }
  return out;
}

scrape scraped(api_lab const& lab) {
  auto const a = lab.get("/metrics");
  if (a.status != 200)
    throw std::runtime_error("no metrics: " + std::to_string(a.status) + " " + a.body);
  return scrape{a.body};
}

} // namespace troupe::test
