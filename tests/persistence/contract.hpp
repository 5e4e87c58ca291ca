#pragma once

#include "tests/persistence/ledger.hpp"

#include <catch2/catch.hpp>

namespace troupe::test {

/// A new, empty store of one adapter.
class contract_store {
public:
  virtual ~contract_store() = default;
  /// The handle that most cases use.
  [[nodiscard]] event_store& store();
  /// One more handle on the same store.
  [[nodiscard]] std::unique_ptr<event_store> another();
  /// Closes everything and opens the store again, as a restart does. False: it is not durable.
  [[nodiscard]] bool reopen();
  /// False: the store has no index of event ids, so an append does not see that one stands
  /// elsewhere.
  [[nodiscard]] virtual bool knows_ids() const { return true; }

protected:
  /// Opens the store; once before a case and again after `reopen` closed it.
  virtual store_factory open() = 0;
  [[nodiscard]] virtual bool durable() const = 0;

private:
  store_factory factory_;
  std::unique_ptr<event_store> store_;
};

struct memory_adapter {};
struct sqlite_adapter {};
struct postgres_adapter {};
/// Both, where everything is settled before each call.
struct settled_sqlite_adapter {};
struct settled_postgres_adapter {};

/// Makes the store of an adapter; null if it is not installed on this machine.
template <class Adapter>
[[nodiscard]] std::unique_ptr<contract_store> make_contract_store();

/// Runs a case on a new store of an adapter.
template <class Adapter>
void on_adapter(void (*body)(contract_store&)) {
  auto const store = make_contract_store<Adapter>();
  if (!store) {
    WARN("skipped: PostgreSQL is not installed");
    return;
  }
  body(*store);
}

} // namespace troupe::test

/// One case of the contract, run on every adapter: its body is compiled once and sees `c`, the
/// store, only through the interface.
#define TROUPE_CONTRACT(name) TROUPE_CONTRACT_IMPL(name, INTERNAL_CATCH_UNIQUE_NAME(contract_body))
#define TROUPE_CONTRACT_IMPL(name, body)                                                           \
  static void body(troupe::test::contract_store& c);                                               \
  TEMPLATE_TEST_CASE("store: " name, "[persistence][contract]", troupe::test::memory_adapter,      \
                     troupe::test::sqlite_adapter, troupe::test::settled_sqlite_adapter,           \
                     troupe::test::postgres_adapter, troupe::test::settled_postgres_adapter) {     \
    troupe::test::on_adapter<TestType>(body);                                                      \
  }                                                                                                \
  static void body(troupe::test::contract_store& c)
