#include "protocol/ids.hpp"
#include "tests/support/published_vectors.hpp"

#include <catch2/catch.hpp>

#include <set>

using namespace troupe;
using namespace troupe::test;

TEST_CASE("shard_of: the published vectors", "[protocol]") {
  auto const all = published_vectors();
  auto const& shards = all.at("shards").as_array();
  REQUIRE(shards.size() >= 15);
  for (auto const& v : shards) {
    entity_ref ref{tenant_id{text_of(v.at("tenant"))}, entity_kind::ticket, text_of(v.at("id"))};
    INFO(to_string(ref));
    CHECK(shard_of(ref) == v.at("shard").to_number<std::uint32_t>());
    ref.kind = entity_kind::agent; // the kind has no say
    CHECK(shard_of(ref) == v.at("shard").to_number<std::uint32_t>());
  }
}

TEST_CASE("shard_of: ten thousand names fill every shard evenly", "[protocol]") {
  std::vector<int> filled(shard_count);
  for (int i = 0; i < 10'000; ++i)
    ++filled[shard_of({tenant_id{"acme"}, entity_kind::ticket, "k3f9q2mx-" + std::to_string(i)})];
  auto const [least, most] = std::minmax_element(filled.begin(), filled.end());
  CHECK(*least > 5);
  CHECK(*most < 120);
}

TEST_CASE("entity_ref: its text is read back", "[protocol]") {
  for (int k = 1; k <= 10; ++k) {
    entity_ref const ref{tenant_id{"acme"}, static_cast<entity_kind>(k), "project:tally/x"};
    entity_ref back;
    REQUIRE(parse(to_string(ref), back));
    CHECK(back == ref);
  }
}

TEST_CASE("entity_ref: text that is none is refused", "[protocol]") {
  for (auto const* text :
       {"", "acme", "acme/ticket", "acme/ticket/", "acme/horse/1", "acme//1", "acme/Ticket/1"}) {
    entity_ref ref;
    INFO(text);
    CHECK_FALSE(parse(text, ref));
  }
}

TEST_CASE("entity_kind: every kind has its own word", "[protocol]") {
  std::set<std::string> words;
  for (int k = 1; k <= 10; ++k) {
    auto const kind = static_cast<entity_kind>(k);
    words.emplace(to_string(kind));
    entity_kind back{};
    REQUIRE(parse(to_string(kind), back));
    CHECK(back == kind);
  }
  CHECK(words.size() == 10);
  // A damaged store may give any number; whoever tells of it must not fall over it.
  CHECK(to_string(static_cast<entity_kind>(99)) == "unknown");
  CHECK(to_string(static_cast<entity_kind>(-1)) == "unknown");
}
