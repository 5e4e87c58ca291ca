#include "persistence/memory/faulty_store.hpp"
#include "persistence/memory/memory_store.hpp"
#include "persistence/postgres/postgres_store.hpp"
#include "persistence/sqlite/sqlite_store.hpp"
#include "tests/persistence/contract.hpp"
#include "tests/support/postgres_server.hpp"

#include <cstdio>
#include <cstdlib>

#if defined(__SANITIZE_ADDRESS__)
/// libpqxx 6.4 loses one result object whenever a connection dies within a statement, or while one
/// is prepared.
extern "C" __attribute__((weak)) char const* __lsan_default_suppressions() {
  return "leak:pqxx::connection_base::exec_prepared\nleak:pqxx::connection_base::exec\n"
         "leak:pqxx::connection_base::register_prepared\n";
}
#endif

namespace troupe::test {

namespace {

/// ctest runs all Postgres cases as one entry and is told when they cannot run.
[[maybe_unused]] bool const postgres_expected = [] {
  if (std::getenv("TROUPE_TEST_POSTGRES") == nullptr || postgres_server::installed())
    return true;
  std::puts("skipped: PostgreSQL is not installed");
  std::fflush(stdout);
  std::_Exit(77);
}();

store_factory must(result<store_factory> opened) {
  if (!opened)
    FAIL("cannot open the store: " << opened.error().message);
  return *opened;
}

class memory_contract final : public contract_store {
  store_factory open() override { return open_memory_store(); }
  bool durable() const override { return false; }
};

class sqlite_contract final : public contract_store {
  store_factory open() override {
    return must(open_sqlite_store(folder_.path() / "data" / "troupe.db"));
  }
  bool durable() const override { return true; }
  bool knows_ids() const override { return false; }
  temporary_folder folder_;
};

/// The same calls, and each of them finds settled what was put off before it.
store_factory settling(store_factory const& plain) {
  return [=]() -> result<std::unique_ptr<event_store>> {
    auto made = plain();
    if (!made)
      return made.error();
    fault_plan settling;
    settling.choose = [by = made->get()](std::string_view, std::uint64_t) {
      (void)by->settle(); // refused where it is frozen or read only
      return fault::none;
    };
    return make_faulty(std::move(*made), settling);
  };
}

class settled_sqlite_contract final : public contract_store {
  store_factory open() override {
    return settling(must(open_sqlite_store(folder_.path() / "data" / "troupe.db")));
  }
  bool durable() const override { return true; }
  bool knows_ids() const override { return false; }
  temporary_folder folder_;
};

class postgres_contract final : public contract_store {
  store_factory open() override { return must(open_postgres_store(url_)); }
  bool durable() const override { return true; }
  bool knows_ids() const override { return false; }
  std::string url_ = postgres_server::shared().new_database();
};

class settled_postgres_contract final : public contract_store {
  store_factory open() override { return settling(must(open_postgres_store(url_))); }
  bool durable() const override { return true; }
  bool knows_ids() const override { return false; }
  std::string url_ = postgres_server::shared().new_database();
};

} // namespace

event_store& contract_store::store() {
  if (!store_)
    store_ = another();
  return *store_;
}

std::unique_ptr<event_store> contract_store::another() {
  if (!factory_)
    factory_ = open();
  auto made = factory_();
  if (!made)
    FAIL("cannot open a handle: " << made.error().message);
  return std::move(*made);
}

bool contract_store::reopen() {
  if (!durable())
    return false;
  store_.reset();
  factory_ = nullptr;
  return true;
}

template <>
std::unique_ptr<contract_store> make_contract_store<memory_adapter>() {
  return std::make_unique<memory_contract>();
}
template <>
std::unique_ptr<contract_store> make_contract_store<sqlite_adapter>() {
  return std::make_unique<sqlite_contract>();
}
template <>
std::unique_ptr<contract_store> make_contract_store<settled_sqlite_adapter>() {
  return std::make_unique<settled_sqlite_contract>();
}
template <>
std::unique_ptr<contract_store> make_contract_store<postgres_adapter>() {
  if (!postgres_server::installed())
    return nullptr;
  return std::make_unique<postgres_contract>();
}
template <>
std::unique_ptr<contract_store> make_contract_store<settled_postgres_adapter>() {
  if (!postgres_server::installed())
    return nullptr;
  return std::make_unique<settled_postgres_contract>();
}

} // namespace troupe::test
