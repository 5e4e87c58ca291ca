#include "protocol/quick_hash.hpp"

#include <catch2/catch.hpp>

#include <set>
#include <string>

using namespace troupe;

TEST_CASE("quick hash: every character counts, wherever it stands", "[protocol]") {
  for (std::size_t size = 1; size < 40; ++size) {
    std::string const text(size, 'a');
    for (std::size_t at = 0; at < size; ++at) {
      auto other = text;
      other[at] = 'b';
      INFO(size << " " << at);
      CHECK(quick_hash(text) != quick_hash(other));
    }
    CHECK(quick_hash(text) != quick_hash(text + 'a'));
    CHECK(quick_hash(text) == quick_hash(std::string(size, 'a')));
  }
}

TEST_CASE("quick hash: names that are alike fall into different places", "[protocol]") {
  constexpr std::size_t many = 65'536;
  for (std::string const front : {"", "t", "k3f9q2mx-", "run-of-the-project-tally-"}) {
    std::set<std::size_t> whole;
    std::set<std::size_t> places;
    for (std::size_t i = 0; i < many; ++i) {
      auto const h = quick_hash(front + std::to_string(i));
      whole.insert(h);
      places.insert(h % many);
    }
    CHECK(whole.size() == many);
    // Thrown at random, 63 in 100 places are taken.
    CHECK(places.size() > many * 6 / 10);
  }
}
