#pragma once

#include "persistence/postgres/postgres_store.hpp"
#include "tests/persistence/needs_postgres.hpp"

namespace troupe::test {

/// A new database with its store; a case begins with `TROUPE_NEEDS_POSTGRES(postgres_fixture);`.
struct postgres_fixture {
  postgres_server& server = postgres_server::shared();
  std::string url = server.new_database();
  std::string name = url.substr(url.rfind('/') + 1);
  store_factory factory = [this] {
    auto opened = open_postgres_store(url);
    if (!opened)
      FAIL(opened.error().message);
    return *opened;
  }();
  std::unique_ptr<event_store> store = *factory();

  std::string sql(std::string const& text) { return server.sql(name, text); }
  /// Brings what was appended into `troupe.record`.
  void settle() {
    for (auto more = store->settle(); more.value(); more = store->settle()) {
    }
  }
  /// Whether an append waits for somebody who appends, or has shut others out.
  bool waits_for_lock() {
    return sql("select count(*) from pg_stat_activity where datname = '" + name +
               "' and application_name = 'troupe' and wait_event_type = 'Lock'") != "0";
  }
  /// Ends every session of the store, as a takeover or an administrator does.
  void cut() {
    sql("select count(pg_terminate_backend(pid)) from pg_stat_activity "
        "where datname = '" +
        name + "' and application_name = 'troupe'");
  }
};

} // namespace troupe::test
