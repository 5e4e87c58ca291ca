#include "actors/past.hpp"

#include <algorithm>

namespace troupe {

namespace {

struct part {
  std::uint64_t first = 0;
  std::size_t count = 0;
  std::vector<stored_event> events;
  std::size_t next = 0;
};

/// What stands at these places. Those of one shard are neighbours in it, so one read serves them.
result<std::map<std::uint32_t, part>> read_parts(event_store& store,
                                                 std::vector<event_place> const& places) {
  std::map<std::uint32_t, part> parts;
  for (auto const& p : places) {
    auto& one = parts[p.shard];
    if (one.count++ == 0)
      one.first = p.seq;
  }
  for (auto& [shard, one] : parts) {
    auto read = store.read_shard(shard, one.first - 1, one.count);
    if (!read)
      return read.error();
    if (read->size() != one.count || read->front().seq != one.first)
      return fail(errc::corrupt, "shard " + std::to_string(shard) + " has lost events from " +
                                     std::to_string(one.first) + " on; run `troupe verify`");
    one.events = std::move(*read);
  }
  return parts;
}

} // namespace

result<past_page> read_past(board const& view, event_store& store, std::uint64_t after,
                            std::size_t limit, std::function<bool(stored_event const&)> const& keep,
                            std::size_t most) {
  constexpr std::size_t at_once = 1000;
  past_page out;
  out.seen = after;
  for (std::size_t looked = 0; looked < most && out.events.size() < limit;) {
    auto const places = view.places(out.seen, std::min(at_once, most - looked));
    if (places.empty())
      break;
    auto parts = read_parts(store, places);
    if (!parts)
      return parts.error();
    for (auto const& p : places) {
      auto& from = (*parts)[p.shard];
      auto& e = from.events[from.next++];
      out.seen = p.n;
      ++looked;
      if (keep(e))
        out.events.push_back({p.n, std::make_shared<stored_event const>(std::move(e))});
      if (out.events.size() == limit)
        break;
    }
  }
  out.more = out.seen < view.last();
  return out;
}

} // namespace troupe
