#pragma once

#include "persistence/event_store.hpp"
#include "persistence/judge.hpp"

#include <array>
#include <deque>
#include <map>
#include <set>
#include <tuple>
#include <unordered_map>

namespace troupe::memory {

struct stream_record {
  std::string hash;
  std::optional<time_point> wake_at;
  std::vector<std::uint64_t> seqs; ///< of version i + 1
  std::deque<snapshot> snapshots;  ///< oldest first, at most two
};

struct shard_record {
  std::uint64_t epoch = 0;
  std::string owner;
  std::deque<stored_event> log;                          ///< seq i + 1
  std::unordered_map<std::string, std::uint64_t> seq_of; ///< by event id
  std::map<entity_ref, stream_record> streams;
  std::set<std::pair<time_point, entity_ref>> wakes;
  std::map<std::pair<tenant_id, std::string>, outbox_row> outbox;
};

/// The whole state: copied when a handle is frozen. Also the view that `judge` asks.
struct tables {
  std::array<shard_record, shard_count> shards;
  std::map<std::tuple<tenant_id, std::string, std::string>, inbox_row> inbox;

  [[nodiscard]] stream_record const* find(entity_ref const& ref) const;
  [[nodiscard]] std::uint64_t epoch(std::uint32_t shard) const { return shards[shard].epoch; }
  [[nodiscard]] std::uint64_t version(entity_ref const& ref) const;
  [[nodiscard]] std::optional<stored_place> place(std::uint32_t shard, std::string const& event_id,
                                                  entity_ref const&, std::uint64_t) const;
  [[nodiscard]] std::optional<inbox_entry>
  answered(tenant_id const& tenant, std::string const& source, std::string const& key) const;
  [[nodiscard]] bool has_effect(std::uint32_t shard, tenant_id const& tenant,
                                std::string const& effect_id) const;

  void set_wake(shard_record& home, entity_ref const& ref, stream_record& s,
                std::optional<time_point> wake_at);
  void add_event(stored_event e);
  /// Stores a unit that `judge` called ok; answers the seq of its first event, 0 without events.
  std::uint64_t store(unit const& u, time_point now);
};

} // namespace troupe::memory
