#include "persistence/postgres/postgres_store.hpp"
#include "tests/persistence/ledger.hpp"
#include "tests/persistence/needs_postgres.hpp"
#include "tests/support/eventually.hpp"

#include <catch2/catch.hpp>

#include <future>

using namespace troupe;
using namespace troupe::test;

namespace {

struct two_servers {
  postgres_server& database = postgres_server::shared();
  std::string url = database.new_database();
  std::string name = url.substr(url.rfind('/') + 1);
  // Each program has a factory of its own; it holds with one handle and writes with others.
  store_factory first_program = open();
  store_factory second_program = open();
  std::unique_ptr<event_store> first = *first_program();
  std::unique_ptr<event_store> writer = *first_program();
  std::unique_ptr<event_store> second = *second_program();

  two_servers() { REQUIRE(first->hold("serve-one", duration{1000}).has_value()); }
  [[nodiscard]] store_factory open() const {
    auto opened = open_postgres_store(url);
    if (!opened)
      FAIL(opened.error().message);
    return *opened;
  }
  /// Locks of this database, or what is to be done about their sessions.
  [[nodiscard]] std::string locks(std::string const& what, std::string const& which) const {
    return database.sql(name, "select " + what + " from pg_locks where locktype = 'advisory' and " +
                                  which +
                                  " and database = (select oid from pg_database "
                                  "where datname = current_database())");
  }
  [[nodiscard]] std::string holders() const { return locks("count(*)", "granted"); }
  /// The process of the database that has the lock; `0`: none.
  [[nodiscard]] std::string holder() const { return locks("coalesce(max(pid), 0)", "granted"); }
  void cut_holder() const { (void)locks("count(pg_terminate_backend(pid))", "granted"); }
  [[nodiscard]] result<void> second_tries(duration wait = duration{50}) const {
    return second->hold("serve-two", wait);
  }
};

} // namespace

TEST_CASE("postgres: one server holds a database, the next one is told who",
          "[persistence][postgres]") {
  TROUPE_NEEDS_POSTGRES(two_servers);
  REQUIRE(f.first->claim_all("serve-one").has_value());
  auto const refused = f.second_tries();
  REQUIRE(refused.has_error());
  CHECK(refused.error().code == errc::busy);
  CHECK(refused.error().message.find("serve-one") != std::string::npos);
  CHECK(refused.error().message.find("--take-over") != std::string::npos);
  CHECK(f.second->shards().has_value()); // it is of use all the same

  // Another database of the same server is another matter.
  auto const elsewhere = open_postgres_store(f.database.new_database());
  REQUIRE(elsewhere.has_value());
  CHECK((*(*elsewhere)())->hold("serve-three", duration{50}).has_value());

  f.first.reset(); // its end frees it
  CHECK(f.second_tries(duration{10'000}).has_value());
}

TEST_CASE("postgres: a hold that a restart of the database has ended is taken again at once",
          "[persistence][postgres]") {
  TROUPE_NEEDS_POSTGRES(two_servers);
  auto const restart = GENERATE(true, false);
  auto const before = f.holder();
  if (restart) {
    f.database.stop();
    f.database.start();
  } else { // only the connection is lost
    f.cut_holder();
  }
  // Nobody writes: the holder sees it by itself. A process that was told to end has the lock until
  // it has ended, and then whoever asks first gets it.
  REQUIRE(eventually([&] {
    auto const now = f.holder();
    return now != "0" && now != before;
  }));
  CHECK(f.holders() == "1");
  auto const refused = f.second_tries();
  REQUIRE(refused.has_error());
  CHECK(refused.error().code == errc::busy);
  ledger l{*f.writer};
  l.write(ticket("a"));
  f.first.reset();
  CHECK(f.second_tries(duration{10'000}).has_value());
}

TEST_CASE("postgres: who writes after a restart of the database holds it first",
          "[persistence][postgres]") {
  TROUPE_NEEDS_POSTGRES(two_servers);
  ledger l{*f.writer};
  for (int i = 0; i < 5; ++i) {
    f.database.stop();
    f.database.start();
    auto const u = l.next(ticket("a"));
    REQUIRE(eventually([&] { return f.writer->append(std::span{&u, 1}).has_value(); }));
    CHECK(f.holders() == "1");
    CHECK(f.second_tries().has_error());
  }
}

TEST_CASE("postgres: who reads after an outage of the database holds it first",
          "[persistence][postgres]") {
  TROUPE_NEEDS_POSTGRES(two_servers);
  for (int i = 0; i < 3; ++i) {
    f.database.stop();
    // Long enough for the watcher to look seldom; that nobody is there is seen by asking.
    auto const since = std::chrono::steady_clock::now();
    REQUIRE(eventually([&] {
      return f.writer->shards().has_error() &&
             std::chrono::steady_clock::now() - since > std::chrono::milliseconds{800};
    }));
    f.database.start();
    REQUIRE(eventually([&] { return f.writer->shards().has_value(); }));
    CHECK(f.holders() == "1");
    CHECK(f.second_tries().has_error());
  }
}

TEST_CASE("postgres: who lost the database to another never appends again once that is seen",
          "[persistence][postgres]") {
  TROUPE_NEEDS_POSTGRES(two_servers);
  ledger l{*f.writer};
  l.write(ticket("a"));
  // The other one waits for the lock, and so has it before the first can ask again. It has claimed
  // nothing yet: not the epoch, the hold alone is what refuses.
  auto other = std::async(std::launch::async, [&] { return f.second_tries(duration{20'000}); });
  REQUIRE(eventually([&] { return f.locks("count(*)", "not granted") == "1"; }));
  f.cut_holder();
  REQUIRE(other.get().has_value());
  auto const u = l.next(ticket("a"));
  auto const refused = [&] {
    auto const r = f.writer->append(std::span{&u, 1});
    return r.has_value() && r->front().status == unit_status::fenced;
  };
  // The end of a connection takes a moment to be seen; until then only the epoch would refuse.
  CHECK(eventually(refused));
  auto const stood = f.writer->stream(ticket("a"))->version;
  CHECK(refused());
  // Also when the other one is gone again: what it did meanwhile is not known here.
  f.second.reset();
  CHECK(refused());
  CHECK(f.writer->stream(ticket("a"))->version == stood);
}
