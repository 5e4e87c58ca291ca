#pragma once

#include "persistence/judge.hpp"
#include "persistence/postgres/appender.hpp"

#include <map>
#include <unordered_set>

namespace troupe::postgres {

/// A batch on its way: what its units make of what the appender knows. It is the view that `judge`
/// asks.
class draft {
public:
  /// `careful`: within a transaction, everything that is not known is asked for. Otherwise a stream
  /// is taken to stand where its writer thinks, and a key not to be answered, and the database
  /// compares that when the batch is stored.
  draft(appender& by, session& s, tail& t, time_point now, bool careful)
      : by_(by), s_(s), tail_(t), now_(now), careful_(careful) {}

  /// Judges the units in their order and stores what is right of them. None, and nothing is stored,
  /// if one is refused or must be seen with care; never if careful. Throws failure.
  [[nodiscard]] std::optional<std::vector<unit_result>> store(std::span<unit const> units);
  /// It is durable: what the appender knows is this from here on.
  void keep();

  // ---- what `judge` asks ---------------------------------------------------------------------

  std::uint64_t epoch(std::uint32_t shard);
  std::uint64_t version(entity_ref const& ref);
  std::optional<stored_place> place(std::uint32_t shard, std::string const& event_id,
                                    entity_ref const& stream, std::uint64_t at);
  std::optional<inbox_entry> answered(tenant_id const& tenant, std::string const& source,
                                      std::string const& key);
  bool has_effect(std::uint32_t shard, tenant_id const& tenant, std::string const& effect_id);

private:
  struct drafted_lane {
    std::uint64_t number = 0; ///< of the last segment that was stored
    std::size_t bytes = 0;
    bool wanted = false; ///< a unit of it waits; one without events, too, must be fenced
    std::vector<section> waiting;
    std::vector<fresh_segments::one> stored; ///< unless it is careful
  };

  std::optional<unit_result> take(unit const& u);
  bool speaks_of_new(unit const& u);
  void add(unit const& u, unit_result& r);
  void flush();

  appender& by_;
  session& s_;
  tail& tail_;
  time_point now_;
  bool careful_;
  unit const* judged_ = nullptr;
  std::map<std::uint32_t, drafted_lane> lanes_;
  std::map<std::uint32_t, std::uint64_t> seqs_; ///< the last of each shard
  appender::by_stream<appender::head> versions_;
  std::vector<section> stored_;                              ///< by this draft, while it is careful
  std::vector<std::pair<entity_ref, std::uint64_t>> unseen_; ///< taken to be at that version
  std::vector<unit const*> units_;                           ///< that are not stored yet
  std::unordered_set<std::string> touched_;                  ///< keys and effects of those
};

} // namespace troupe::postgres
