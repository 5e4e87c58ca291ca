#include "gateway/auth/principal.hpp"
#include "gateway/auth/token.hpp"

#include <catch2/catch.hpp>

#include <set>

using namespace troupe;

TEST_CASE("token: a new one is well formed and unlike the others", "[gateway]") {
  std::set<std::string> seen;
  for (int i = 0; i < 200; ++i) {
    auto const t = new_token();
    CHECK(t.size() == 42);
    CHECK(t.substr(0, 4) == "trp_");
    CHECK(well_formed_token(t));
    CHECK(seen.insert(t).second);
  }
}

TEST_CASE("token: a changed character is noticed", "[gateway]") {
  auto const good = new_token();
  for (std::size_t i = 0; i < good.size(); ++i) {
    auto bad = good;
    bad[i] = bad[i] == 'x' ? 'y' : 'x';
    CHECK_FALSE(well_formed_token(bad));
  }
  CHECK_FALSE(well_formed_token(""));
  CHECK_FALSE(well_formed_token(good + "a"));
  CHECK_FALSE(well_formed_token(good.substr(1)));
}

TEST_CASE("token: the hash is SHA-256 in hex", "[gateway]") {
  // FIPS 180-2, appendix B.1.
  CHECK(hash_token("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("token: constant time comparison compares", "[gateway]") {
  CHECK(constant_time_equal("abc", "abc"));
  CHECK_FALSE(constant_time_equal("abc", "abd"));
  CHECK_FALSE(constant_time_equal("abc", "ab"));
  CHECK(constant_time_equal("", ""));
}

TEST_CASE("enrolment code: it survives how people type", "[gateway]") {
  for (int i = 0; i < 100; ++i) {
    auto const code = new_enrolment_code();
    REQUIRE(code.size() == 9);
    CHECK(code[4] == '-');
    CHECK(normalise_enrolment_code(code) == code);
  }
  CHECK(normalise_enrolment_code(" abcd efgh ") == "ABCD-EFGH");
  CHECK(normalise_enrolment_code("oilO-0000") == "0110-0000");
  CHECK_FALSE(normalise_enrolment_code("ABCD-EFG"));
  CHECK_FALSE(normalise_enrolment_code("ABCD-EFGHJ"));
  CHECK_FALSE(normalise_enrolment_code("ABCD-EFGU"));
  CHECK_FALSE(normalise_enrolment_code(""));
}

TEST_CASE("principal: roles cover what they should and no more", "[gateway]") {
  auto const who = [](role r) { return principal_info{principal_id{"p"}, tenant_id{"t"}, {r}}; };
  CHECK(covers(who(role::viewer), role::viewer));
  CHECK(covers(who(role::developer), role::viewer));
  CHECK(covers(who(role::approver), role::viewer));
  CHECK_FALSE(covers(who(role::viewer), role::developer));
  CHECK_FALSE(covers(who(role::developer), role::approver));
  CHECK_FALSE(covers(who(role::approver), role::developer));
  for (auto const r : {role::viewer, role::developer, role::approver, role::admin})
    CHECK(covers(who(role::admin), r));
  CHECK_FALSE(covers(who(role::admin), role::daemon));
  CHECK(covers(who(role::daemon), role::daemon));
  CHECK_FALSE(covers(who(role::daemon), role::viewer));
  for (auto const* word : {"none", "viewer", "developer", "approver", "admin", "daemon"})
    CHECK(to_string(parse_role(word).value()) == word);
  CHECK_FALSE(parse_role("root"));
}
