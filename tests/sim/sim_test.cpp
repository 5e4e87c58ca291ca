#include "tests/sim/command_line.hpp"
#include "tests/sim/plants.hpp"

#include <catch2/catch.hpp>
#include <spdlog/spdlog.h>

#include <fstream>
#include <optional>

using namespace troupe;
using namespace troupe::sim;

namespace {

struct silence {
  silence() { spdlog::set_level(spdlog::level::off); }
} const silent;

std::string first_of(outcome const& r) {
  return r.problems.empty() ? std::string{} : r.problems.front();
}

options small(std::uint64_t seed) {
  options o;
  o.seed = seed;
  o.hours = 0.25;
  o.briefs = 2;
  return o;
}

} // namespace

TEST_CASE("sim: a seed says everything, down to the last event and step", "[sim]") {
  std::set<std::string> hashes;
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    auto const once = run(small(seed));
    auto const again = run(small(seed));
    CHECK(once.hash == again.hash);
    CHECK(once.steps == again.steps);
    CHECK(once.events == again.events);
    CHECK(once.problems == again.problems);
    CHECK(once.events > 100);
    hashes.insert(once.hash);
  }
  CHECK(hashes.size() == 4); // and different ones say different things
}

TEST_CASE("sim: without trouble everything that is wanted is merged", "[sim]") {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    auto o = small(seed);
    for (int i = 0; i < troubles; ++i)
      o.without.insert(static_cast<trouble>(i));
    auto const r = run(o);
    INFO("seed " << seed);
    CHECK(first_of(r).empty());
    CHECK(r.starts == 1);
    CHECK(r.doubtful == 0);
    CHECK(r.tickets > 0);
    CHECK(r.done == r.tickets);
  }
}

TEST_CASE("sim: worlds that went wrong once go well", "[sim]") {
  std::ifstream in{TROUPE_SOURCE_DIR "/tests/sim/regressions.txt"};
  REQUIRE(in.good());
  for (std::string line; std::getline(in, line);) {
    auto const c = parse(line);
    INFO(line);
    REQUIRE(c.has_value());
    if (line.empty() || line.starts_with('#'))
      continue;
    CHECK(first_of(run(c->world)).empty());
  }
}

TEST_CASE("sim: a planted bug is found, made smaller and found again", "[sim]") {
  set_plant("reply-before-commit");
  std::optional<options> found;
  for (std::uint64_t seed = 1; seed <= 40 && !found; ++seed) {
    auto o = small(seed);
    o.plant = "reply-before-commit";
    if (!run(o).problems.empty())
      found = o;
  }
  REQUIRE(found);
  auto const smaller = shrink(*found, 20);
  CHECK(!first_of(run(smaller)).empty());
  CHECK(smaller.without.size() + 1 > found->without.size());
  auto const typed = parse(spell(smaller));
  REQUIRE(typed.has_value());
  CHECK(spell(typed->world) == spell(smaller));
  set_plant({});
  CHECK(first_of(run([&] {
          auto o = smaller;
          o.plant.clear();
          return o;
        }()))
            .empty());
}
