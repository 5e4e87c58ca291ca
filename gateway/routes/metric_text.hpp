#pragma once

#include "protocol/bucket_counts.hpp"

#include <prometheus/metric_family.h>

#include <string>
#include <utility>
#include <vector>

namespace troupe {

/// Collects metric families and writes them in Prometheus' text format.
class metric_page {
public:
  using labels = std::vector<std::pair<std::string, std::string>>;

  /// One family: its samples are added by the calls that follow.
  class family {
  public:
    family& at(labels l, double value);
    family& at(double value) { return at({}, value); }
    /// `per`: how many of the reading's units are one of the family's, 1e9 for nanoseconds.
    family& at(labels l, bucket_reading const& r, double per = 1);

  private:
    friend class metric_page;
    family(metric_page& page, std::size_t index) : page_(page), index_(index) {}
    metric_page& page_;
    std::size_t index_;
  };

  family counter(std::string name, std::string help);
  family gauge(std::string name, std::string help);
  family histogram(std::string name, std::string help);

  [[nodiscard]] std::string text() const;

private:
  family add(prometheus::MetricType type, std::string name, std::string help);

  std::vector<prometheus::MetricFamily> families_;
};

} // namespace troupe
