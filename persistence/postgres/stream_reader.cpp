#include "persistence/postgres/queries.hpp"
#include "persistence/postgres/reader.hpp"
#include "persistence/postgres/row_mapping.hpp"

#include <algorithm>
#include <map>
#include <tuple>

namespace troupe::postgres {

namespace {

/// Events of a stream from its records, which may begin before and end behind what is wanted.
std::vector<stored_event> settled(session& s, entity_ref const& stream, std::uint64_t after,
                                  std::size_t limit) {
  std::vector<stored_event> out;
  std::size_t seen = 0;
  for (auto from = after; out.size() < limit;) {
    // So many as will do, going by the size of those before.
    auto const left = limit - out.size();
    auto const ask = seen == 0 ? std::min<std::size_t>(left, 256)
                               : std::min<std::size_t>(left / (out.size() / seen + 1) + 16, 4096);
    auto p = named(stream);
    auto const r = s.query(sql::read_stream, p.add(num(from)).add(num(ask)));
    for (std::size_t i = 0; i < r.size() && out.size() < limit; ++i)
      for (auto& e : unpack(record_of(r, i)))
        if (e.version > after && out.size() < limit)
          out.push_back(std::move(e));
    if (r.size() < ask)
      break;
    seen += r.size();
    from = out.back().version;
  }
  return out;
}

/// A stream as it stands: by what was settled, and what was not.
stream_info info(session& s, entity_ref const& ref, std::vector<section const*> const& newest) {
  stream_info out{ref, 0, std::string{no_hash()}, {}};
  if (newest.empty() || newest.back()->count == 0) // only then is its hash asked for
    if (auto const r = s.query(sql::find_stream, named(ref)); r.size() != 0) {
      out.version = r.whole(0, 0);
      out.hash = r.text(0, 1);
      if (!r.null(0, 2))
        out.wake_at = at(r.number(0, 2));
    }
  for (auto const* x : newest)
    if (x->version >= out.version) {
      out.version = x->version;
      out.wake_at = x->wake_at;
      if (x->count != 0)
        out.hash = tail::hash(*x);
    }
  return out;
}

} // namespace

std::vector<stored_event> read_stream(session& s, tail const& t, entity_ref const& stream,
                                      std::uint64_t after, std::size_t limit) {
  auto out = settled(s, stream, after, limit);
  auto const last = [&] { return out.empty() ? after : out.back().version; };
  for (auto const* x : t.of(stream)) {
    if (out.size() >= limit)
      break;
    if (x->version <= last())
      continue; // not even decoded
    for (auto& e : tail::events(*x))
      if (out.size() < limit && e.version > last())
        out.push_back(std::move(e));
  }
  return out;
}

std::optional<stored_event> find_event(session& s, tail const& t, tenant_id const& tenant,
                                       std::string const& event_id) {
  std::optional<stored_event> out;
  auto const look = [&](std::vector<stored_event> events) {
    for (auto& e : events)
      if (e.event.event_id == event_id)
        out = std::move(e);
  };
  auto const r = s.query(sql::find_records, with(event_id, tenant.value));
  for (std::size_t i = 0; i < r.size() && !out; ++i)
    look(unpack(record_of(r, i)));
  for (std::uint32_t lane = 0; lane < lane_count; ++lane)
    t.each(lane, [&](section const& x) {
      if (!out && x.stream.tenant == tenant && x.lines.find(event_id) != std::string::npos)
        look(tail::events(x));
      return !out;
    });
  return out;
}

stream_info find_stream(session& s, tail const& t, entity_ref const& stream) {
  return info(s, stream, t.of(stream));
}

std::vector<due_stream> find_due(session& s, tail const& t, std::uint32_t shard, time_point until,
                                 std::size_t limit) {
  auto const newest = t.streams(shard);
  // Those that have moved on are among the first in the table at most.
  auto const ask = std::max(limit, limit + newest.size()); // no bound stays none
  auto out = rows_as<due_stream>(s.query(sql::due, with(num(shard), ms(until), num(ask))), due_of);
  std::erase_if(out, [&](auto const& x) { return newest.contains(x.stream); });
  for (auto const& [ref, sections] : newest)
    if (auto const& at = sections.back()->wake_at; at && *at <= until)
      out.push_back({ref, *at});
  std::sort(out.begin(), out.end(), [](auto const& a, auto const& b) {
    return std::tie(a.wake_at, a.stream) < std::tie(b.wake_at, b.stream);
  });
  out.resize(std::min(out.size(), limit));
  return out;
}

std::optional<time_point> find_next_due(session& s, tail const& t, time_point after) {
  std::map<entity_ref, std::optional<time_point>> newest;
  for (std::uint32_t lane = 0; lane < lane_count; ++lane)
    t.each(lane, [&](section const& x) {
      newest[x.stream] = x.wake_at;
      return true;
    });
  auto const r = s.query(sql::next_due, with(ms(after), num(newest.size() + 1)));
  std::optional<time_point> out;
  for (std::size_t i = 0; i < r.size() && !out; ++i)
    if (!newest.contains(
            {tenant_id{r.text(i, 1)}, static_cast<entity_kind>(r.number(i, 2)), r.text(i, 3)}))
      out = at(r.number(i, 0));
  for (auto const& [ref, wake] : newest)
    if (wake && *wake > after && (!out || *wake < *out))
      out = wake;
  return out;
}

std::vector<stream_info> list_streams(session& s, tail const& t, std::uint32_t shard,
                                      std::optional<entity_ref> const& after, std::size_t limit) {
  // No tenant is empty, so the empty one stands before all.
  auto const from = after.value_or(entity_ref{});
  std::map<entity_ref, stream_info> all;
  auto const r = s.query(sql::list_streams,
                         with(num(shard), from.tenant.value, num(from.kind), from.id, num(limit)));
  for (auto& x : rows_as<stream_info>(r, stream_of))
    all[x.stream] = x;
  for (auto const& [ref, sections] : t.streams(shard))
    if (!after || from < ref)
      all[ref] = info(s, ref, sections);
  std::vector<stream_info> out;
  for (auto& [ref, x] : all)
    if (out.size() < limit)
      out.push_back(std::move(x));
  return out;
}

} // namespace troupe::postgres
