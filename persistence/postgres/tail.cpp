#include "persistence/postgres/tail.hpp"

#include "persistence/postgres/queries.hpp"
#include "persistence/postgres/row_mapping.hpp"

#include <algorithm>

namespace troupe::postgres {

namespace {

/// A section that cannot be read, as a failure that says where it is.
template <class F>
auto readable(section const& s, F f) {
  try {
    return f(s);
  } catch (malformed const& why) {
    damaged_section(s, why.what);
  }
}

} // namespace

void tail::refresh(session& s) {
  array known;
  for (std::uint32_t i = 0; i < lane_count; ++i)
    known.add(last(i));
  auto const r = s.query(sql::read_tail, with(std::move(known)));
  std::array<std::optional<std::uint64_t>, lane_count> settled{};
  std::array<std::vector<std::pair<std::uint64_t, std::vector<section>>>, lane_count> fresh;
  for (std::size_t i = 0; i < r.size(); ++i) {
    auto const lane = static_cast<std::uint32_t>(r.number(i, 0));
    if (lane >= lane_count)
      throw failure{errc::corrupt, "there is no lane " + std::to_string(lane), false};
    settled[lane] = r.whole(i, 1);
    if (r.null(i, 2))
      continue;
    auto const before =
        fresh[lane].empty() ? std::max(last(lane), *settled[lane]) : fresh[lane].back().first;
    segment_place const at{lane, r.whole(i, 2)};
    if (at.number != before + 1)
      damaged_segment({lane, before + 1}, "it is gone");
    fresh[lane].emplace_back(at.number, decode_segment(at, r.bytes(i, 3)));
  }
  for (std::uint32_t lane = 0; lane < lane_count; ++lane)
    if (!settled[lane])
      throw failure{errc::corrupt,
                    "lane " + std::to_string(lane) + " is missing; restore the store from a backup",
                    false};
  // Only now, so that a failure on the way leaves what was.
  for (std::uint32_t lane = 0; lane < lane_count; ++lane) {
    if (auto& l = lanes_.at(lane); l.settled != *settled[lane]) {
      l.settled = *settled[lane];
      forget_settled(lane);
    }
    for (auto& [number, p] : fresh[lane])
      add(lane, number, std::move(p));
  }
}

void tail::clear() {
  lanes_ = {};
  for (auto& all : shards_)
    all.clear();
}

void tail::forget_settled(std::uint32_t lane) {
  auto& l = lanes_.at(lane);
  for (auto shard = lane; shard < shard_count; shard += lane_count) { // see `lane_of`
    auto& all = shards_.at(shard);
    all.erase(all.begin(), std::find_if(all.begin(), all.end(),
                                        [&](auto const& x) { return x.number > l.settled; }));
  }
  l.parts.erase(l.parts.begin(), l.parts.upper_bound(l.settled));
}

void tail::add(std::uint32_t lane, std::uint64_t number, std::vector<section> part) {
  auto& parts = lanes_.at(lane).parts;
  auto const at = parts.emplace_hint(parts.end(), number, std::move(part));
  for (auto const& s : at->second)
    shards_.at(s.shard).push_back({number, &s});
}

std::uint64_t tail::last(std::uint32_t lane) const {
  auto const& l = lanes_.at(lane);
  return l.parts.empty() ? l.settled : l.parts.rbegin()->first;
}

bool tail::empty() const {
  bool out = true;
  for (std::uint32_t lane = 0; lane < lane_count; ++lane)
    each(lane, [&](section const&) { return out = false; });
  return out;
}

void tail::each(std::uint32_t lane, std::function<bool(section const&)> const& f) const {
  for (auto const& [number, p] : lanes_.at(lane).parts)
    for (auto const& s : p)
      if (!f(s))
        return;
}

void tail::each_of(std::uint32_t shard, std::function<bool(section const&)> const& f) const {
  for (auto const& x : shards_.at(shard))
    if (!f(*x.what))
      return;
}

std::vector<section const*> tail::of(entity_ref const& stream) const {
  std::vector<section const*> out;
  each_of(shard_of(stream), [&](section const& s) {
    if (s.stream == stream)
      out.push_back(&s);
    return true;
  });
  return out;
}

std::map<entity_ref, std::vector<section const*>> tail::streams(std::uint32_t shard) const {
  std::map<entity_ref, std::vector<section const*>> out;
  each_of(shard, [&](section const& s) {
    out[s.stream].push_back(&s);
    return true;
  });
  return out;
}

std::vector<stored_event> tail::events(section const& s) {
  return readable(s, [](section const& x) { return events_of(x); });
}

std::string tail::hash(section const& s) {
  return readable(s, records::last_hash);
}

} // namespace troupe::postgres
