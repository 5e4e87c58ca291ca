#pragma once

#include "persistence/postgres/fresh_segments.hpp"
#include "persistence/postgres/session.hpp"
#include "persistence/postgres/tail.hpp"

#include <array>
#include <functional>
#include <span>
#include <unordered_map>

namespace troupe::postgres {

/// Appends through one session, and knows what it needs to know for that: the last number of each
/// lane it has to do with, the epochs and seqs of its shards, and versions of streams. It believes
/// this until the number that it wants is taken.
class appender {
public:
  /// `fresh` gets what is stored.
  explicit appender(fresh_segments& fresh) : fresh_(fresh) {}

  /// Stores a batch of units that `check_batch` has passed. One call if nothing is refused; else
  /// the same is judged unit by unit in a transaction (persistence/judge.hpp). Throws failure.
  [[nodiscard]] std::vector<unit_result> append(session& s, tail& t, std::span<unit const> units,
                                                time_point now);
  /// The session has changed, or something else may have.
  void forget() { lanes_ = {}; }
  /// What this object has put into a lane since the last call of `note_settled`, as it is stored.
  [[nodiscard]] std::size_t bytes(std::uint32_t lane) const { return bytes_.at(lane); }
  void note_settled(std::uint32_t lane) { bytes_.at(lane) = 0; }

private:
  friend class draft;

  struct by_name {
    std::size_t operator()(entity_ref const& r) const {
      return std::hash<std::string>{}(r.id) ^ static_cast<std::size_t>(r.kind);
    }
  };
  template <class T>
  using by_stream = std::unordered_map<entity_ref, T, by_name>;

  struct head {
    std::uint64_t version = 0;
    std::uint64_t number = 0; ///< of the segment with its last write; 0: it is settled
  };

  struct known_lane {
    bool known = false;
    std::uint64_t number = 0; ///< of its last segment
    by_stream<head> heads;    ///< of all streams that are not settled, and of others
    std::size_t trim_at = 0;  ///< so many are too many
  };
  struct known_shard {
    std::uint64_t epoch = 0;
    std::uint64_t last_seq = 0;
  };

  known_lane& at(session& s, tail& t, std::uint32_t number);
  void trim(session& s, std::uint32_t number);

  fresh_segments& fresh_;
  std::array<known_lane, lane_count> lanes_;
  std::array<known_shard, shard_count> shards_{}; ///< of known lanes
  std::array<std::size_t, lane_count> bytes_{};
};

} // namespace troupe::postgres
