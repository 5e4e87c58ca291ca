#include "persistence/postgres/appender.hpp"

#include "persistence/postgres/draft.hpp"
#include "persistence/postgres/queries.hpp"
#include "persistence/postgres/row_mapping.hpp"

#include <algorithm>

namespace troupe::postgres {

namespace {

/// How often the judging begins again when somebody else has appended meanwhile, or has stored the
/// same inbox key.
constexpr int most_tries = 5;

/// Versions that one lane remembers. Those that are forgotten are compared with the append again.
constexpr std::size_t most_heads = 20'000;

/// Whether every unit is one that a first try may take to be as its writer thinks.
bool is_plain(std::span<unit const> units) {
  return std::all_of(units.begin(), units.end(), [](unit const& u) {
    return u.outbox.empty() && u.outbox_done.empty() && u.outbox_started.empty();
  });
}

} // namespace

/// A lane of which nothing is known is read.
appender::known_lane& appender::at(session& s, tail& t, std::uint32_t number) {
  auto& l = lanes_.at(number);
  if (l.known)
    return l;
  // In this order: a claim that comes in between has taken the number that comes next.
  t.refresh(s);
  known_lane fresh;
  fresh.number = t.last(number);
  fresh.trim_at = most_heads;
  auto const r = s.query(sql::lane_shards, with(num(lane_count), num(number)));
  for (std::size_t i = 0; i < r.size(); ++i)
    shards_.at(static_cast<std::size_t>(r.number(i, 0))) = {r.whole(i, 1), r.whole(i, 2)};
  t.each(number, [&](section const& x) {
    fresh.heads[x.stream] = {x.version, fresh.number}; // its own, or later
    auto& home = shards_.at(x.shard);
    home.last_seq = std::max(home.last_seq, x.seq);
    return true;
  });
  fresh.known = true;
  l = std::move(fresh);
  return l;
}

/// Forgets versions, but none that a record does not tell: what is not settled nobody else
/// compares.
void appender::trim(session& s, std::uint32_t number) {
  auto& l = lanes_.at(number);
  if (!l.known || l.heads.size() <= l.trim_at)
    return;
  auto const r = s.query(sql::settled, with(num(number)));
  auto const settled = r.size() == 0 ? 0 : r.whole(0, 0);
  std::erase_if(l.heads, [&](auto const& x) { return x.second.number <= settled; });
  l.trim_at = std::max(most_heads, 2 * l.heads.size());
}

std::vector<unit_result> appender::append(session& s, tail& t, std::span<unit const> units,
                                          time_point now) {
  for (std::uint32_t i = 0; i < lane_count; ++i)
    trim(s, i);
  if (is_plain(units)) {
    try {
      draft d{*this, s, t, now, false};
      if (auto out = d.store(units)) {
        d.keep();
        return std::move(*out);
      }
    } catch (failure const& e) {
      forget();
      if (e.code != errc::conflict || e.lost) // see 0003_segments.sql
        throw;
    }
  }
  for (int tries = 1;; ++tries) {
    forget();
    s.begin();
    try {
      if (tries > 1) // others append to the same lanes: without them it cannot fail for their sake
        s.run("lock table troupe.segment in share row exclusive mode");
      draft d{*this, s, t, now, true};
      auto out = d.store(units);
      s.commit();
      d.keep();
      return std::move(*out);
    } catch (failure const& e) {
      forget();
      t.clear(); // it may have seen what is taken back
      if (e.lost)
        throw;
      s.rollback();
      if (e.code != errc::conflict || tries == most_tries)
        throw;
    }
  }
}

} // namespace troupe::postgres
