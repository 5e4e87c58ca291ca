#include "persistence/postgres/queries.hpp"
#include "persistence/postgres/reader.hpp"
#include "persistence/postgres/row_mapping.hpp"

#include <algorithm>
#include <limits>

namespace troupe::postgres {

namespace {

/// Events of one stream share a record although others have written between them, but only within a
/// run. So a record ends what came before its run; where there is no other, all is there. At least
/// `least`, and what else is complete: a run can be long, and whoever wants the rest of it would
/// have to unpack all of it again.
std::vector<stored_event> settled(session& s, std::uint32_t shard, std::uint64_t after,
                                  std::size_t least) {
  std::vector<stored_event> out;
  auto complete = after;
  auto const enough = [&] {
    auto const whole = [&](auto const& e) { return e.seq <= complete; };
    return static_cast<std::size_t>(std::count_if(out.begin(), out.end(), whole)) >= least;
  };
  auto from = after;
  std::size_t rows = 0;
  // A row can be one event or a whole ticket: the first ones tell.
  for (std::size_t ask = 16; !enough();
       ask = std::min<std::size_t>(
           4096, std::max(rows, least * rows / std::max<std::size_t>(out.size(), 1)))) {
    auto const r = s.query(sql::read_shard, with(num(shard), num(from), num(ask)));
    for (std::size_t i = 0; i < r.size(); ++i) {
      auto const row = record_of(r, i);
      auto part = unpack_run(row);
      for (auto& e : part.events)
        if (e.seq > after)
          out.push_back(std::move(e));
      from = row.seq;
      complete = part.run;
    }
    rows += r.size();
    if (r.size() < ask) {
      complete = std::numeric_limits<std::uint64_t>::max();
      break;
    }
  }
  std::erase_if(out, [&](auto const& e) { return e.seq > complete; });
  std::sort(out.begin(), out.end(), [](auto const& a, auto const& b) { return a.seq < b.seq; });
  return out;
}

} // namespace

std::vector<stored_event> scan_shard(session& s, tail const& t, std::uint32_t shard,
                                     std::uint64_t after, std::size_t least) {
  if (least == 0)
    return {};
  auto out = settled(s, shard, after, least);
  auto const last = [&] { return out.empty() ? after : out.back().seq; };
  t.each_of(shard, [&](section const& x) {
    if (out.size() >= least) // also where not all that is settled was read
      return false;
    if (x.seq > last())
      for (auto& e : tail::events(x))
        if (e.seq > last())
          out.push_back(std::move(e));
    return true;
  });
  return out;
}

std::vector<stored_event> read_shard(session& s, tail const& t, std::uint32_t shard,
                                     std::uint64_t after, std::size_t limit) {
  auto out = scan_shard(s, t, shard, after, limit);
  out.resize(std::min(out.size(), limit));
  return out;
}

std::vector<shard_info> read_shards(session& s, tail const& t) {
  auto const r = s.query(sql::all_shards);
  std::vector<shard_info> out;
  for (std::size_t i = 0; i < r.size(); ++i)
    out.push_back(
        {static_cast<std::uint32_t>(r.number(i, 0)), r.whole(i, 1), r.text(i, 2), r.whole(i, 3)});
  for (std::uint32_t lane = 0; lane < lane_count; ++lane)
    t.each(lane, [&](section const& x) {
      for (auto& home : out)
        if (home.shard == x.shard)
          home.last_seq = std::max(home.last_seq, x.seq);
      return true;
    });
  return out;
}

} // namespace troupe::postgres
