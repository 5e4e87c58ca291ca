#include "persistence/postgres/postgres_store.hpp"
#include "tests/persistence/contract.hpp"
#include "tests/support/postgres_server.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::test;

TEST_CASE("postgres: one server holds a database, the next one is told who",
          "[persistence][postgres]") {
  if (!postgres_server::installed()) {
    WARN("skipped: PostgreSQL is not installed");
    return;
  }
  auto& server = postgres_server::shared();
  auto const url = server.new_database();
  auto const name = url.substr(url.rfind('/') + 1);
  auto const factory = open_postgres_store(url);
  REQUIRE(factory.has_value());
  auto first = *(*factory)();
  REQUIRE(first->hold("serve-one", duration{1000}).has_value());
  REQUIRE(first->claim_all("serve-one").has_value());

  auto second = *(*factory)();
  auto const refused = second->hold("serve-two", duration{50});
  REQUIRE(refused.has_error());
  CHECK(refused.error().code == errc::busy);
  CHECK(refused.error().message.find("serve-one") != std::string::npos);
  CHECK(refused.error().message.find("--take-over") != std::string::npos);
  CHECK(second->shards().has_value()); // it is of use all the same

  // Another database of the same server is another matter.
  auto const elsewhere = open_postgres_store(server.new_database());
  REQUIRE(elsewhere.has_value());
  CHECK((*(*elsewhere)())->hold("serve-three", duration{50}).has_value());

  SECTION("its end frees it") {
    first.reset();
  }
  SECTION("the loss of its connection frees it") {
    server.sql(name, "select count(pg_terminate_backend(pid)) from pg_locks "
                     "where locktype = 'advisory' and granted");
  }
  CHECK(second->hold("serve-two", duration{10'000}).has_value());
}
