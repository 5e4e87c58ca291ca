#pragma once

#include "persistence/batch.hpp"
#include "persistence/event_store.hpp"
#include "persistence/judge.hpp"
#include "persistence/record/record.hpp"
#include "persistence/sqlite/database.hpp"

#include <map>
#include <unordered_map>

namespace troupe::sqlite {

/// Head row of a stream; `no` is 0 while it does not exist.
struct stream_row {
  std::int64_t no = 0;
  std::uint64_t version = 0;
  std::string hash{no_hash()};
  std::optional<time_point> wake_at;
};
[[nodiscard]] stream_row find_stream(database& db, entity_ref const& ref);

/// What one write transaction has seen and changed: heads of shards and streams are read once and
/// kept here; also the view that `judge` asks. Throws failure and store_failure.
class writer {
public:
  explicit writer(database& db) : db_(db) {}

  [[nodiscard]] std::uint64_t epoch(std::uint32_t shard) { return head(shard).epoch; }
  [[nodiscard]] std::optional<stored_place> place(std::uint32_t shard, std::string const& event_id,
                                                  entity_ref const& stream, std::uint64_t version);
  [[nodiscard]] std::optional<inbox_entry>
  answered(tenant_id const& tenant, std::string const& source, std::string const& key);
  [[nodiscard]] std::uint64_t version(entity_ref const& ref) { return row(ref).version; }
  [[nodiscard]] bool has_effect(std::uint32_t shard, tenant_id const& tenant,
                                std::string const& effect_id);

  /// Stores a unit that `judge` called ok; answers the seq of its first event, 0 without events.
  std::uint64_t store(unit const& u, time_point now);
  /// Stores events as they are. Errors: conflict.
  [[nodiscard]] result<void> import(std::span<stored_event const> events);
  /// Puts rows beside the events back. Errors: conflict.
  [[nodiscard]] result<void> restore(side_rows const& rows);
  /// Stores a row of a stream by its number; of the heads nothing is changed.
  void put_record(std::int64_t stream, records::record const& x);
  /// Writes what is kept here; before the commit.
  void flush();

private:
  struct shard_head {
    std::uint64_t epoch = 0;
    std::uint64_t last_seq = 0;
    std::optional<std::uint64_t> last_epoch; ///< of the last event; import only
    bool changed = false;
  };
  shard_head& head(std::uint32_t shard);
  stream_row& row(entity_ref const& ref);
  void put_stream(std::uint32_t shard, entity_ref const& ref, stream_row& s);
  [[nodiscard]] std::uint64_t last_epoch(std::uint32_t shard, std::uint64_t last_seq);
  [[nodiscard]] result<void> check(stored_event const& e);
  void put_effect(std::uint32_t shard, tenant_id const& tenant, outbox_row const& row);
  void put_inbox(tenant_id const& tenant, inbox_entry const& x, time_point at);

  database& db_;
  std::map<std::uint32_t, shard_head> heads_;
  std::unordered_map<entity_ref, stream_row> rows_;
  std::vector<stored_event> looked_at_; ///< of the record that `place` asked for last
};

} // namespace troupe::sqlite
