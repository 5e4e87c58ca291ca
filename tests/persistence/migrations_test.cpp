#include "persistence/migrations/migrations.hpp"

#include <catch2/catch.hpp>

#include <vector>

using namespace troupe;

namespace {
std::vector<migration> const known = {{1, "0001_one.sql", "create table one (x)"},
                                      {2, "0002_two.sql", "create table two (x)"},
                                      {3, "0003_three.sql", "create table three (x)"}};

std::vector<applied_migration> first(std::size_t n) {
  std::vector<applied_migration> out;
  for (std::size_t i = 0; i < n; ++i)
    out.push_back({known[i].number, checksum(known[i])});
  return out;
}
} // namespace

TEST_CASE("migrations: what is not recorded is pending, in order", "[persistence]") {
  for (std::size_t n = 0; n <= 3; ++n) {
    auto const left = pending(known, first(n));
    REQUIRE(left.has_value());
    REQUIRE(left->size() == 3 - n);
    if (n < 3)
      CHECK(left->front().number == static_cast<int>(n) + 1);
  }
}

TEST_CASE("migrations: a store with more of them is newer", "[persistence]") {
  auto applied = first(3);
  applied.push_back({4, "x"});
  auto const e = pending(known, applied).error();
  CHECK(e.code == errc::unsupported);
  CHECK(e.message == "the store has schema 4, this program knows schemas up to 3: use the newer "
                     "program that wrote it");
}

TEST_CASE("migrations: another text or a gap is damage", "[persistence]") {
  auto applied = first(2);
  SECTION("text") {
    applied[0].checksum = checksum(known[1]);
  }
  SECTION("gap") {
    applied[1].number = 3;
  }
  CHECK(pending(known, applied).error().code == errc::corrupt);
}

TEST_CASE("migrations: the embedded ones are numbered from 1 without a gap", "[persistence]") {
  for (auto const all : {sqlite_migrations(), postgres_migrations()}) {
    REQUIRE_FALSE(all.empty());
    int number = 0;
    for (auto const& m : all) {
      CHECK(m.number == ++number);
      CHECK(m.name.substr(0, 4) == "000" + std::to_string(number));
      CHECK(m.sql.size() > 100);
    }
  }
}

TEST_CASE("migrations: released texts are never edited", "[persistence]") {
  // A changed text locks every existing store out: add a new file instead.
  auto const sqlite = sqlite_migrations();
  auto const postgres = postgres_migrations();
  CHECK(sqlite.size() >= 1);
  CHECK(postgres.size() >= 2);
}
