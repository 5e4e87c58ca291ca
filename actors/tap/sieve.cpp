#include "actors/tap/sieve.hpp"

#include <algorithm>
#include <bit>

namespace troupe::traffic {

namespace {

/// The octave, and its quarter.
std::size_t bucket_of(std::uint32_t us) {
  if (us < 4)
    return us;
  auto const octave = static_cast<unsigned>(std::bit_width(us)) - 1;
  return octave * 4 + ((us >> (octave - 2)) & 3u);
}
static_assert(31 * 4 + 3 < 128);

/// The least latency of a bucket, or of the next one where there is none in it.
std::uint32_t first_of(std::size_t bucket) {
  if (bucket < 8)
    return static_cast<std::uint32_t>(std::min<std::size_t>(bucket, 4));
  return static_cast<std::uint32_t>((4 + (bucket & 3u)) << (bucket / 4 - 2));
}

constexpr std::uint32_t enough = 100; // latencies, to know which are unusual

/// Spreads a hash evenly over the numbers below 2^32 (the finish of MurmurHash3).
std::uint32_t spread(std::uint64_t h) {
  h = (h ^ (h >> 33)) * 0xFF51AFD7ED558CCDull;
  h = (h ^ (h >> 33)) * 0xC4CEB9FE1A85EC53ull;
  return static_cast<std::uint32_t>(h >> 32);
}

} // namespace

double token_bucket::look(std::int64_t now_ns) {
  if (begun_ && now_ns > at_)
    tokens_ = std::min(rate_, tokens_ + rate_ * static_cast<double>(now_ns - at_) * 1e-9);
  at_ = begun_ ? std::max(at_, now_ns) : now_ns;
  begun_ = true;
  return tokens_;
}

bool token_bucket::take(std::int64_t now_ns, double kept_back) {
  if (look(now_ns) < 1 + kept_back)
    return false;
  tokens_ -= 1;
  return true;
}

bool latency_memory::is_outlier(header const& h) {
  if (h.latency_us == no_latency)
    return false;
  constexpr std::uint32_t most = 20'000;
  constexpr std::uint32_t between = 128; // the limit is not found anew at each record
  auto& d = of_[static_cast<std::size_t>(h.point)];
  auto const bucket = bucket_of(h.latency_us);
  bool const slow = d.total >= enough && bucket >= d.limit;
  ++d.counts[bucket];
  if (++d.total >= most) {
    d.total = 0;
    for (auto& n : d.counts)
      d.total += n /= 2;
  }
  if (d.total == enough || ++d.since_limit >= between) {
    d.since_limit = 0;
    std::uint32_t below = 0;
    d.limit = 0;
    while (d.limit < d.counts.size() && below * 100ull < d.total * 99ull)
      below += d.counts[d.limit++];
  }
  return slow;
}

std::uint32_t latency_memory::slow_from(category c) const {
  auto const& d = of_[static_cast<std::size_t>(c)];
  return d.total < enough || d.limit >= d.counts.size() ? no_latency : first_of(d.limit);
}

sieve::sieve(tenant_id tenant, filter of, sieve_settings settings)
    : tenant_(std::move(tenant)), filter_(std::move(of)), settings_(settings),
      bucket_(settings.rate) {}

/// What belongs to no conversation is chosen by its message, or by itself.
bool sieve::in_sample(header const& h) const {
  if (settings_.sample >= 1)
    return true;
  auto const by = h.conversation != 0 ? h.conversation
                  : h.message != 0    ? h.message
                                      : h.number * 65'536 + h.thread + 1;
  return spread(by) < settings_.sample * 4294967296.0;
}

bool sieve::wants(header const& h, bool outlier) const {
  return h.get(field::tenant) == tenant_.value && filter_.matches(h) &&
         (outlier || is_error(h.how) || in_sample(h));
}

passage sieve::let(header const& h, bool outlier, std::int64_t now_ns) {
  if (!wants(h, outlier))
    return passage::other;
  double const theirs = outlier || is_error(h.how) ? 0 : kept_back();
  return bucket_.take(now_ns, theirs) ? passage::passed : passage::too_many;
}

} // namespace troupe::traffic
