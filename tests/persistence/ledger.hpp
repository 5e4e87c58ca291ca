#pragma once

#include "persistence/event_store.hpp"

#include <map>

namespace troupe::test {

/// A UUID v7 that is the same for the same number.
[[nodiscard]] std::string event_id(std::uint64_t n);
/// A ticket of the tenant `acme`.
[[nodiscard]] entity_ref ticket(std::string id, std::string tenant = "acme");
/// Tickets of one shard: `count` names that fall into `shard`.
[[nodiscard]] std::vector<entity_ref> tickets_of(std::uint32_t shard, std::size_t count,
                                                 std::string tenant = "acme");
[[nodiscard]] time_point at_ms(std::int64_t ms);

/// Writes units as a journal would: knows epochs, versions and hashes of what it has written.
class ledger {
public:
  explicit ledger(event_store& store);

  /// A unit of `count` next events of a stream, remembered as if it were going to be stored.
  [[nodiscard]] unit next(entity_ref const& stream, std::size_t count = 1);
  /// The same with the data of the one event given.
  [[nodiscard]] unit next_data(entity_ref const& stream, std::string data);
  /// Adds the next events of another stream of the same shard to a unit.
  void also(unit& u, entity_ref const& stream, std::size_t count = 1);
  /// A unit of the stream's shard and tenant without anything in it.
  [[nodiscard]] unit empty(entity_ref const& stream);

  /// Appends and demands that all is ok.
  std::vector<unit_result> ok(std::vector<unit> const& units);
  /// Appends one unit and answers its result.
  unit_result one(unit const& u);
  /// `ok` of the next `count` events.
  void write(entity_ref const& stream, std::size_t count = 1);

  /// Reads the head again, after something was not stored.
  void forget() { heads_.clear(); }
  [[nodiscard]] event_store& store() { return store_; }
  std::vector<std::uint64_t> epochs;

private:
  struct head {
    std::uint64_t version = 0;
    std::string hash;
  };
  head& of(entity_ref const& stream);
  new_event make(entity_ref const& stream, head& h, std::string data);

  event_store& store_;
  std::map<entity_ref, head> heads_;
};

/// Everything of a store as text, one line a row, in a fixed order: equal stores, equal texts.
[[nodiscard]] std::string dump(event_store& store);
/// All events of all shards.
[[nodiscard]] std::vector<stored_event> all_events(event_store& store);

/// True for equal events, field by field.
[[nodiscard]] bool same(stored_event const& a, stored_event const& b);

} // namespace troupe::test
