#include "gateway/auth/sign_in_codes.hpp"

#include <catch2/catch.hpp>

using namespace troupe;

TEST_CASE("sign-in codes: one is good once, for a minute", "[gateway]") {
  sign_in_codes codes;
  sign_in_codes::time const now{std::chrono::hours{1}};
  auto const one = codes.issue("trp_one", now);
  auto const two = codes.issue("trp_two", now);
  CHECK(one.size() == 29);
  CHECK(one != two);
  CHECK_FALSE(codes.take("", now).has_value());
  CHECK_FALSE(codes.take(one.substr(1), now).has_value());
  CHECK(codes.take(one, now) == "trp_one");
  CHECK_FALSE(codes.take(one, now).has_value());
  CHECK_FALSE(codes.take(two, now + sign_in_codes::good_for).has_value());
  CHECK(codes.waiting() == 0);
}

TEST_CASE("sign-in codes: many are bounded, and the oldest goes first", "[gateway]") {
  sign_in_codes codes;
  sign_in_codes::time now{std::chrono::hours{1}};
  auto const first = codes.issue("trp_first", now);
  std::string last;
  for (std::size_t i = 0; i < sign_in_codes::most; ++i)
    last = codes.issue("trp_more", now += std::chrono::milliseconds{1});
  CHECK(codes.waiting() == sign_in_codes::most);
  CHECK_FALSE(codes.take(first, now).has_value());
  CHECK(codes.take(last, now) == "trp_more");
}
