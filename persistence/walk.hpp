#pragma once

#include "persistence/event_store.hpp"

#include <limits>

namespace troupe {

/// Shows everything of a store (but snapshots, which are a cache) as of one moment, also while
/// others write. `visitor` is asked, in this order:
/// - `shards(list)` once: all of them;
/// - for each shard that `wants(shard)`: `event(e)` in the order of seq, `shard(row)`,
/// `stream(row)`
///   for each of its streams, `all_streams(shard)`, `effect(shard, row)` for each that is open;
/// - `answer(row)` for each answer that is kept.
/// All but `wants` (bool) answer result<void>. Errors: those of the visitor, those of the store,
/// corrupt (a feed that does not go on).
template <class Visitor>
[[nodiscard]] result<void> walk(event_store& store, Visitor& visitor) {
  constexpr std::size_t page = 500;
  if (auto ok = store.freeze(); !ok)
    return ok;
  struct thaw_at_end {
    event_store& frozen;
    ~thaw_at_end() { (void)frozen.thaw(); }
  };
  thaw_at_end const guard{store};
  auto const one_shard = [&](shard_info const& s) -> result<void> {
    for (std::uint64_t seq = 0;;) {
      auto const events = store.scan_shard(s.shard, seq, page);
      if (!events)
        return events.error();
      if (events->empty())
        break;
      for (auto const& e : *events)
        if (auto ok = visitor.event(e); !ok)
          return ok;
      if (events->back().seq <= seq)
        return fail(errc::corrupt, "the feed of shard " + std::to_string(s.shard) + " goes back");
      seq = events->back().seq;
    }
    if (auto ok = visitor.shard(s); !ok)
      return ok;
    for (std::optional<entity_ref> after;;) {
      auto const streams = store.streams(s.shard, after, page);
      if (!streams)
        return streams.error();
      if (streams->empty())
        break;
      for (auto const& x : *streams)
        if (auto ok = visitor.stream(x); !ok)
          return ok;
      after = streams->back().stream;
    }
    if (auto ok = visitor.all_streams(s.shard); !ok)
      return ok;
    auto const effects = store.outbox(s.shard, std::numeric_limits<std::size_t>::max());
    if (!effects)
      return effects.error();
    for (auto const& row : *effects)
      if (auto ok = visitor.effect(s.shard, row); !ok)
        return ok;
    return {};
  };

  auto const shards = store.shards();
  if (!shards)
    return shards.error();
  if (auto ok = visitor.shards(*shards); !ok)
    return ok;
  for (auto const& s : *shards)
    if (visitor.wants(s))
      if (auto ok = one_shard(s); !ok)
        return ok;
  for (std::optional<inbox_row> after;;) {
    auto const answers = store.inbox_rows(after, page);
    if (!answers)
      return answers.error();
    if (answers->empty())
      return {};
    for (auto const& row : *answers)
      if (auto ok = visitor.answer(row); !ok)
        return ok;
    after = answers->back();
  }
}

} // namespace troupe
