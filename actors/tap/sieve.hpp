#pragma once

#include "actors/tap/filter.hpp"

#include <algorithm>

namespace troupe::traffic {

/// So many a second, with bursts of one second's worth. Times in nanoseconds of a steady clock.
class token_bucket {
public:
  explicit token_bucket(std::uint32_t a_second) : rate_(a_second), tokens_(a_second) {}
  /// Takes one, if `kept_back` more are there as well.
  [[nodiscard]] bool take(std::int64_t now_ns, double kept_back = 0);
  /// How many there are.
  [[nodiscard]] double look(std::int64_t now_ns);

private:
  double rate_;
  double tokens_;
  std::int64_t at_ = 0;
  bool begun_ = false;
};

/// Knows which latencies are unusual at a choke point: those in the slowest hundredth of what it
/// has seen of late. A histogram of quarter octaves, halved now and then so that it forgets.
class latency_memory {
public:
  /// Counts the record in; whether it is slower than 99 % of those before. Says nothing before it
  /// has seen a hundred.
  [[nodiscard]] bool is_outlier(header const& h);
  /// From how many microseconds on a record of this choke point is one; `no_latency`: not known.
  [[nodiscard]] std::uint32_t slow_from(category c) const;

private:
  struct distribution {
    std::array<std::uint32_t, 128> counts{};
    std::uint32_t total = 0;
    std::size_t limit = 128; ///< first bucket beyond the 99th percentile
    std::uint32_t since_limit = 0;
  };
  std::array<distribution, category_count> of_;
};

/// What a watch is to see of what its filter lets pass.
struct sieve_settings {
  double sample = 1;        ///< part of the conversations, 0 to 1
  std::uint32_t rate = 200; ///< records a second
};

enum class passage : std::uint8_t {
  passed,
  other,    ///< not wanted, or of a conversation that is not in the sample
  too_many, ///< wanted, and over the rate
};

/// Filter, sampling and rate of one watch. A conversation is in the sample or not as a whole;
/// errors and outliers are kept in any case, and a tenth of the rate is theirs alone.
class sieve {
public:
  sieve(tenant_id tenant, filter of, sieve_settings settings);

  /// Whether filter and sample let it pass.
  [[nodiscard]] bool wants(header const& h, bool outlier) const;
  [[nodiscard]] passage let(header const& h, bool outlier, std::int64_t now_ns);
  /// Whether it is of everything that its tenant has.
  [[nodiscard]] bool wants_all() const { return filter_.text().empty() && settings_.sample >= 1; }
  /// How many records that are not kept anyway may pass now.
  [[nodiscard]] double room(std::int64_t now_ns) { return bucket_.look(now_ns) - kept_back(); }
  [[nodiscard]] std::uint32_t rate() const { return settings_.rate; }
  [[nodiscard]] filter const& of() const { return filter_; }
  [[nodiscard]] tenant_id const& tenant() const { return tenant_; }

private:
  [[nodiscard]] bool in_sample(header const& h) const;
  /// For errors and outliers; the rest of a small rate is one record at least.
  [[nodiscard]] double kept_back() const {
    return std::min(settings_.rate / 10.0, settings_.rate - 1.0);
  }

  tenant_id tenant_;
  filter filter_;
  sieve_settings settings_;
  token_bucket bucket_;
};

} // namespace troupe::traffic
