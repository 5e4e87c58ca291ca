#include "persistence/migrations/migrations.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <vector>

using namespace troupe;

namespace {
std::vector<migration> const known = {{1, "0001_one.sql", "create table one (x)"},
                                      {2, "0002_two.sql", "create table two (x)"},
                                      {3, "0003_three.sql", "create table three (x)"}};

std::vector<migration> const making = {
    {1, "0001_one.sql", "-- create table no (x);\ncreate table troupe.one (\n  x bigint\n);\n"},
    {2, "0002_two.sql", "create index one_x on troupe.one (x);\ncreate function troupe.two(\n"},
};

std::vector<applied_migration> of_making(std::size_t n) {
  std::vector<applied_migration> out;
  for (std::size_t i = 0; i < n; ++i)
    out.push_back({making[i].number, checksum(making[i])});
  return out;
}

/// Those of `known` whose migration is applied.
std::set<std::string> there(std::size_t n) {
  std::set<std::string> out{"migration"};
  for (std::size_t i = 0; i < n; ++i)
    out.merge(std::set<std::string>{made_by(known[i]).front()});
  return out;
}

std::vector<applied_migration> first(std::size_t n) {
  std::vector<applied_migration> out;
  for (std::size_t i = 0; i < n; ++i)
    out.push_back({known[i].number, checksum(known[i])});
  return out;
}
} // namespace

TEST_CASE("migrations: what is not recorded is pending, in order", "[persistence]") {
  for (std::size_t n = 0; n <= 3; ++n) {
    auto const left = pending(known, first(n), there(n));
    REQUIRE(left.has_value());
    REQUIRE(left->size() == 3 - n);
    if (n < 3)
      CHECK(left->front().number == static_cast<int>(n) + 1);
  }
}

TEST_CASE("migrations: a store with more of them is newer", "[persistence]") {
  auto applied = first(3);
  applied.push_back({4, "x"});
  auto const e = pending(known, applied, there(3)).error();
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
  auto const e = pending(known, applied, there(2)).error();
  CHECK(e.code == errc::corrupt);
  CHECK(e.message.find("restore it from a backup") != std::string::npos);
}

TEST_CASE("migrations: what one makes is read from its text", "[persistence]") {
  CHECK(made_by(making[0]) == std::vector<std::string>{"one"});
  CHECK(made_by(making[1]) == std::vector<std::string>{"one_x", "two"});
  for (auto const all : {sqlite_migrations(), postgres_migrations()}) {
    auto const made = made_by(all.front());
    for (auto const* name : {"shard", "inbox", "inbox_age", "outbox", "snapshot"})
      CHECK(std::find(made.begin(), made.end(), name) != made.end());
  }
}

TEST_CASE("migrations: what is there and what is recorded must be the same", "[persistence]") {
  auto const says = [](std::size_t recorded, std::set<std::string> const& present) {
    auto const left = pending(making, of_making(recorded), present);
    if (left)
      return std::string{};
    CHECK(left.error().code == errc::corrupt);
    CHECK(left.error().message.find("restore it from a backup") != std::string::npos);
    return left.error().message.substr(0, left.error().message.find(';'));
  };
  CHECK(says(0, {}).empty());
  CHECK(says(0, {"migration"}).empty()); // a start that ended in between
  CHECK(says(1, {"migration", "one"}).empty());
  CHECK(says(2, {"migration", "one", "one_x", "two", "somebody's own"}).empty());
  CHECK(says(2, {"migration", "one", "two"}) == "the store lacks one_x");
  CHECK(says(2, {"migration", "two"}) == "the store lacks one, one_x");
  CHECK(says(0, {"migration", "one"}) ==
        "the store has one, but its record of schema changes (table migration) does not say so");
  CHECK(says(1, {"migration", "one", "one_x", "two"}) ==
        "the store has one_x, two, but its record of schema changes (table migration) does not say "
        "so");
}

TEST_CASE("migrations: the embedded ones are numbered from 1 without a gap", "[persistence]") {
  for (auto const all : {sqlite_migrations(), postgres_migrations()}) {
    REQUIRE_FALSE(all.empty());
    int number = 0;
    for (auto const& m : all) {
      CHECK(m.number == ++number);
      CHECK(m.name.substr(0, 4) == "000" + std::to_string(number));
      CHECK(m.sql.ends_with(";\n"));
    }
  }
}

TEST_CASE("migrations: released texts are never edited", "[persistence]") {
  // A changed text locks every existing store out: add a new file, and its line here.
  std::map<std::string, std::string> const released{
      {"sqlite 0001_event_log.sql",
       "f312fd27d5f6387d13603ff6c78f51214f67a2081983ecdd2079ce0042170dd8"},
      {"sqlite 0002_records.sql",
       "9adfd38795a05513a084b2d925f101f1882278641b206f479e1fc0eb0b7e4e08"},
      {"sqlite 0003_no_events.sql",
       "805eadeb4fd96c968656af6ea143e84eba5cb00ef65622207e927a4643abfd12"},
      {"postgres 0001_records.sql",
       "f7a1877521741239e508e93dbc83e2f6f7bba5245a1ea43777851d6d455c8d1e"},
      {"postgres 0002_append.sql",
       "8f0e6fb22fe47c98be1606c570b5835eceed5cd908c5b9ffd50d1bfbd9a33385"},
      {"postgres 0003_segments.sql",
       "886e9e960d2eb28f2683c767666da636e09070d8c96c03ddb721cd0b370d02a8"},
      {"postgres 0004_plain_append.sql",
       "78be0035919802275444353c63f7e669b0164e769c85fcde3d37118e721c7a89"}};
  std::map<std::string, std::string> found;
  for (auto const& m : sqlite_migrations())
    found.emplace("sqlite " + std::string{m.name}, checksum(m));
  for (auto const& m : postgres_migrations())
    found.emplace("postgres " + std::string{m.name}, checksum(m));
  CHECK(found == released);
}
