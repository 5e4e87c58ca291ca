#pragma once

#include "persistence/event_store.hpp"

#include <iosfwd>

namespace troupe {

/// Looks at one event after the other, in the order of (shard, seq), and answers a sentence about
/// the first thing that is wrong with it. The domain's invariants come in this way.
using event_visitor = std::function<std::optional<std::string>(stored_event const&)>;

struct verify_options {
  event_visitor visit;
  /// Called after the last event: what no single event shows. A sentence each.
  std::function<std::vector<std::string>()> finish;
  std::size_t max_problems = 100; ///< further ones are only counted
  time_point now{};               ///< events long after it are doubtful; zero: the time of the call
};

/// An event that is not what it must be.
struct bad_event {
  std::uint32_t shard = 0;
  std::uint64_t seq = 0;
  entity_ref stream;
  std::uint64_t version = 0;
  std::string event_id;
  std::string sentence;
};

struct verify_report {
  std::uint64_t events = 0;
  std::uint64_t streams = 0;
  std::uint64_t shards = 0; ///< that hold events
  std::uint64_t effects = 0;
  std::uint64_t answers = 0;
  std::optional<bad_event> first_bad; ///< in the order of (shard, seq)
  std::vector<std::string> problems;  ///< sentences that name shard, seq and event
  std::uint64_t problem_count = 0;
  std::vector<std::string> warnings; ///< doubtful, but possible: clocks that jumped

  [[nodiscard]] bool ok() const { return problem_count == 0; }
};

/// Checks, of everything stored: each shard's seq is gap-free from 1 and its epochs never go back;
/// each stream's versions are contiguous from 1, its hashes a chain, its shard the right one; no
/// event id stands twice in a shard; ids, types and texts have their form; heads of streams and
/// shards agree with the events; effects belong to tenants that have events. Memory: the heads and
/// event ids of one shard at a time.
/// Errors: those of the store; what is wrong with the data is in the report.
[[nodiscard]] result<verify_report> verify_store(event_store& store,
                                                 verify_options const& options = {});

/// The same of an exported file, and that the file is whole.
[[nodiscard]] verify_report verify_export(std::istream& in, verify_options const& options = {});

} // namespace troupe
