#include "persistence/postgres/appender.hpp"

#include "persistence/judge.hpp"
#include "persistence/postgres/append_call.hpp"
#include "persistence/postgres/queries.hpp"
#include "persistence/postgres/row_mapping.hpp"
#include "protocol/crash_point.hpp"

#include <map>
#include <set>

namespace troupe::postgres {

namespace {

/// How often the judging begins again when another writer has stored the same inbox key meanwhile.
constexpr int most_tries = 5;

/// Makes the call and answers the first seq of each unit.
std::vector<std::uint64_t> store(session& s, append_call const& call) {
  TROUPE_CRASH_POINT(3, "store: before the commit");
  auto const r = s.query_binary(call.one ? sql::append_one : sql::append, call.params);
  TROUPE_CRASH_POINT(4, "store: after the commit");
  auto const base = numbers(r.text(0, 0));
  std::vector<std::uint64_t> out;
  out.reserve(call.places.size());
  for (auto const& p : call.places)
    out.push_back(p.above == 0 ? 0 : base.at(p.home) + p.above);
  return out;
}

/// What `judge` asks, read in the transaction that holds the rows of the shards.
class view {
public:
  explicit view(session& s) : s_(s) {}

  void lock(std::span<unit const> units) {
    std::set<std::uint32_t> shards;
    for (auto const& u : units)
      shards.insert(u.shard);
    array given;
    for (auto const shard : shards)
      given.add(shard);
    auto const r = s_.query(sql::lock_shards, with(std::move(given)));
    for (std::size_t i = 0; i < r.size(); ++i)
      epochs_[static_cast<std::uint32_t>(r.number(i, 0))] = r.whole(i, 1);
  }
  void stored(unit const& u) {
    for (auto const& w : u.writes)
      versions_[w.stream] = w.expected_version + w.events.size();
  }

  std::uint64_t epoch(std::uint32_t shard) { return epochs_[shard]; }
  std::uint64_t version(entity_ref const& ref) {
    auto const [it, fresh] = versions_.try_emplace(ref, 0);
    if (fresh)
      if (auto const r = s_.query(sql::find_stream, named(ref)); r.size() != 0)
        it->second = r.whole(0, 0);
    return it->second;
  }
  std::optional<event_place> place(std::uint32_t, std::string const& event_id,
                                   entity_ref const& stream, std::uint64_t at) {
    if (version(stream) < at)
      return std::nullopt;
    auto p = named(stream);
    auto const r = s_.query(sql::read_stream, p.add(num(at - 1)).add(std::int64_t{1}));
    for (std::size_t i = 0; i < r.size(); ++i)
      for (auto const& e : unpack(record_of(r, i)))
        if (e.version == at && e.event.event_id == event_id)
          return event_place{e.stream, e.version, e.seq};
    return std::nullopt;
  }
  std::optional<inbox_entry> answered(tenant_id const& tenant, std::string const& source,
                                      std::string const& key) {
    return find_inbox(s_, tenant, source, key);
  }
  bool has_effect(std::uint32_t shard, tenant_id const& tenant, std::string const& effect_id) {
    return s_.query(sql::has_effect, with(num(shard), tenant.value, effect_id)).size() != 0;
  }

private:
  session& s_;
  std::map<std::uint32_t, std::uint64_t> epochs_;
  std::map<entity_ref, std::uint64_t> versions_;
};

std::vector<unit_result> one_by_one(session& s, std::span<unit const> units, time_point now) {
  view seen{s};
  seen.lock(units);
  std::vector<unit_result> out;
  out.reserve(units.size());
  for (auto const& u : units) {
    out.push_back(judge(seen, u));
    if (out.back().status != unit_status::ok)
      continue;
    auto const call = make_call(std::span{&u, 1}, now);
    if (!call)
      throw failure{errc::internal, "a unit contradicts itself", false};
    out.back().first_seq = store(s, *call).front();
    seen.stored(u);
  }
  return out;
}

} // namespace

std::vector<unit_result> append(session& s, std::span<unit const> units, time_point now) {
  if (auto const call = make_call(units, now)) {
    try {
      auto const first = store(s, *call);
      std::vector<unit_result> out(units.size());
      for (std::size_t i = 0; i < units.size(); ++i) {
        out[i].first_seq = first[i];
        for (auto const& w : units[i].writes)
          out[i].versions.push_back(w.expected_version + w.events.size());
      }
      return out;
    } catch (failure const& e) {
      if (e.code != errc::conflict || e.lost) // see 0002_append.sql
        throw;
    }
  }
  for (int tries = 1;; ++tries) {
    s.begin();
    try {
      auto out = one_by_one(s, units, now);
      s.commit();
      return out;
    } catch (failure const& e) {
      if (e.lost)
        throw;
      s.rollback();
      if (e.code != errc::conflict || tries == most_tries)
        throw;
    }
  }
}

} // namespace troupe::postgres
