#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace troupe {

struct address_limit_settings {
  double burst = 120;      ///< tries that an address has at first, and at most
  double per_second = 1;   ///< tries that it gets back
  std::size_t most = 4096; ///< addresses that are remembered
};

/// A token bucket for each address, for what anybody may try without a token. Bounded: where too
/// many addresses are remembered, the one that has tried least lately is forgotten. Thread-safe.
class address_limit {
public:
  using time = std::chrono::steady_clock::time_point;

  explicit address_limit(address_limit_settings settings = {}) : settings_(settings) {}

  /// Takes one try of this address; where it has none left, how long until it has one.
  [[nodiscard]] std::optional<std::chrono::seconds> take(std::string_view address, time now);
  [[nodiscard]] std::size_t remembered() const;

private:
  struct bucket {
    double left = 0;
    time at{};
  };
  address_limit_settings settings_;
  mutable std::mutex mutex_;
  std::map<std::string, bucket, std::less<>> buckets_;
};

/// Who shares a bucket: an IPv4 address, also one written as IPv6; of an IPv6 address the first 64
/// bits, because one machine has all of the rest. Other text is taken as it is.
[[nodiscard]] std::string address_group(std::string_view address);

} // namespace troupe
