#include "gateway/auth/address_limit.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace troupe {

std::string address_group(std::string_view address) {
  std::string const text{address.substr(0, address.find('%'))}; // without the zone
  in6_addr v6{};
  if (::inet_pton(AF_INET6, text.c_str(), &v6) != 1)
    return text;
  std::array<char, INET6_ADDRSTRLEN> out{};
  if (IN6_IS_ADDR_V4MAPPED(&v6)) {
    ::inet_ntop(AF_INET, &v6.s6_addr[12], out.data(), out.size());
    return out.data();
  }
  std::fill(std::begin(v6.s6_addr) + 8, std::end(v6.s6_addr), std::uint8_t{0});
  ::inet_ntop(AF_INET6, &v6, out.data(), out.size());
  return std::string{out.data()} + "/64";
}

std::optional<std::chrono::seconds> address_limit::take(std::string_view address, time now) {
  auto const who = address_group(address);
  std::lock_guard const lock{mutex_};
  auto found = buckets_.find(who);
  if (found == buckets_.end()) {
    // Only strangers pay for the search, and only while there are very many of them.
    if (buckets_.size() >= settings_.most)
      buckets_.erase(
          std::min_element(buckets_.begin(), buckets_.end(),
                           [](auto const& a, auto const& b) { return a.second.at < b.second.at; }));
    found = buckets_.emplace(who, bucket{settings_.burst, now}).first;
  }
  auto& b = found->second;
  auto const passed = std::chrono::duration<double>(now - b.at).count();
  b.left = std::min(settings_.burst, b.left + std::max(0.0, passed) * settings_.per_second);
  b.at = std::max(b.at, now);
  if (b.left < 1) {
    auto const wait = std::ceil((1 - b.left) / settings_.per_second);
    return std::chrono::seconds{std::max<std::int64_t>(1, static_cast<std::int64_t>(wait))};
  }
  b.left -= 1;
  return std::nullopt;
}

std::size_t address_limit::remembered() const {
  std::lock_guard const lock{mutex_};
  return buckets_.size();
}

} // namespace troupe
