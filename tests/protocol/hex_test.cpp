#include "protocol/hex.hpp"

#include <catch2/catch.hpp>

using namespace troupe;

TEST_CASE("hex: every byte has its two digits, there and back", "[protocol]") {
  std::string bytes;
  for (int i = 0; i < 256; ++i)
    bytes += static_cast<char>(i);
  auto const digits = hex_of(bytes);
  REQUIRE(digits.size() == 512);
  CHECK(digits.substr(0, 6) == "000102");
  CHECK(digits.substr(2 * 0xa9, 4) == "a9aa");
  CHECK(digits.substr(510) == "ff");
  CHECK(unhex(digits) == bytes);
  CHECK(unhex("A9fE") == "\xa9\xfe");
}

TEST_CASE("hex: a UUID is its sixteen bytes", "[protocol]") {
  constexpr std::string_view uuid = "0191a2b3-c4d5-76e7-88f9-0a1b2c3d4e5f";
  auto const bytes = bytes_of_uuid(uuid);
  std::string_view const view{bytes.data(), bytes.size()};
  CHECK(view == unhex("0191a2b3c4d576e788f90a1b2c3d4e5f"));
  CHECK(uuid_of(view) == uuid);
  CHECK(bytes_of_uuid("0191a2b3") == uuid_bytes{});
}
