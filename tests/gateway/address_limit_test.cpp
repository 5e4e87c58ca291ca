#include "gateway/auth/address_limit.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

address_limit::time const start{std::chrono::hours{1}};

} // namespace

TEST_CASE("limit: an address has its burst, then what comes back with time", "[gateway]") {
  address_limit limit{{3, 0.5, 10}};
  for (int i = 0; i < 3; ++i)
    CHECK_FALSE(limit.take("192.0.2.1", start).has_value());
  CHECK(limit.take("192.0.2.1", start) == seconds{2});
  CHECK(limit.take("192.0.2.1", start + milliseconds{1100}) == seconds{1});
  CHECK_FALSE(limit.take("192.0.2.2", start).has_value()); // another one's is untouched
  CHECK_FALSE(limit.take("192.0.2.1", start + seconds{2}).has_value());
  CHECK(limit.take("192.0.2.1", start + seconds{2}).has_value());
  // However long nobody came, it is one burst.
  auto const later = start + std::chrono::hours{5};
  for (int i = 0; i < 3; ++i)
    CHECK_FALSE(limit.take("192.0.2.1", later).has_value());
  CHECK(limit.take("192.0.2.1", later).has_value());
}

TEST_CASE("limit: a machine cannot get more by another address of its own", "[gateway]") {
  CHECK(address_group("192.0.2.1") == "192.0.2.1");
  CHECK(address_group("::ffff:192.0.2.1") == "192.0.2.1");
  CHECK(address_group("2001:db8:1:2:3:4:5:6") == address_group("2001:db8:1:2::9"));
  CHECK(address_group("2001:db8:1:2::9") != address_group("2001:db8:1:3::9"));
  CHECK(address_group("fe80::1%eth0") == address_group("fe80::2"));
  CHECK(address_group("") == "");
  address_limit limit{{1, 1, 10}};
  CHECK_FALSE(limit.take("2001:db8::1", start).has_value());
  CHECK(limit.take("2001:db8::2", start).has_value());
}

TEST_CASE("limit: what is remembered is bounded, and the latest are remembered", "[gateway]") {
  address_limit limit{{1, 0.001, 8}};
  for (int i = 0; i < 1000; ++i)
    CHECK_FALSE(limit.take("10.0.0." + std::to_string(i), start + milliseconds{i}).has_value());
  CHECK(limit.remembered() == 8);
  for (int i = 992; i < 1000; ++i)
    CHECK(limit.take("10.0.0." + std::to_string(i), start + seconds{1}).has_value());
}
