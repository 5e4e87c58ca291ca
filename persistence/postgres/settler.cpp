#include "persistence/postgres/settler.hpp"

#include "persistence/postgres/queries.hpp"
#include "persistence/postgres/record_columns.hpp"
#include "persistence/postgres/segment.hpp"
#include "protocol/crash_point.hpp"

#include <algorithm>
#include <iterator>
#include <map>

namespace troupe::postgres {

namespace {

using of = binary_array::of;

/// What one transaction settles: enough to bring writes of one stream together, and not so much
/// that it is felt, or that it comes near the limits of a session. Reached by the last segment
/// taken.
constexpr std::size_t most_segments = 256;
constexpr std::size_t most_events = 16'384;
constexpr std::size_t most_text = 8 * 1024 * 1024;

/// Events that share a record, and bytes of their lines.
constexpr std::size_t most_together = 256;
constexpr std::size_t most_bytes = 64 * 1024;

/// The parameters of `troupe.settle`.
struct columns {
  record_columns records;
  binary_array s_shard{of::int2}, s_seq{of::int8};
  binary_array w_shard{of::int4}, w_tenant{of::texts}, w_kind{of::int2}, w_id{of::texts},
      w_at{of::int8};

  void add_end(std::uint32_t shard, std::uint64_t seq) {
    s_shard.add_int2(static_cast<std::int16_t>(shard));
    s_seq.add_int8(num(seq));
  }
  void add_wake(entity_ref const& ref, std::optional<time_point> const& at) {
    w_shard.add_int4(static_cast<std::int32_t>(shard_of(ref)));
    w_tenant.add_text(ref.tenant.value);
    w_kind.add_int2(static_cast<std::int16_t>(ref.kind));
    w_id.add_text(ref.id);
    if (at)
      w_at.add_int8(ms(*at));
    else
      w_at.add_null();
  }
  [[nodiscard]] std::vector<std::string> params(segment_place const& through) const {
    std::vector<std::string> out{binary_int2(static_cast<std::int16_t>(through.lane)),
                                 binary_int8(num(through.number))};
    records.append_to(out);
    for (auto const* a : {&s_shard, &s_seq, &w_shard, &w_tenant, &w_kind, &w_id, &w_at})
      out.push_back(a->bytes());
    return out;
  }
};

/// Puts the events of one stream into as few records as the bounds allow.
void add_stream(columns& c, std::uint64_t run, std::span<section const* const> all) {
  record row;
  for (std::size_t i = 0; i < all.size();) {
    auto const from = i;
    std::size_t events = 0;
    std::size_t bytes = 0;
    do {
      events += all[i]->count;
      bytes += all[i]->lines.size();
      ++i;
    } while (i < all.size() && events + all[i]->count <= most_together &&
             bytes + all[i]->lines.size() <= most_bytes);
    try {
      merge(row, run, all.subspan(from, i - from));
    } catch (malformed const& why) {
      damaged_section(*all[from], why.what);
    }
    c.records.add(row);
  }
}

columns columns_of(std::vector<section> const& sections) {
  struct shard {
    std::uint64_t run = 0;
    std::uint64_t last = 0;
  };
  std::map<std::uint32_t, shard> shards;
  std::map<entity_ref, std::vector<section const*>> streams;
  std::map<entity_ref, std::optional<time_point>> wakes;
  for (auto const& x : sections) {
    wakes[x.stream] = x.wake_at;
    if (x.count == 0)
      continue;
    auto const [home, fresh] = shards.try_emplace(x.shard, shard{x.seq - x.count, 0});
    home->second.last = x.seq;
    streams[x.stream].push_back(&x);
  }
  columns c;
  for (auto const& [ref, all] : streams)
    add_stream(c, shards.at(all.front()->shard).run, all);
  for (auto const& [number, home] : shards)
    c.add_end(number, home.last);
  for (auto const& [ref, at] : wakes)
    c.add_wake(ref, at);
  return c;
}

bool settle_locked(session& s, std::uint32_t lane) {
  auto const found = s.query(sql::lock_lane, with(num(lane)));
  if (found.size() == 0)
    return false; // somebody else is at it
  segment_place through{lane, found.whole(0, 0)};
  auto const r = s.query(sql::unsettled, with(num(lane), num(through.number), num(most_segments)));
  if (r.size() == 0)
    return false;
  std::vector<section> sections;
  std::size_t events = 0;
  std::size_t text = 0;
  std::size_t taken = 0;
  for (; taken < r.size() && events < most_events && text < most_text; ++taken) {
    auto const next = r.whole(taken, 0);
    if (next != through.number + 1)
      damaged_segment({lane, through.number + 1}, "it is gone");
    through.number = next;
    auto part = decode_segment(through, r.bytes(taken, 1));
    for (auto const& x : part) {
      events += x.count;
      text += x.lines.size();
    }
    std::move(part.begin(), part.end(), std::back_inserter(sections));
  }
  auto const c = columns_of(sections);
  TROUPE_CRASH_POINT(30, "settle: before the commit");
  s.query_binary(sql::settle, c.params(through));
  return taken < r.size() || r.size() == most_segments;
}

} // namespace

bool settle(session& s, std::uint32_t lane) {
  if (s.query(sql::has_unsettled, with(num(lane))).size() == 0)
    return false; // and nothing is locked or written
  s.begin();
  try {
    auto const more = settle_locked(s, lane);
    s.commit();
    TROUPE_CRASH_POINT(31, "settle: after the commit");
    return more;
  } catch (failure const& e) {
    if (!e.lost)
      s.rollback();
    throw;
  }
}

void settle_all(session& s) {
  for (std::uint32_t lane = 0; lane < lane_count; ++lane)
    while (settle(s, lane)) {
    }
}

} // namespace troupe::postgres
