#include "persistence/postgres/settler.hpp"

#include "persistence/postgres/queries.hpp"
#include "persistence/postgres/record_columns.hpp"
#include "persistence/postgres/segment.hpp"
#include "protocol/crash_point.hpp"

#include <algorithm>
#include <limits>
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

/// Parts of one lane, the oldest first.
using parts = std::vector<std::shared_ptr<fresh_segments::part const>>;

columns columns_of(parts const& all_parts) {
  struct shard {
    std::uint64_t run = 0;
    std::uint64_t last = 0;
  };
  std::map<std::uint32_t, shard> shards;
  std::map<entity_ref, std::vector<section const*>> streams;
  std::map<entity_ref, std::optional<time_point>> wakes;
  for (auto const& p : all_parts)
    for (auto const& x : *p) {
      wakes[x.stream] = x.wake_at;
      if (x.count == 0)
        continue;
      auto const home = shards.try_emplace(x.shard, shard{x.seq - x.count, 0}).first;
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

/// Segments of a lane as the database has them: number, length, beginning, and the body of those
/// that are not in `known`.
rows unsettled(session& s, segment_place const& after,
               std::deque<fresh_segments::one> const& known) {
  auto const from = known.empty() ? 1 : known.front().number;
  auto const to = known.empty() ? 0 : known.back().number;
  return s.query(sql::unsettled, with(num(after.lane), num(after.number), num(most_segments),
                                      num(from), num(to), num(fresh_segments::beginning)));
}

/// What a row of `unsettled` stands for; none: it is not what is known under this number.
std::shared_ptr<fresh_segments::part const> part_of(rows const& r, std::size_t i,
                                                    segment_place const& at,
                                                    std::deque<fresh_segments::one> const& known) {
  if (!r.null(i, 3))
    return std::make_shared<fresh_segments::part const>(decode_segment(at, r.bytes(i, 3)));
  auto const& mine = known.at(static_cast<std::size_t>(at.number - known.front().number));
  if (r.whole(i, 1) == mine.bytes && r.bytes(i, 2) == mine.begins)
    return mine.sections;
  return nullptr;
}

bool settle_locked(session& s, fresh_segments& fresh, std::uint32_t lane) {
  auto const found = s.query(sql::lock_lane, with(num(lane)));
  if (found.size() == 0)
    return false; // somebody else is at it
  segment_place through{lane, found.whole(0, 0)};
  auto known = fresh.above(lane, through.number);
  auto r = unsettled(s, through, known);
  if (r.size() == 0)
    return false;
  parts taken;
  std::size_t events = 0;
  std::size_t text = 0;
  while (taken.size() < r.size() && events < most_events && text < most_text) {
    auto const i = taken.size();
    auto const next = r.whole(i, 0);
    if (next != through.number + 1)
      damaged_segment({lane, through.number + 1}, "it is gone");
    auto part = part_of(r, i, {lane, next}, known);
    if (!part) { // another server has appended after this one was cut off
      known.clear();
      fresh.forget(lane, std::numeric_limits<std::uint64_t>::max());
      r = unsettled(s, {lane, found.whole(0, 0)}, known);
      continue;
    }
    through.number = next;
    for (auto const& x : *part) {
      events += x.count;
      text += x.lines.size();
    }
    taken.push_back(std::move(part));
  }
  auto const c = columns_of(taken);
  TROUPE_CRASH_POINT(30, "settle: before the commit");
  s.query_binary(sql::settle, c.params(through));
  fresh.forget(lane, through.number); // if it is taken back: from the database then
  return taken.size() < r.size() || r.size() == most_segments;
}

} // namespace

bool settle(session& s, fresh_segments& fresh, std::uint32_t lane) {
  if (s.query(sql::has_unsettled, with(num(lane))).size() == 0)
    return false; // and nothing is locked or written
  s.begin();
  try {
    auto const more = settle_locked(s, fresh, lane);
    s.commit();
    TROUPE_CRASH_POINT(31, "settle: after the commit");
    return more;
  } catch (failure const& e) {
    if (!e.lost)
      s.rollback();
    throw;
  }
}

void settle_all(session& s, fresh_segments& fresh) {
  for (std::uint32_t lane = 0; lane < lane_count; ++lane)
    while (settle(s, fresh, lane)) {
    }
}

} // namespace troupe::postgres
