#include "gateway/routes/metric_text.hpp"

#include <prometheus/text_serializer.h>

#include <limits>

namespace troupe {

metric_page::family metric_page::add(prometheus::MetricType type, std::string name,
                                     std::string help) {
  families_.push_back({std::move(name), std::move(help), type, {}});
  return {*this, families_.size() - 1};
}

metric_page::family metric_page::counter(std::string name, std::string help) {
  return add(prometheus::MetricType::Counter, std::move(name), std::move(help));
}
metric_page::family metric_page::gauge(std::string name, std::string help) {
  return add(prometheus::MetricType::Gauge, std::move(name), std::move(help));
}
metric_page::family metric_page::histogram(std::string name, std::string help) {
  return add(prometheus::MetricType::Histogram, std::move(name), std::move(help));
}

namespace {

prometheus::ClientMetric labelled(metric_page::labels l) {
  prometheus::ClientMetric m;
  for (auto& [name, value] : l)
    m.label.push_back({std::move(name), std::move(value)});
  return m;
}

} // namespace

metric_page::family& metric_page::family::at(labels l, double value) {
  auto m = labelled(std::move(l));
  m.counter.value = value; // the serializer takes that of the family's type
  m.gauge.value = value;
  page_.families_[index_].metric.push_back(std::move(m));
  return *this;
}

metric_page::family& metric_page::family::at(labels l, bucket_reading const& r, double per) {
  auto m = labelled(std::move(l));
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < r.counts.size(); ++i) {
    below += r.counts[i];
    auto const bound = i < r.bounds.size() ? static_cast<double>(r.bounds[i]) / per
                                           : std::numeric_limits<double>::infinity();
    m.histogram.bucket.push_back({below, bound});
  }
  m.histogram.sample_count = below;
  m.histogram.sample_sum = static_cast<double>(r.sum) / per;
  page_.families_[index_].metric.push_back(std::move(m));
  return *this;
}

std::string metric_page::text() const {
  return prometheus::TextSerializer{}.Serialize(families_);
}

} // namespace troupe
