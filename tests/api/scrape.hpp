#pragma once

#include "tests/api/lab.hpp"

#include <set>

namespace troupe::test {

/// A scrape of `/metrics`, read as Prometheus reads it.
class scrape {
public:
  explicit scrape(std::string text);

  /// The value of a series as the text has it: `troupe_tickets{status="ready"}`. Empty: there is
  /// none.
  [[nodiscard]] std::optional<double> value(std::string const& series) const;
  /// The sum of all series of a name whose labels hold all of these: `role="dev"`.
  [[nodiscard]] double sum(std::string const& name,
                           std::vector<std::string> const& with = {}) const;
  /// Families by name, with their type.
  [[nodiscard]] std::map<std::string, std::string> const& types() const { return types_; }
  [[nodiscard]] std::size_t size() const { return series_.size(); }
  [[nodiscard]] std::string const& text() const { return text_; }

private:
  std::string text_;
  std::map<std::string, double> series_;
  std::map<std::string, std::string> types_;
};

/// As the administrator.
[[nodiscard]] scrape scraped(api_lab const& lab);

} // namespace troupe::test
