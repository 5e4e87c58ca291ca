#pragma once

#include "persistence/postgres/segment.hpp"
#include "persistence/postgres/session.hpp"

#include <array>
#include <functional>
#include <map>

namespace troupe::postgres {

/// What was appended and is not settled yet, of all lanes, as it was at the last `refresh`. Who
/// reads looks here first and then into the tables: what is settled in between stands in both, and
/// nowhere is a gap.
class tail {
public:
  /// Reads what is new. Throws failure.
  void refresh(session& s);
  /// Forgets all: the session has changed, or the moment that it sees.
  void clear();

  /// Number of the last segment of a lane, settled or not.
  [[nodiscard]] std::uint64_t last(std::uint32_t lane) const;
  /// Whether there is nothing but barriers.
  [[nodiscard]] bool empty() const;

  /// Each section of a lane in its order, until `f` answers false.
  void each(std::uint32_t lane, std::function<bool(section const&)> const& f) const;
  /// The same of a shard.
  void each_of(std::uint32_t shard, std::function<bool(section const&)> const& f) const;
  /// The sections of a stream, in order.
  [[nodiscard]] std::vector<section const*> of(entity_ref const& stream) const;
  /// The same of each stream of a shard, in the order of (tenant, kind, id).
  [[nodiscard]] std::map<entity_ref, std::vector<section const*>>
  streams(std::uint32_t shard) const;
  /// `last_hash`. Throws failure.
  [[nodiscard]] static std::string hash(section const& s);
  /// `events_of`. Throws failure.
  [[nodiscard]] static std::vector<stored_event> events(section const& s);

private:
  struct lane_tail {
    std::uint64_t settled = 0;
    std::map<std::uint64_t, std::vector<section>> parts; ///< by the number of their segment
  };
  struct placed {
    std::uint64_t number = 0; ///< of its segment
    section const* what = nullptr;
  };

  void forget_settled(std::uint32_t lane);
  void add(std::uint32_t lane, std::uint64_t number, std::vector<section> part);

  std::array<lane_tail, lane_count> lanes_;
  std::array<std::vector<placed>, shard_count> shards_; ///< what stands in `lanes_`, in its order
};

} // namespace troupe::postgres
