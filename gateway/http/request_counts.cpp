#include "gateway/http/request_counts.hpp"

namespace troupe {

namespace {

using namespace std::chrono_literals;

constexpr std::int64_t ns(std::chrono::nanoseconds d) {
  return d.count();
}
/// From an answer out of memory on loopback to the longest that a route may take.
constexpr std::array<std::int64_t, 13> bounds{ns(500us),  ns(1ms),  ns(2500us), ns(5ms),   ns(10ms),
                                              ns(25ms),   ns(50ms), ns(100ms),  ns(250ms), ns(1s),
                                              ns(2500ms), ns(10s),  ns(30s)};

/// Anything else that a client calls its method is counted as `other`.
constexpr std::array<std::string_view, 8> methods{"GET",   "HEAD",   "POST",    "PUT",
                                                  "PATCH", "DELETE", "OPTIONS", "other"};

std::size_t place_of(std::string_view method) {
  auto const at = std::find(methods.begin(), methods.end() - 1, method);
  return static_cast<std::size_t>(at - methods.begin());
}

} // namespace

request_counts::row::row(std::string method_, std::string pattern_)
    : method(std::move(method_)),
      pattern(std::move(pattern_)), by_class{bucket_counts{bounds}, bucket_counts{bounds},
                                             bucket_counts{bounds}, bucket_counts{bounds},
                                             bucket_counts{bounds}} {}

request_counts::request_counts(router const& routes) : routes_(routes) {
  for (auto const& r : routes.rows())
    rows_.emplace_back(r.method, r.pattern);
  for (auto const m : methods)
    rows_.emplace_back(std::string{m}, std::string{});
}

request_counts::row& request_counts::row_of(route const* to, std::string_view method) {
  auto const& known = routes_.rows();
  return to != nullptr ? rows_[static_cast<std::size_t>(to - known.data())]
                       : rows_[known.size() + place_of(method)];
}

void request_counts::answered(route const* to, std::string_view method, int status,
                              clock::duration took) {
  auto const digit = std::clamp(status / 100, 1, static_cast<int>(classes));
  row_of(to, method)
      .by_class[static_cast<std::size_t>(digit - 1)]
      .add(std::chrono::duration_cast<std::chrono::nanoseconds>(took).count());
}

void request_counts::stream_began(route const* to) {
  row_of(to, {}).streams.fetch_add(1, std::memory_order_relaxed);
}

std::vector<route_traffic> request_counts::answers() const {
  std::vector<route_traffic> out;
  for (auto const& r : rows_) {
    for (std::size_t i = 0; i < classes; ++i) {
      auto took = r.by_class[i].read();
      if (took.total() > 0)
        out.push_back({r.method, r.pattern, static_cast<int>(i) + 1, std::move(took)});
    }
  }
  return out;
}

std::vector<stream_traffic> request_counts::streams() const {
  std::vector<stream_traffic> out;
  for (auto const& r : rows_) {
    if (auto const n = r.streams.load(std::memory_order_relaxed); n > 0)
      out.push_back({r.pattern, n});
  }
  return out;
}

} // namespace troupe
